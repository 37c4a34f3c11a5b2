"""Evaluation end to end: a real Prometheus, a real PostgreSQL, minute after minute."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import ComponentHealth
from slo import ledger
from slo.evaluation import evaluate_due, fill_due, note_idle
from slo.ledger import Sums
from slo.models import AlertTransition, Cursor, CursorGroup, DataSource, Ledger, Objective, RuleState, Standing
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo import past as world
from tests.slo.past import BACK_AT, GONE_AT, OUTAGE, QUIET_AT, Past

pytestmark = [pytest.mark.django_db, pytest.mark.live, needs_prometheus]

QUICK = {"name": "page", "title": "Page", "factor": "10", "long": "4m", "short": "2m", "severity": "page"}
DELAY = timedelta(seconds=30)


def follow(past: Past, pool: str, *, since: int = 100, source: DataSource | None = None, **fields: Any) -> Objective:
    """An objective on a pool whose ledger has been followed live since minute `since`."""
    chosen: dict[str, Any] = {
        "policy": make_slo.policy("quick", QUICK),
        "indicator": world.indicator(pool),
        "now": past.at(since),
        **fields,
    }
    made = make_slo.objective(source=source or make_slo.source(past.url), **chosen)
    make_slo.open_ledger(made, start=past.at(since), now=past.at(since))
    return made


def evaluate(past: Past, *, until: float, since: float | None = None, step: int = 1) -> None:
    """Let time pass: at every minute (half a minute after its end) evaluate whatever is due."""
    minute = until if since is None else since
    while minute <= until:
        while evaluate_due(now=past.at(minute) + DELAY):
            pass
        minute += step


def book_of(objective: Objective) -> int:
    objective.refresh_from_db()
    assert objective.ledger_id
    return objective.ledger_id


def held(objective: Objective, at: datetime) -> Sums:
    return ledger.sums_at([(book_of(objective), at)])[0]


def told(objective: Objective, kind: str = "burn") -> list[tuple[str, str, int]]:
    """Transitions as (rule or kind, new state, minute after the hour of the bucket or the moment)."""
    rows = AlertTransition.objects.filter(objective=objective, kind=kind)
    return [(row.rule or row.kind, row.to_state, int(row.at.timestamp()) // 60) for row in rows]


def minute_of(past: Past, minute: int) -> int:
    return int(past.at(minute).timestamp()) // 60


def standing(objective: Objective) -> Standing:
    return Standing.objects.get(objective=objective)


def test_a_breach_fires_within_its_windows_and_clears_when_it_is_over(past: Past) -> None:
    objective = follow(past, "broken")
    evaluate(past, since=101, until=150)
    fired, ended = told(objective)
    # one bad minute of four is 25 %, more than ten times the budget of 1 %; both windows see it at once
    assert fired == ("page", "firing", minute_of(past, OUTAGE.start + 1))
    # the short window is clean two minutes after the outage, and must stay so for two more
    assert ended == ("page", "inactive", minute_of(past, OUTAGE.stop + 2 + 2))
    assert held(objective, past.at(150)) == past.sums("broken", 100, 150)


def test_while_it_fires_everybody_can_see_it(past: Past) -> None:
    objective = follow(past, "broken")
    evaluate(past, since=101, until=125)
    seen = standing(objective)
    assert (seen.state, seen.firing, seen.data) == (Standing.State.BURNING, "page", "flowing")
    assert seen.burn == pytest.approx(100.0)
    assert seen.bucket == past.at(125)
    (health,) = ComponentHealth.objects.filter(component=objective.definition.component)
    assert (health.source, health.state) == ("slo", ComponentHealth.State.BAD)


def test_a_steady_service_is_healthy_and_its_budget_whole(past: Past) -> None:
    objective = follow(past, "steady")
    evaluate(past, since=101, until=140)
    seen = standing(objective)
    assert (seen.state, seen.remaining, seen.burn, seen.exhausts_at) == (Standing.State.HEALTHY, 1.0, 0.0, None)
    assert (seen.good, seen.total) == (Decimal(400), Decimal(400))
    assert seen.coverage == pytest.approx(40 / 43_200)
    assert not AlertTransition.objects.exists()


def test_one_pass_over_a_whole_outage_counts_the_same_and_decides_on_the_newest_minute_only(past: Past) -> None:
    objective = follow(past, "broken")
    evaluate(past, since=101, until=110)
    evaluate(past, until=200)  # the portal was away from minute 110 on, and so through the whole breach
    assert held(objective, past.at(200)) == past.sums("broken", 100, 200)
    assert told(objective) == []
    assert standing(objective).caught_up_at == past.at(200) + DELAY


def test_the_same_minute_is_never_counted_twice_however_often_it_is_asked_for(past: Past) -> None:
    objective = follow(past, "broken")
    evaluate(past, since=101, until=105)
    CursorGroup.objects.update(next_due_at=past.at(100))
    assert evaluate_due(now=past.at(105) + DELAY) is not None
    assert held(objective, past.at(105)) == past.sums("broken", 100, 105)


def test_a_stalled_service_holds_its_alert_until_the_long_window_has_been_silent(past: Past) -> None:
    objective = follow(past, "stalled")
    evaluate(past, since=101, until=QUIET_AT + 3)
    assert RuleState.objects.get(objective=objective).held == "no_traffic"
    assert standing(objective).data == "quiet"
    evaluate(past, since=QUIET_AT + 4, until=QUIET_AT + 10)
    assert told(objective)[-1] == ("page", "inactive", minute_of(past, QUIET_AT + 4))
    assert AlertTransition.objects.filter(objective=objective).last().reason.startswith("No traffic")  # type: ignore[union-attr]


def test_a_silent_exporter_is_no_data_then_blind_and_its_events_come_after_the_gap(past: Past) -> None:
    objective = follow(past, "gone", since=140)
    evaluate(past, since=141, until=GONE_AT + 5)
    seen = standing(objective)
    assert (seen.data, seen.state, seen.blind_since) == ("stale", Standing.State.NO_DATA, None)
    evaluate(past, since=GONE_AT + 6, until=BACK_AT - 1)
    assert [state for _, state, _ in told(objective, "blind")] == ["blind"]
    evaluate(past, since=BACK_AT, until=BACK_AT + 10)
    assert [state for _, state, _ in told(objective, "blind")] == ["blind", "seeing"]
    assert told(objective) == [], "what had gathered during the gap is no breach of the last two minutes"
    sums = held(objective, past.at(BACK_AT + 10))
    truth = past.sums("gone", 140, BACK_AT + 10)
    assert (sums.good + sums.carried_good, sums.total + sums.carried_total) == (truth.good, truth.total)
    assert sums.carried_total > 400
    assert sums.known < truth.known


def test_a_gap_in_which_the_portal_was_off_is_nobodys_silence(past: Past) -> None:
    objective = follow(past, "gone", since=140)
    evaluate(past, since=141, until=GONE_AT)
    note_idle(now=past.at(GONE_AT) + DELAY)
    back = GONE_AT + 15  # it was off for longer than the objective's ten minutes, and so, it seems, was the exporter
    for minute in range(back, back + 11):
        evaluate(past, until=minute)
        note_idle(now=past.at(minute) + DELAY)
    assert (standing(objective).data, told(objective, "blind")) == ("stale", []), "it has had no time to be heard"
    evaluate(past, until=back + 11)
    assert [state for _, state, _ in told(objective, "blind")] == ["blind"], "but it has by now"
    assert standing(objective).blind_since == past.at(GONE_AT) - timedelta(seconds=10), "since when it really is"
    words = "No fresh sample has arrived. There had been no data for 26 min when this was noticed."
    assert AlertTransition.objects.get(objective=objective, kind="blind").reason == words


def test_a_source_that_is_down_is_one_fact_and_no_breach(past: Past) -> None:
    source = make_slo.source(past.url)
    one, other = (follow(past, pool, source=source) for pool in ("broken", "steady"))
    evaluate(past, since=101, until=118)
    DataSource.objects.update(url="http://127.0.0.1:9", updated_at=past.at(118))
    evaluate(past, since=119, until=135)
    source.refresh_from_db()
    assert (source.reachable, source.down_since) == (False, past.at(119) + DELAY)
    assert [standing(o).data for o in (one, other)] == ["unreachable"] * 2
    assert [standing(o).state for o in (one, other)] == [Standing.State.NO_DATA] * 2
    assert told(one) == []
    assert [state for _, state, _ in told(one, "blind")] == ["blind"]
    DataSource.objects.update(url=past.url, updated_at=past.at(136))
    evaluate(past, since=136, until=138)
    assert held(one, past.at(138)) == past.sums("broken", 100, 138)
    assert [state for _, state, _ in told(one)] == ["firing"], "the breach is there to see again"
    source.refresh_from_db()
    assert (source.reachable, source.down_since, source.error) == (True, None, "")


def test_an_alert_is_held_while_its_source_is_down(past: Past) -> None:
    objective = follow(past, "broken")
    evaluate(past, since=101, until=125)
    DataSource.objects.update(url="http://127.0.0.1:9", updated_at=past.at(125))
    evaluate(past, since=126, until=160)
    assert RuleState.objects.get(objective=objective).held == "no_data"
    assert [state for _, state, _ in told(objective)] == ["firing"]
    assert standing(objective).state == Standing.State.BURNING


def test_a_refused_query_fails_alone(past: Past) -> None:
    source = make_slo.source(past.url)
    good = [follow(past, pool, source=source) for pool in ("broken", "steady", "gone")]
    uptime = {"query": "probe_up + on(job) group_left probe_up", "condition": ">= 1", "combine": "all"}
    bad = follow(past, "broken", source=source, type="uptime", indicator=uptime)
    Cursor.objects.update(group=CursorGroup.objects.first())  # all in one batch
    evaluate(past, since=101, until=110)
    for objective, pool in zip(good, ("broken", "steady", "gone"), strict=True):
        assert held(objective, past.at(110)) == past.sums(pool, 100, 110)
        assert standing(objective).error == ""
    assert (standing(bad).data, standing(bad).state) == ("error", Standing.State.NO_DATA)
    assert "many-to-many" in standing(bad).error
    assert Cursor.objects.get(ledger=book_of(bad)).bucket == past.at(100)


def test_uptime_counts_slices_and_fires(past: Past) -> None:
    query = {"query": 'probe_up{instance="broken:9100"}', "condition": ">= 1", "combine": "all"}
    objective = follow(past, "broken", type="uptime", indicator=query, target="0.9")
    evaluate(past, since=101, until=145)
    sums = held(objective, past.at(145))
    assert (sums.total, sums.known) == (45, 45)
    assert sums.total - sums.good == pytest.approx(len(OUTAGE), abs=1)
    assert [state for _, state, _ in told(objective)] == ["firing", "inactive"]


@pytest.mark.parametrize(("no_data", "good", "total"), [("ignore", 9, 9), ("bad", 9, 30), ("good", 30, 30)])
def test_a_slice_without_data_is_what_the_objective_says(past: Past, no_data: str, good: int, total: int) -> None:
    query = {"query": 'probe_up{instance="gone:9100"}', "condition": ">= 1", "combine": "all"}
    fields: dict[str, Any] = {"type": "uptime", "indicator": query, "definition": {"no_data": no_data}}
    objective = follow(past, "gone", since=GONE_AT - 9, **fields)
    evaluate(past, until=GONE_AT + 21)
    sums = held(objective, past.at(GONE_AT + 21))
    assert (sums.good, sums.total) == (good, total)
    assert standing(objective).blind_since is not None


def test_history_is_read_first_and_no_minute_is_lost_or_doubled_on_the_way_to_the_present(past: Past) -> None:
    source = make_slo.source(past.url)
    objective = make_slo.objective(source=source, indicator=world.indicator("broken"), now=past.at(230))
    make_slo.open_ledger(objective, start=past.at(-26 * 60), live=False, now=past.at(230))
    stretches = 0
    while fill_due(now=past.at(230) + DELAY):
        stretches += 1
    assert stretches > 3
    group = CursorGroup.objects.get()
    assert (group.filling, group.cursor) == (False, past.at(230))
    assert standing(objective).total == 2300
    evaluate(past, since=231, until=260)
    sums, truth = held(objective, past.at(260)), past.sums("broken", 0, 260)
    assert (sums.total, sums.total - sums.good) == (truth.total, truth.total - truth.good)
    assert sums.known == 260
    assert Ledger.objects.get().filled_at == past.at(230) + DELAY


def test_objectives_created_together_read_their_history_together(past: Past) -> None:
    source = make_slo.source(past.url)
    made = [make_slo.objective(source=source, indicator=world.indicator(pool)) for pool in world.POOLS]
    for objective in made:
        make_slo.open_ledger(objective, start=past.at(0), live=False, now=past.at(60))
    passes = []
    while done := fill_due(now=past.at(60) + DELAY):
        passes.append(done)
    assert [done.ledgers for done in passes] == [4]
    assert CursorGroup.objects.count() == 1


def test_a_ledger_that_has_caught_up_joins_the_others(past: Past) -> None:
    source = make_slo.source(past.url)
    live = follow(past, "steady", source=source)
    evaluate(past, since=101, until=110)
    late = make_slo.objective(source=source, indicator=world.indicator("broken"))
    make_slo.open_ledger(late, start=past.at(60), live=False, now=past.at(110))
    while fill_due(now=past.at(110) + DELAY):
        pass
    assert CursorGroup.objects.count() == 2
    evaluate(past, since=111, until=130)
    assert CursorGroup.objects.count() == 1
    assert held(live, past.at(130)) == past.sums("steady", 100, 130)
    assert held(late, past.at(130)) == past.sums("broken", 60, 130)


def test_several_objectives_on_one_metric_are_one_fetch(past: Past) -> None:
    source = make_slo.source(past.url)
    for pool in world.POOLS:
        follow(past, pool, source=source)
    evaluate(past, until=101)
    done = evaluate_due(now=past.at(102) + DELAY)
    assert done is not None
    assert done.ledgers == 4
    assert done.queries == 3, "the counters, up, and process starts"


def test_a_component_is_as_well_as_its_loudest_objective(past: Past) -> None:
    component, source = make.component("runners"), make_slo.source(past.url)
    for pool in ("steady", "broken"):
        follow(past, pool, source=source, component=component)
    evaluate(past, since=101, until=110)
    assert ComponentHealth.objects.get(component=component).state == ComponentHealth.State.GOOD
    evaluate(past, since=111, until=125)
    health = ComponentHealth.objects.get(component=component)
    assert health.state == ComponentHealth.State.BAD
    assert health.since == past.at(OUTAGE.start + 1) + DELAY
