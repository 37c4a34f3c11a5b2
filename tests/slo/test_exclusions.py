"""Exclusions as people meet them: declared after the fact, budgets follow at once, withdrawn, they had never been."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.access import Actor, NotYourTeam, WrongScope
from catalog.models import AuditEntry, ComponentHealth
from catalog.operations import windows as catalog_windows
from portal.lib.errors import Invalid
from slo import ledger, operations, queries, recording
from slo.judging import Seen, judge
from slo.ledger import Sums
from slo.models import AlertTransition, AppliedExclusion, Cursor, Exclusion, Ledger, Objective, RuleState, Standing
from slo.operations import ExclusionSpec, change_exclusion, declare_exclusion, reconcile, withdraw_exclusion
from slo.queries import exclusions as reading
from tests import make, make_slo
from tests.make_slo import MINUTE

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAYS = 10
OUTAGE = (NOW - timedelta(days=7), NOW - timedelta(days=7) + timedelta(hours=2))
ADMIN = Actor(system="test", via="cli")


def counted(*, now: datetime = NOW, **fields: Any) -> tuple[Objective, Ledger]:
    """Ten events a minute for ten days, all good but for two hours a week ago; evaluated at `now`."""
    objective = make_slo.objective(target="0.99", now=now, **fields)
    start = now - timedelta(days=DAYS)
    book = make_slo.open_ledger(objective, start=start, now=now)
    first, last = ((at - start) // MINUTE for at in OUTAGE)
    make_slo.count_up(book, [(0 if first <= m < last else 10, 10) for m in range(DAYS * 1440)])
    stand(book, now)
    return read(objective), book


def stand(book: Ledger, until: datetime) -> None:
    """Judge it as an evaluation does."""
    (sums,) = ledger.sums_at([(book.pk, until)])
    seen = Seen(make_slo.member(book), sums, known=True, last_sample=until, in_force=True)
    recording.record(judge([seen], until=until, now=until), now=until)


def read(objective: Objective) -> Objective:
    related = ("definition__component__owner", "standing", "policy", "ledger")
    return Objective.objects.select_related(*related).get(pk=objective.pk)


def spec(start: datetime = OUTAGE[0], end: datetime = OUTAGE[1], **fields: str) -> ExclusionSpec:
    return ExclusionSpec(title="The data centre moved", starts_at=start, ends_at=end, **fields)


def told(objective: Objective) -> Mapping[str, object]:
    """Everything that people are shown of it."""
    found = read(objective)
    stood = Standing.objects.filter(pk=objective.pk).values().get()
    return {
        "standing": stood,
        "history": queries.history(found, now=NOW),
        "days": queries.by_day(found, now=NOW),
        "gaps": queries.gaps(found, now=NOW),
    }


def test_declared_for_last_week_it_changes_budget_burn_down_and_history_is_audited_and_can_be_withdrawn() -> None:
    objective, book = counted()
    before, sums = told(objective), ledger.sums_at([(book.pk, NOW)])
    spent = 1 - 1200 / (0.01 * DAYS * 14_400)
    assert read(objective).standing.remaining == pytest.approx(spent)
    row = declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    stood = read(objective).standing
    assert stood.remaining == 1.0
    assert stood.good == stood.total == 10 * (DAYS * 1440 - 120)
    assert stood.coverage == pytest.approx((DAYS * 1440 - 120) / (30 * 1440 - 120))
    points = queries.history(read(objective), now=NOW)
    assert {point.remaining for point in points if point.remaining is not None} == {1.0}
    week_ago = next(day for day in queries.by_day(read(objective), now=NOW) if day.day == OUTAGE[0].date())
    assert (week_ago.bad, week_ago.total) == (0, 10 * (1440 - 120))
    assert told(objective)["gaps"] == before["gaps"], "what is excluded is known"
    assert queries.detail(read(objective), now=NOW).left == pytest.approx(0.01 * 10 * (DAYS * 1440 - 120))
    restated = AuditEntry.objects.get(action="objective.restate")
    assert restated.object_ref == f"slo:{objective.name}"
    assert restated.diff["remaining"] == [pytest.approx(spent), 1.0]
    assert restated.diff["because"] == ["", f"exclusion:{row.pk}"]
    assert AuditEntry.objects.get(action="exclusion.declare").diff["for"] == ["", f"slo:{objective.name}"]
    withdraw_exclusion(exclusion_id=row.pk, actor=ADMIN, now=NOW)
    assert ledger.sums_at([(book.pk, NOW)]) == sums
    assert told(objective) == before
    assert AuditEntry.objects.filter(action="objective.restate").count() == 2
    assert AuditEntry.objects.filter(action="exclusion.withdraw").exists()
    assert not AppliedExclusion.objects.exists()


def test_no_alert_fires_for_the_past_and_none_clears() -> None:
    objective, _book = counted()
    RuleState.objects.create(objective=objective, rule="page-fast", severity="page", state="firing", since=NOW)
    row = declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    withdraw_exclusion(exclusion_id=row.pk, actor=ADMIN, now=NOW)
    assert not AlertTransition.objects.filter(kind="burn").exists()
    assert RuleState.objects.get().state == "firing"


def test_a_budget_that_crosses_an_edge_by_it_is_told_with_the_reason() -> None:
    objective, _ = counted()
    assert read(objective).standing.state == Standing.State.AT_RISK
    declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    one = AlertTransition.objects.get(kind="budget", from_state="at-risk")
    assert one.to_state == "ok"
    assert "exclusion:" in one.reason
    assert read(objective).standing.state == Standing.State.HEALTHY
    health = ComponentHealth.objects.get(component=objective.definition.component)
    assert health.state == ComponentHealth.State.GOOD


def test_changing_it_moves_what_it_takes_out() -> None:
    objective, book = counted()
    row = declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    change_exclusion(exclusion_id=row.pk, changes={"ends_at": OUTAGE[0] + timedelta(hours=1)}, actor=ADMIN, now=NOW)
    (sums,) = ledger.sums_at([(book.pk, NOW)])
    assert sums.known == DAYS * 1440 - 60
    assert sums.total - sums.good == 600
    (again,) = (change_exclusion(exclusion_id=row.pk, changes={"title": row.title}, actor=ADMIN, now=NOW),)
    assert again.pk == row.pk
    assert AuditEntry.objects.filter(action="exclusion.update").count() == 1


def test_two_that_overlap_are_not_counted_twice_and_one_withdrawn_leaves_the_other() -> None:
    objective, book = counted()
    first = declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    declare_exclusion(
        spec=spec(OUTAGE[0] + timedelta(hours=1), OUTAGE[1] + timedelta(hours=1)),
        target=objective.definition.component,
        actor=ADMIN,
        now=NOW,
    )
    assert ledger.sums_at([(book.pk, NOW)])[0].known == DAYS * 1440 - 180
    withdraw_exclusion(exclusion_id=first.pk, actor=ADMIN, now=NOW)
    assert ledger.sums_at([(book.pk, NOW)])[0].known == DAYS * 1440 - 120


def test_a_teams_reaches_what_it_owns_now() -> None:
    team, other = make.team("ours"), make.team("theirs")
    component = make.component("runners", owner=team)
    objective, book = counted(component=component)
    declare_exclusion(spec=spec(), target=team, actor=ADMIN, now=NOW)
    assert ledger.sums_at([(book.pk, NOW)])[0].known == DAYS * 1440 - 120
    component.owner = other
    component.save()
    assert reconcile(now=NOW).changed == 1
    assert ledger.sums_at([(book.pk, NOW)])[0].known == DAYS * 1440
    assert read(objective).standing.total == 10 * DAYS * 1440


def test_maintenance_windows_that_leave_the_budget_take_effect_by_themselves() -> None:
    objective, book = counted()
    component = objective.definition.component
    component.owner = make.team("ours")
    component.save()
    now = OUTAGE[0] - timedelta(hours=1)
    planned = catalog_windows.WindowSpec(title="w", starts_at=OUTAGE[0], ends_at=OUTAGE[1], excludes_budget=True)
    row = catalog_windows.declare_window(spec=planned, target=component, actor=ADMIN, now=now)
    assert reconcile(now=NOW).changed == 1
    assert ledger.sums_at([(book.pk, NOW)])[0].known == DAYS * 1440 - 120
    assert reconcile(now=NOW) == operations.exclusions.Reconciled()
    catalog_windows.withdraw_window(window_id=row.pk, actor=ADMIN, now=OUTAGE[0] + timedelta(minutes=30))
    assert reconcile(now=NOW).changed == 1
    assert ledger.sums_at([(book.pk, NOW)])[0].known == DAYS * 1440 - 30, "what was until it was withdrawn counts"
    row.excludes_budget = False
    row.save()
    assert reconcile(now=NOW).changed == 1
    assert ledger.sums_at([(book.pk, NOW)])[0].known == DAYS * 1440
    assert AuditEntry.objects.filter(action="objective.restate").count() == 3


def test_windows_that_only_hold_pages_leave_budgets_alone() -> None:
    objective, _ = counted()
    planned = catalog_windows.WindowSpec(title="w", starts_at=OUTAGE[0], ends_at=OUTAGE[1])
    catalog_windows.declare_window(spec=planned, target=objective.definition.component, actor=ADMIN, now=OUTAGE[0])
    assert reconcile(now=NOW) == operations.exclusions.Reconciled()


def test_more_than_can_be_waited_for_are_left_to_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    component = make.component("runners")
    books = [counted(component=component)[1] for _ in range(3)]
    monkeypatch.setattr(operations.exclusions, "AT_ONCE", 2)
    declare_exclusion(spec=spec(), target=component, actor=ADMIN, now=NOW)
    assert sum(ledger.sums_at([(book.pk, NOW)])[0].known == DAYS * 1440 for book in books) == 1
    assert not AppliedExclusion.objects.exists()
    assert reconcile(now=NOW).changed == 1
    assert {ledger.sums_at([(book.pk, NOW)])[0].known for book in books} == {DAYS * 1440 - 120}


def test_dying_in_the_middle_costs_only_a_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    component = make.component("runners")
    books = [counted(component=component)[1] for _ in range(2)]
    align, doomed = ledger.align, books[1].pk

    def dies(held: ledger.Held, *, now: datetime) -> bool:
        done = align(held, now=now)
        if held.ledger_id == doomed:
            raise RuntimeError("killed")
        return done

    monkeypatch.setattr(ledger, "align", dies)
    declare_exclusion(spec=spec(), target=component, actor=ADMIN, now=NOW)
    known = [ledger.sums_at([(book.pk, NOW)])[0].known for book in books]
    assert known == [DAYS * 1440 - 120, DAYS * 1440], "of the one that failed nothing was written"
    assert not AppliedExclusion.objects.exists()
    monkeypatch.undo()
    assert reconcile(now=NOW).changed == 1
    assert ledger.sums_at([(books[1].pk, NOW)])[0].known == DAYS * 1440 - 120


def test_time_slices_that_are_excluded_leave_the_budget_s_total() -> None:
    objective, book = counted(
        type="uptime",
        indicator={"query": "up", "condition": ">= 1"},
        definition={"budgeting": "timeslices"},
    )
    stood = read(objective).standing
    assert stood.remaining == pytest.approx(1 - 1200 / (0.01 * 30 * 1440))
    keep = OUTAGE[0] + timedelta(hours=1)
    declare_exclusion(spec=spec(end=keep), target=objective, actor=ADMIN, now=NOW)
    expected = pytest.approx(1 - 600 / (0.01 * (30 * 1440 - 60)))
    assert read(objective).standing.remaining == expected
    assert queries.history(read(objective), now=NOW)[-1].remaining == expected
    stand(book, NOW)
    assert read(objective).standing.remaining == expected, "the next evaluation says the same"
    assert queries.detail(read(objective), now=NOW).allowed == pytest.approx(0.01 * (30 * 1440 - 60))


def test_the_next_evaluation_says_what_the_restatement_said() -> None:
    objective, book = counted()
    declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    before = Standing.objects.filter(pk=objective.pk).values().get()
    stand(book, NOW)
    assert Standing.objects.filter(pk=objective.pk).values().get() == before


def test_preview_says_what_declaring_would_do() -> None:
    objective, _ = counted()
    wanted = Exclusion(objective=objective, title="x", starts_at=OUTAGE[0], ends_at=OUTAGE[0] + timedelta(hours=1))
    (effect,) = reading.preview(objective, wanted, now=NOW)
    declare_exclusion(spec=spec(end=wanted.ends_at), target=objective, actor=ADMIN, now=NOW)
    assert (effect.good, effect.bad) == (0, 600)
    assert effect.before == pytest.approx(1 - 1200 / (0.01 * DAYS * 14_400))
    assert effect.after == pytest.approx(read(objective).standing.remaining)
    (again,) = reading.preview(objective, wanted, now=NOW)
    assert (again.bad, again.after) == (0, again.before), "what is out already is given back once"


def test_what_touches_a_period_is_listed_windows_included() -> None:
    objective, _ = counted()
    component = objective.definition.component
    declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    gone = declare_exclusion(spec=spec(), target=component, actor=ADMIN, now=NOW)
    withdraw_exclusion(exclusion_id=gone.pk, actor=ADMIN, now=NOW)
    old = spec(NOW - timedelta(days=60), NOW - timedelta(days=59))
    declare_exclusion(spec=old, target=objective, actor=ADMIN, now=NOW)
    planned = catalog_windows.WindowSpec(
        title="w", starts_at=NOW - timedelta(days=3), ends_at=NOW - timedelta(days=2), excludes_budget=True
    )
    catalog_windows.declare_window(spec=planned, target=component, actor=ADMIN, now=NOW - timedelta(days=4))
    found = reading.of_period(read(objective), now=NOW)
    assert [(one.title, one.of) for one in found] == [("The data centre moved", "objective"), ("w", "component")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"ends_at": OUTAGE[0]}, "ends_at"),
        ({"starts_at": NOW - timedelta(days=401), "ends_at": NOW}, "starts_at"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"rrule": "FREQ=SECONDLY"}, "rrule"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_field(wrong: dict[str, Any], field: str) -> None:
    objective, _ = counted()
    given = {"title": "x", "starts_at": OUTAGE[0], "ends_at": OUTAGE[1], **wrong}
    with pytest.raises(Invalid) as refused:
        declare_exclusion(spec=ExclusionSpec(**given), target=objective, actor=ADMIN, now=NOW)
    assert field in {error.field for error in refused.value.errors}
    assert not Exclusion.objects.exists()


def test_only_the_owner_team_and_tokens_with_the_scope_may() -> None:
    ada, mallory = make.person("ada"), make.person("mallory")
    team = make.team("ours", lead=ada)
    objective, _ = counted(component=make.component("runners", owner=team))
    for actor, refusal in (
        (Actor(person=mallory), NotYourTeam),
        (Actor(token=make.token("components:write")[0], via="api"), WrongScope),
        (Actor(token=make.token("slos:write", teams=[make.team("theirs")])[0], via="api"), NotYourTeam),
    ):
        with pytest.raises(refusal):
            declare_exclusion(spec=spec(), target=objective, actor=actor, now=NOW)
    row = declare_exclusion(spec=spec(), target=objective, actor=Actor(person=ada), now=NOW)
    assert row.created_by == ada
    with pytest.raises(NotYourTeam):
        withdraw_exclusion(exclusion_id=row.pk, actor=Actor(person=mallory), now=NOW)
    mine = make.token("slos:write", teams=[team])[0]
    withdraw_exclusion(exclusion_id=row.pk, actor=Actor(token=mine, via="api"), now=NOW)


def test_a_sweep_with_nothing_new_asks_few_questions_however_much_there_is() -> None:
    objective, _ = counted()
    for day in range(5):
        start = NOW - timedelta(days=day + 1)
        declare_exclusion(spec=spec(start, start + timedelta(minutes=5)), target=objective, actor=ADMIN, now=NOW)
    with CaptureQueriesContext(connection) as asked:
        assert reconcile(now=NOW) == operations.exclusions.Reconciled()
    assert len(asked) <= 6


def test_appending_asks_two_questions_more_where_nothing_is_excluded() -> None:
    objective = make_slo.objective()
    book = make_slo.open_ledger(objective, start=NOW, now=NOW)
    cursor = Cursor.objects.get(ledger=book)
    begin = int(cursor.bucket.timestamp())
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        done = ledger.append([ledger.Entry(book.pk, begin, begin + 60, {}, 0, None)])
    assert done[book.pk].sums == Sums(0, 0, 0, 0, 0)
    assert sum("exclusion" in one["sql"] or "maintenancewindow" in one["sql"] for one in asked) == 2
