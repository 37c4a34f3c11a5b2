"""What incidents cost their objectives, with real incidents and counted minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from catalog.access import Actor, system
from catalog.models import AuditEntry, Component
from incidents import operations
from incidents.happened import happening
from incidents.models import Incident
from incidents.operations import clear_alert
from slo import happened, queries
from slo.models import Ledger, LedgerMinute, Objective, Standing
from slo.operations.exclusions import ExclusionSpec, declare_exclusion, withdraw_exclusion
from slo.queries import costs
from slo.restating import restate
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
END = BEGIN + 300 * MINUTE
GOOD, BAD, BROKEN = (10, 10), (9, 10), (0, 10)


def at(minute: float) -> datetime:
    return BEGIN + minute * MINUTE


@pytest.fixture
def runners() -> Component:
    return make.component("runners", owner=make.team("ci", make.person("ada")))


@pytest.fixture
def objective(runners: Component) -> Objective:
    """Five hours: ten bad minutes from 100 on (all fail), one bad event at 40, three from 200 on."""
    made = make_slo.objective("jobs", component=runners, window_days=7)
    counts = [GOOD] * 300
    counts[100:110] = [BROKEN] * 10
    counts[40] = BAD
    counts[200:203] = [BAD] * 3
    make_slo.count_up(make_slo.open_ledger(made, start=BEGIN, now=END), counts)
    Standing.objects.filter(objective=made).update(bucket=END)
    return Objective.objects.select_related("definition__component", "standing", "policy").get(pk=made.pk)


def incident(of: Component, opened: float, ended: float | None, key: str = "k", **fields: Any) -> Incident:
    made = make_incidents.incident(of, now=at(opened), key=key, **fields)
    if ended is not None:
        clear_alert(key=key, now=at(ended))
    return made


def test_an_incident_costs_what_was_bad_from_the_first_bad_minute_to_its_end(
    objective: Objective, runners: Component
) -> None:
    incident(runners, 104, 115)
    found = costs.of_objective(objective, now=END)
    (one,) = found.costs
    assert (one.start, one.end, one.bad, one.total) == (at(100), at(116), 100, 160)
    assert found.bad == 104
    assert found.unexplained == 4
    assert found.allowed == pytest.approx(30)
    assert one.share == pytest.approx(100 / 30)
    assert found.unexplained_share == pytest.approx(4 / 30)


def test_a_trickle_that_the_goal_allows_for_is_no_part_of_what_broke(runners: Component) -> None:
    """One in two hundred fails all the time where one in a hundred may; from minute 90 on, half of them."""
    made = make_slo.objective("jobs", component=runners, window_days=7)
    counts = [(199, 200)] * 300
    counts[90:110] = [(100, 200)] * 20
    make_slo.count_up(make_slo.open_ledger(made, start=BEGIN, now=END), counts)
    Standing.objects.filter(objective=made).update(bucket=END)
    incident(runners, 95, 110)
    (one,) = costs.of_objective(Objective.objects.get(pk=made.pk), now=END).costs
    assert (one.start, one.led_in) == (at(90), timedelta(minutes=5))


def test_its_share_is_the_same_on_its_own_page_as_on_the_objectives(objective: Objective, runners: Component) -> None:
    """Though most of the period was counted after it had ended."""
    made = incident(runners, 104, 115)
    made.refresh_from_db()
    (beside,) = costs.of_objective(objective, now=END).costs
    (own,) = costs.of_incident(happening(made), costs.concerned(component_id=runners.pk, alerting=()), now=END)
    assert own.cost.share == beside.share == pytest.approx(100 / 30)


def test_once_the_period_has_left_it_behind_its_share_stays(runners: Component) -> None:
    made = make_slo.objective("jobs", component=runners, window_days=1)
    counts = [GOOD] * (4 * 24 * 60)
    counts[100:110] = [BROKEN] * 10
    make_slo.count_up(make_slo.open_ledger(made, start=BEGIN, now=END), counts)
    broken = incident(runners, 104, 115)
    broken.refresh_from_db()
    told = []
    for days in (2, 3, 4):
        now = BEGIN + timedelta(days=days)
        Standing.objects.filter(objective=made).update(bucket=now)
        concerned = costs.concerned(component_id=runners.pk, alerting=())
        (own,) = costs.of_incident(happening(broken), concerned, now=now)
        told.append(own.cost.share)
    assert told == [pytest.approx(100 / (24 * 60 * 10 * 0.01))] * 3


def test_a_run_is_broken_by_a_quarter_of_an_hour_without_a_bad_event(objective: Objective, runners: Component) -> None:
    incident(runners, 130, 140)
    (one,) = costs.of_objective(objective, now=END).costs
    assert (one.start, one.bad) == (at(130), 0)


def test_incidents_at_the_same_time_share_and_are_explained_once(objective: Objective, runners: Component) -> None:
    incident(runners, 104, 115)
    other = make.component("cache", owner=runners.owner)
    incident(other, 106, 120, key="other", objective_id=objective.pk)
    found = costs.of_objective(objective, now=END)
    assert [one.bad for one in found.costs] == [100, 100]
    assert found.unexplained == 4


def test_one_that_goes_on_costs_until_now(objective: Objective, runners: Component) -> None:
    incident(runners, 200, None)
    (one,) = costs.of_objective(objective, now=END).costs
    assert (one.start, one.end, one.bad) == (at(200), END, 3)


def test_without_incidents_all_is_unexplained(objective: Objective) -> None:
    found = costs.of_objective(objective, now=END)
    assert (found.costs, found.unexplained) == ((), 104)


def test_without_a_ledger_nothing_is_said() -> None:
    found = costs.of_objective(make_slo.objective("young"), now=END)
    assert (found.costs, found.allowed, found.bad) == ((), None, 0)


def test_an_exclusion_makes_it_smaller(objective: Objective, runners: Component) -> None:
    """Five of the ten minutes leave the running sums, as a rebuild leaves them."""
    incident(runners, 104, 115)
    book = Ledger.objects.get(objective=objective)
    rows = LedgerMinute.objects.filter(ledger=book.pk, bucket__gt=at(100), bucket__lte=at(105))
    assert rows.update(excluded=True) == 5
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE slo_ledgerminute m SET total_sum = s.total, good_sum = s.good, known_sum = s.known FROM ("
            " SELECT bucket, sum(total) FILTER (WHERE NOT excluded) OVER w AS total,"
            " sum(good) FILTER (WHERE NOT excluded) OVER w AS good,"
            " count(*) FILTER (WHERE NOT excluded) OVER w AS known"
            " FROM slo_ledgerminute WHERE ledger_id = %s WINDOW w AS (ORDER BY bucket)) s"
            " WHERE m.ledger_id = %s AND m.bucket = s.bucket",
            [book.pk, book.pk],
        )
    found = costs.of_objective(objective, now=END)
    assert (found.costs[0].bad, found.bad) == (50, 54)


def test_an_incident_tells_its_cost_for_every_objective_of_its_component_and_of_its_alerts(
    objective: Objective, runners: Component
) -> None:
    other = make_slo.objective("vault", component=make.component("vault"))
    make_slo.count_up(make_slo.open_ledger(other, start=BEGIN, now=END), [BROKEN] * 300)
    make_slo.objective("unread", component=runners)
    made = incident(runners, 104, 115)
    made.refresh_from_db()
    concerned = costs.concerned(component_id=runners.pk, alerting=[other.pk])
    found = costs.of_incident(happening(made), concerned, now=END)
    assert {one.row.name: one.cost.bad for one in found} == {"jobs": 100, "vault": 1160}
    assert {one.row.name: one.cost.start for one in found}["jobs"] == at(100)
    assert {one.row.name: one.cost.led_in for one in found}["jobs"] == timedelta(minutes=4)


def test_what_a_person_took_is_real_and_what_only_its_own_alert_opened_is_not(
    objective: Objective, runners: Component
) -> None:
    own = incident(runners, 104, 115, key="own", objective_id=objective.pk, source="slo")

    def real() -> list[bool]:
        return [one.real for one in happened.to([objective], since=BEGIN, until=END)[objective.pk]]

    assert real() == [False]
    own.refresh_from_db()
    ada = make_incidents.reachable("linh")
    again = incident(runners, 150, None, key="later", objective_id=objective.pk, source="slo")
    operations.acknowledge_incident(incident=again, by=Actor(person=ada), now=at(151))
    assert real() == [False, True]


def test_the_questions_do_not_grow_with_incidents_or_objectives(
    objective: Objective, runners: Component, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(8):
        incident(runners, 20 * n, 20 * n + 5, key=f"k{n}")
    with django_assert_max_num_queries(11):
        assert len(costs.of_objective(objective, now=END).costs) == 8


def test_an_exclusion_declared_for_last_week_changes_everything_and_its_withdrawal_returns_it(
    objective: Objective, runners: Component
) -> None:
    """Budget, burn-down, history, the day's spending and the incident's cost; totals return to the digit."""
    incident(runners, 104, 115)
    later = END + timedelta(days=6)
    assert objective.ledger_id
    restate(objective.ledger_id, reason="", now=later)
    before = _everything(objective, later)
    assert (before["bad"], before["incident"], before["unexplained"]) == (104, 100, 4)

    spec = ExclusionSpec(title="A drill", starts_at=at(100), ends_at=at(105))
    declared = declare_exclusion(spec=spec, target=objective, actor=system("test"), now=later)
    during = _everything(objective, later)
    assert (during["bad"], during["total"], during["incident"], during["unexplained"]) == (54, 2950, 50, 4)
    assert during["remaining"] == pytest.approx(1 - 54 / 29.5)
    assert during["line"] == pytest.approx(1 - 54 / 29.5)
    assert during["day"] == 54
    audit = AuditEntry.objects.filter(object_ref=f"slo:{objective.name}").get()
    assert audit.action == "objective.restate"

    withdraw_exclusion(exclusion_id=declared.pk, actor=system("test"), now=later)
    assert _everything(objective, later) == before


def _everything(objective: Objective, now: datetime) -> dict[str, object]:
    of = Objective.objects.select_related("definition__component", "standing", "policy").get(pk=objective.pk)
    stood, spent = of.standing, costs.of_objective(of, now=now)
    line = queries.history(of, now=now)
    days = {one.day: one for one in queries.by_day(of, now=now)}
    return {
        "bad": None if stood.total is None or stood.good is None else int(stood.total - stood.good),
        "total": stood.total,
        "remaining": stood.remaining,
        "line": line[-1].remaining,
        "day": days[BEGIN.date()].bad,
        "incident": spent.costs[0].bad,
        "unexplained": spent.unexplained,
    }
