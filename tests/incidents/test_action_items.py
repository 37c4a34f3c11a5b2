"""Action items: written down, ended, reminded of once for a day, and whether they helped."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from catalog.access import Actor
from catalog.models import AuditEntry
from catalog.scorecard import judge
from incidents import operations
from incidents.models import ActionItem, InboxMessage, Incident
from incidents.operations.action_items import IsClosed, ItemSpec, remind_due, reminder_day, spec_of
from incidents.outcomes import outcomes_of
from incidents.queries import reviews as queries
from portal.lib.errors import Invalid
from tests import make_incidents, make_slo
from tests.incidents.review_world import DAY, World
from tests.make import NOW

pytestmark = pytest.mark.django_db
DUE = (NOW + 11 * DAY).date()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def item(world: World) -> ActionItem:
    return world.item(world.review(), owner=world.bob, component=world.runners)


def reminders() -> list[str]:
    return [one.subject for one in InboxMessage.objects.filter(key__contains="item-").order_by("at", "pk")]


def test_the_owner_is_told_unless_they_wrote_it_down(world: World, item: ActionItem) -> None:
    assert reminders() == ["For you: Drain nodes first"]
    world.item(item.review, owner=world.ada, title="Alert on it")
    assert len(reminders()) == 1
    entry = AuditEntry.objects.filter(action="action-item.create").earliest("pk")
    assert (entry.object_ref, entry.owner_ref) == (f"action-item:{item.pk}", world.team.ref)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"due_on": date(2020, 1, 1)}, "due_on"),
        ({"due_on": date(2040, 1, 1)}, "due_on"),
        ({"tracker_url": "javascript:alert(1)"}, "tracker_url"),
        ({"details": "x" * 10_001}, "details"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(world: World, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.item(world.review(), **given)
    assert refused.value.errors[0].field == field
    assert not ActionItem.objects.exists()


def test_somebody_must_do_it(world: World) -> None:
    spec = ItemSpec(title="x", owner=None, due_on=DUE)
    with pytest.raises(Invalid) as refused:
        operations.add_action_item(review=world.review(), spec=spec, by=world.by, now=NOW)
    assert refused.value.errors[0].field == "owner"


def test_a_change_says_what_changed_and_a_new_owner_is_told(world: World, item: ActionItem) -> None:
    objective = make_incidents.objective(world.runners, "ci-wait")
    given = {**{name: getattr(spec_of(item), name) for name in ("title", "due_on", "component")}, "owner": world.ben}
    changed = ItemSpec(**given, objectives=(objective,))
    operations.change_action_item(item=item, spec=changed, by=world.by, now=NOW + DAY)
    operations.change_action_item(item=item, spec=changed, by=world.by, now=NOW + 2 * DAY)
    entry = AuditEntry.objects.get(action="action-item.update")
    assert entry.diff == {"owner": [world.bob.ref, world.ben.ref], "objectives": [[], ["ci-wait"]]}
    assert InboxMessage.objects.filter(person=world.ben, subject__startswith="For you").count() == 1


def test_an_overdue_item_can_be_changed_without_a_new_day(world: World, item: ActionItem) -> None:
    late = NOW + 40 * DAY
    spec = ItemSpec(title="Drain nodes at last", owner=world.bob, due_on=item.due_on)
    assert operations.change_action_item(item=item, spec=spec, by=world.by, now=late).title == "Drain nodes at last"


def test_it_ends_once_and_dropping_it_needs_a_reason(world: World, item: ActionItem) -> None:
    with pytest.raises(Invalid):
        operations.close_action_item(item=item, state="dropped", by=world.by, now=NOW)
    with pytest.raises(Invalid):
        operations.close_action_item(item=item, state="gone", by=world.by, now=NOW)
    done = operations.close_action_item(item=item, state="done", by=world.by, now=NOW + 2 * DAY, outcome="It drains")
    again = operations.close_action_item(item=item, state="done", by=world.by, now=NOW + 3 * DAY)
    assert (done.done_at, again.done_at, again.outcome) == (NOW + 2 * DAY, NOW + 2 * DAY, "It drains")
    with pytest.raises(IsClosed):
        operations.close_action_item(item=item, state="dropped", by=world.by, now=NOW, outcome="x")
    with pytest.raises(IsClosed):
        operations.change_action_item(item=item, spec=spec_of(item), by=world.by, now=NOW)
    opened = operations.reopen_action_item(item=item, by=world.by, now=NOW + 4 * DAY)
    assert (opened.state, opened.done_at, opened.closed_at) == ("open", None, None)


def test_reminders_come_a_week_before_on_the_day_and_weekly_after_each_once(world: World, item: ActionItem) -> None:
    InboxMessage.objects.all().delete()
    days = {}
    for n in range(30):
        at = NOW + (n + 1) * DAY
        days[at.date()] = remind_due(now=at) + remind_due(now=at + timedelta(hours=1))
    told = [day for day, count in days.items() for _ in range(count)]
    assert told == [DUE - 7 * DAY, DUE, DUE + 7 * DAY, DUE + 14 * DAY]
    assert reminders()[0].startswith("Due soon")
    assert reminders()[1].startswith("Due today")
    assert reminders()[2].startswith("Overdue")
    assert set(InboxMessage.objects.values_list("person__name", flat=True)) == {"bob"}


def test_days_without_a_worker_are_made_up_for_by_one_reminder(world: World, item: ActionItem) -> None:
    assert remind_due(now=NOW + 60 * DAY) == 1
    assert item.reminders.get().day == DUE + 49 * DAY
    assert remind_due(now=NOW + 60 * DAY) == 0


def test_nobody_is_reminded_of_what_is_done_or_was_just_written_down_or_of_anything_once_they_left(
    world: World, item: ActionItem
) -> None:
    soon = world.item(item.review, title="Soon", due_on=(NOW + 4 * DAY).date())
    assert reminder_day(soon, (NOW + 2 * DAY).date()) is None
    assert remind_due(now=NOW + 2 * DAY) == 0
    operations.close_action_item(item=item, state="done", by=world.by, now=NOW + 3 * DAY)
    operations.close_action_item(item=soon, state="dropped", outcome="no", by=world.by, now=NOW + 3 * DAY)
    assert remind_due(now=NOW + 30 * DAY) == 0
    operations.reopen_action_item(item=item, by=world.by, now=NOW + 3 * DAY)
    world.bob.retired_at = NOW
    world.bob.save()
    assert remind_due(now=NOW + 30 * DAY) == 0


def test_lists_filter_by_team_owner_component_state_and_lateness(world: World, item: ActionItem) -> None:
    plain = world.item(item.review, title="Alert on it")
    later = NOW + 30 * DAY

    def titles(**asked: Any) -> list[str]:
        return [one.title for one in queries.action_items(now=asked.pop("now", later), **asked)]

    assert titles(team=world.team.ref) == ["Drain nodes first", "Alert on it"]
    assert titles(owner=world.bob.ref) == titles(component=world.runners.ref) == ["Drain nodes first"]
    operations.close_action_item(item=plain, state="done", by=world.by, now=NOW + 2 * DAY)
    assert titles(state="done") == titles(overdue=False) == ["Alert on it"]
    assert titles(overdue=True) == ["Drain nodes first"]
    assert titles(overdue=True, now=datetime(DUE.year, DUE.month, DUE.day, 23, 59, tzinfo=NOW.tzinfo)) == []


def test_the_scorecard_fails_a_component_while_an_item_is_overdue(world: World, item: ActionItem) -> None:
    def said(now: datetime) -> tuple[bool | None, str]:
        lines = judge([world.runners], now=now)[world.runners.pk].lines
        verdict = next(line.verdict for line in lines if line.key == "action-items")
        return verdict.outcome, verdict.reason

    assert said(NOW + 11 * DAY) == (True, "nothing is overdue")
    assert said(NOW + 12 * DAY) == (False, "1 action item is overdue.")


def test_when_it_is_done_incidents_before_and_after_are_counted_but_drills_and_symptoms(
    world: World, item: ActionItem
) -> None:
    done = NOW + 40 * DAY
    for days in (12, 20, 39):
        world.incident(at=NOW + days * DAY)
    world.incident(at=done + 3 * DAY)
    world.incident(at=done + 31 * DAY)
    drill = world.incident(at=done + 5 * DAY)
    Incident.objects.filter(pk=drill.pk).update(is_drill=True)
    closed = operations.close_action_item(item=item, state="done", by=world.by, now=done)
    seen = outcomes_of([closed], now=done + 10 * DAY)[item.pk]
    assert (seen.incidents_before, seen.incidents_after, seen.after, seen.whole) == (3, 1, 10 * DAY, False)
    assert outcomes_of([closed], now=done + 50 * DAY)[item.pk].whole


def test_when_it_is_done_the_budget_that_was_spent_before_is_told_beside_what_is_spent_after(
    world: World, item: ActionItem
) -> None:
    objective = make_slo.objective("ci-wait", component=world.runners, target="0.99", window_days=28)
    begin = NOW + 2 * DAY
    counts = [(9, 10)] * 6 + [(10, 10)] * 54 + [(9, 10)] + [(10, 10)] * 59  # 6 of 600 are bad, then 1 of 600
    make_slo.count_up(make_slo.open_ledger(objective, start=begin, now=begin), counts)
    item.objectives.add(objective)
    done = begin + timedelta(hours=1)
    closed = operations.close_action_item(item=item, state="done", by=world.by, now=done)
    (helped,) = outcomes_of([closed], now=done + timedelta(hours=1))[item.pk].objectives
    assert helped.before.share == pytest.approx(1)
    assert helped.after.share == pytest.approx(1 / 6)
    assert helped.after.coverage == 1


def test_budgets_of_objectives_without_counts_are_unknown_and_not_zero(world: World, item: ActionItem) -> None:
    item.objectives.add(make_incidents.objective(world.runners))
    closed = operations.close_action_item(item=item, state="done", by=Actor(person=world.bob), now=NOW + DAY)
    helped = outcomes_of([closed], now=NOW + 60 * DAY)[item.pk].objectives[0]
    assert (helped.before.share, helped.after.share) == (None, None)
