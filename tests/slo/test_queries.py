"""What pages are told: figures that add up to the ledger's, and unknown that stays unknown."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo import queries
from slo.evaluation import evaluate_due
from slo.models import Objective, Standing
from slo.queries.fleet import row
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import OUTAGE, Past
from tests.slo.test_evaluation import DELAY, evaluate, follow

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def counted(days: int = 6, *, bad_every: int = 50) -> Objective:
    """Ten events a minute up to NOW, one bad one now and then; the fourth day is unknown."""
    objective = make_slo.objective(target="0.99", now=NOW)
    start = NOW - timedelta(days=days)
    book = make_slo.open_ledger(objective, start=start, now=NOW)
    hole = range(3 * 1440, 4 * 1440)
    make_slo.count_up(
        book,
        [None if m in hole else (9 if m % bad_every == 0 else 10, 10) for m in range(days * 1440)],
    )
    stood = {"bucket": NOW, "good": 0, "total": 10 * 1440 * (days - 1), "state": Standing.State.HEALTHY}
    Standing.objects.filter(objective=objective).update(**stood)
    return Objective.objects.select_related("definition", "standing", "policy").get(pk=objective.pk)


def test_the_burn_down_begins_with_nothing_known_and_ends_with_what_is_left() -> None:
    points = queries.history(counted(), now=NOW)
    assert points[0].remaining is None
    assert points[-1].at == NOW
    bad = sum(1 for m in range(6 * 1440) if m % 50 == 0 and not 3 * 1440 <= m < 4 * 1440)
    assert points[-1].remaining == pytest.approx(1 - bad / (0.01 * 5 * 14_400))
    left = [point.remaining for point in points if point.remaining is not None]
    assert left == sorted(left, reverse=True), "what is spent is spent"


def test_days_are_counted_in_utc_and_an_unknown_day_has_no_numbers() -> None:
    days = queries.by_day(counted(), now=NOW, days=30)
    assert len(days) == 30
    assert (days[0].total, days[0].spent, days[0].known_minutes) == (None, None, 0)
    assert days[-1].day == NOW.date()
    assert days[-1].total == pytest.approx(7200, abs=10)
    hole = [day for day in days[-6:] if day.known_minutes < 1440]
    assert {day.day.isoformat() for day in hole} >= {"2026-11-19", "2026-11-20"}
    assert sum(day.known_minutes for day in days) == 5 * 1440


def test_a_stretch_without_any_known_minute_is_a_gap() -> None:
    objective = counted()
    start = NOW - timedelta(days=6)
    before, hole = sorted(queries.gaps(objective, now=NOW))
    assert before == (NOW - timedelta(days=30), start)
    assert hole == (start + timedelta(days=3), start + timedelta(days=4))


def test_burn_rates_are_unknown_where_nothing_is_known() -> None:
    hour = timedelta(hours=1)
    points = queries.burn_history(counted(), windows=[hour], since=NOW - timedelta(days=3), until=NOW)[hour]
    by_hour = dict(points)
    assert by_hour[NOW] == pytest.approx(100 * 1 / 600, abs=0.2)
    hole = [value for at, value in points if NOW - timedelta(days=2.9) < at < NOW - timedelta(days=2.1)]
    assert hole
    assert set(hole) == {None}


def test_the_heat_map_of_many_objectives_is_one_question() -> None:
    objectives = [counted(days=5) for _ in range(3)]
    with CaptureQueriesContext(connection) as asked:
        found = queries.spent_by_day(objectives, now=NOW)
    assert len(found) == 3
    assert len([one for one in asked if one["sql"].lstrip().startswith("WITH")]) == 1


def test_the_fleet_is_sorted_by_what_burns_and_filtered_in_the_database() -> None:
    team = make.team("build-ci")
    component = make.component("runners", owner=team)
    states = [Standing.State.HEALTHY, Standing.State.BURNING, Standing.State.NO_DATA, Standing.State.EXHAUSTED]
    for place, state in enumerate(states):
        made = make_slo.objective(f"o-{place}", component=component)
        Standing.objects.filter(objective=made).update(state=state, remaining=place / 10, burn=place)
    make_slo.objective("elsewhere")
    names = [row(one).name for one in queries.fleet(queries.FleetFilter(team=team.ref))]
    assert names == ["o-1", "o-3", "o-2", "o-0"]
    assert [one.name for one in queries.fleet(queries.FleetFilter(state="no_data"))] == ["o-2"]
    assert [one.name for one in queries.fleet(queries.FleetFilter(text="o-3"))] == ["o-3"]
    assert not queries.fleet(queries.FleetFilter(state="nonsense"))
    totals = queries.fleet_totals()
    assert (totals.objectives, totals.burning, totals.exhausted, totals.no_data, totals.building) == (5, 1, 1, 1, 1)
    assert totals.median_remaining == pytest.approx(0.15)


def test_a_row_of_the_fleet_asks_nothing_more() -> None:
    make_slo.objective("one")
    (found,) = queries.fleet()
    with CaptureQueriesContext(connection) as asked:
        shown = row(found)
    assert not asked.captured_queries
    assert (shown.current, shown.remaining, shown.burn, shown.state) == (None, None, None, "building")


@pytest.mark.live
@needs_prometheus
def test_the_page_of_a_burning_objective_adds_up(past: Past) -> None:
    objective = follow(past, "broken")
    evaluate(past, since=101, until=OUTAGE.start + 5)
    now = past.at(OUTAGE.start + 5) + DELAY
    found = queries.detail(queries.by_name(objective.name), now=now)
    assert (found.good, found.bad, found.total) == (200, 50, 250)
    assert found.allowed == pytest.approx(2.5)
    assert found.left == pytest.approx(2.5 - 50)
    assert found.row.state == "burning"
    assert found.row.burn_window == "4 min"
    (rule,) = found.rules
    assert (rule.state, rule.bad) == ("firing", 40)
    assert rule.burn_long == pytest.approx(100)
    assert found.known_minutes == 25
    (change,) = [one for one in queries.transitions(objective) if one.kind == "burn"]
    assert (change.to_state, change.tone) == ("firing", "bad")
    assert "25.0× over 4 min and 50.0× over 2 min" in change.reason
    last = queries.last_evaluation()
    assert last is not None
    assert (last.at, last.ledgers) == (now, 1)
    assert evaluate_due(now=now) is None


def test_while_a_rule_fires_what_is_left_is_reckoned_by_the_pace_that_fires() -> None:
    """Half a budget of 30 days at fifty times its pace lasts seven hours, whatever the last six hours were like."""
    objective = make_slo.objective(window_days=30, now=NOW)
    calm = {"evaluated_at": NOW, "bucket": NOW, "remaining": 0.5, "burn_slow": 1.0, "burn": 50.0, "firing": ""}
    reading = {"rule": "page-fast", "long_s": 3600}
    Standing.objects.filter(objective=objective).update(
        **calm, exhausts_at=NOW + timedelta(days=15), readings=[reading]
    )
    found = queries.fleet().get(pk=objective.pk)
    assert (row(found).exhausts_at, row(found).exhausts_over) == (NOW + timedelta(days=15), "6 h")
    found.standing.firing = "page"
    assert (row(found).exhausts_at, row(found).exhausts_over) == (NOW + timedelta(hours=7, minutes=12), "1 h")
    found.standing.burn = 0.2
    assert row(found).exhausts_over == "6 h"
    assert row(found).gone_at == NOW + timedelta(days=15)
    found.standing.exhausts_at = NOW + timedelta(days=64)
    assert row(found).gone_at is None, "beyond its period it lasts"


@pytest.mark.parametrize(
    ("type_", "indicator", "after", "words"),
    [
        ("events", {}, timedelta(seconds=52), "at least 2 bad events, so a single failure"),
        ("promql", {"ratio": "avg(up)"}, timedelta(minutes=2), "at least 2 bad minutes, so a single bad one"),
        ("promql", {"bad": "a", "total": "b"}, timedelta(seconds=52), "at least 2 bad events, so a single failure"),
        ("uptime", {"query": "up", "condition": ">= 1"}, timedelta(minutes=2), "at least 2 bad slices of time"),
    ],
)
def test_where_time_is_counted_a_total_outage_pages_after_as_many_bad_ones_as_a_rule_asks_for(
    type_: str, indicator: dict[str, str], after: timedelta, words: str
) -> None:
    found = queries.detail(make_slo.objective(type=type_, indicator=indicator, target="0.999"), now=make.NOW)
    assert found.outage_pages_after == after
    assert any(words in note for note in found.notes)
