"""What is to be mended after an incident: written down with an owner and a day, done or dropped, reminded of."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta

from django.db import transaction

from catalog.access import Actor
from catalog.models import Component, Person
from catalog.operations.audit import record_audit
from incidents.models import ActionItem, ActionReminder, Review
from incidents.operations.telling import tell
from incidents.operations.working import checked_url
from portal.lib import conf
from portal.lib.errors import Expected, FieldError, Invalid
from slo.models import Objective

LONGEST_DETAILS = 10_000
MOST_ITEMS = 100
MOST_OBJECTIVES = 20
FARTHEST = timedelta(days=3 * 366)
WEEK = timedelta(days=7)
AT_ONCE = 200


class TooManyItems(Expected):
    """This review has as many action items as it may; do or drop some first."""


class IsClosed(Expected):
    """It is done or dropped: open it again before it is changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec:
    """What is said of an action item. `objectives` are those whose budgets it is to help."""

    title: str
    owner: Person | None
    due_on: date
    details: str = ""
    component: Component | None = None
    objectives: tuple[Objective, ...] = ()
    tracker_url: str = ""


@transaction.atomic
def add_action_item(*, review: Review, spec: ItemSpec, by: Actor, now: datetime) -> ActionItem:
    """Write it down; an owner who did not do so is told. Raises Invalid, TooManyItems."""
    given = _checked(spec)
    _due_can_be(given.due_on, now)
    held = Review.objects.select_for_update(of=("self",)).select_related("incident__owner").get(pk=review.pk)
    if held.action_items.count() >= MOST_ITEMS:
        raise TooManyItems
    made = ActionItem(review=held, created_at=now, created_by=by.person)
    _write(made, given)
    made.save()
    made.objectives.set(given.objectives)
    diff = {name: (None, value) for name, value in _shown(given).items() if value not in ("", [], None)}
    _audit(made, "action-item.create", by=by, now=now, diff=diff)
    _tell_owner(made, by=by, now=now)
    return made


@transaction.atomic
def change_action_item(*, item: ActionItem, spec: ItemSpec, by: Actor, now: datetime) -> ActionItem:
    """Say it anew; a new owner is told, and a new day is reminded of anew. Raises Invalid, IsClosed."""
    given, held = _checked(spec), _held(item)
    if not held.is_open:
        raise IsClosed
    before = spec_of(held)
    if given.due_on != before.due_on:
        _due_can_be(given.due_on, now)
    if given == before:
        return held
    was, is_now = _shown(before), _shown(given)
    _write(held, given)
    held.save()
    held.objectives.set(given.objectives)
    diff = {name: (was[name], value) for name, value in is_now.items() if was[name] != value}
    _audit(held, "action-item.update", by=by, now=now, diff=diff)
    if given.owner != before.owner:
        _tell_owner(held, by=by, now=now)
    return held


@transaction.atomic
def close_action_item(*, item: ActionItem, state: str, by: Actor, now: datetime, outcome: str = "") -> ActionItem:
    """It is `done`, or `dropped` with a reason. What is so already stays. Raises Invalid, IsClosed."""
    if state not in (ActionItem.State.DONE, ActionItem.State.DROPPED):
        raise _wrong("state", "Use done or dropped.")
    said = outcome.strip()
    if len(said) > 500 or (state == ActionItem.State.DROPPED and not said):
        raise _wrong("outcome", "Say why it is not done, in at most 500 characters.")
    held = _held(item)
    if held.state == state:
        return held
    if not held.is_open:
        raise IsClosed
    held.state, held.outcome, held.closed_at, held.closed_by = state, said, now, by.person
    held.done_at = now if state == ActionItem.State.DONE else None
    held.save(update_fields=["state", "outcome", "closed_at", "closed_by", "done_at"])
    _audit(held, "action-item.close", by=by, now=now, diff={"state": ("open", state), "outcome": ("", said)})
    return held


@transaction.atomic
def reopen_action_item(*, item: ActionItem, by: Actor, now: datetime) -> ActionItem:
    """It is not done after all. Twice changes nothing."""
    held = _held(item)
    if held.is_open:
        return held
    was = held.state
    held.state, held.outcome, held.closed_at, held.closed_by, held.done_at = "open", "", None, None, None
    held.save(update_fields=["state", "outcome", "closed_at", "closed_by", "done_at"])
    _audit(held, "action-item.reopen", by=by, now=now, diff={"state": (was, "open")})
    return held


def spec_of(item: ActionItem) -> ItemSpec:
    """What is said of it now; asks for its objectives."""
    return ItemSpec(
        title=item.title,
        owner=item.owner,
        due_on=item.due_on,
        details=item.details,
        component=item.component,
        objectives=tuple(sorted(item.objectives.all(), key=lambda one: one.name)),
        tracker_url=item.tracker_url,
    )


def reminder_day(item: ActionItem, today: date) -> date | None:
    """The latest day up to `today` on which its owner is to be reminded: a week before, on the day, weekly after.

    None before the first, and where that day was before it was written down.
    """
    if today < item.due_on - WEEK:
        return None
    day = item.due_on + (today - item.due_on) // WEEK * WEEK
    return day if day > item.created_at.astimezone(UTC).date() else None


def remind_due(*, now: datetime) -> int:
    """Remind the owners of open items, each once for a day, however often this runs; how many were."""
    today = now.astimezone(UTC).date()
    near = ActionItem.objects.filter(state=ActionItem.State.OPEN, due_on__lte=today + WEEK, owner__retired_at=None)
    sent = set(ActionReminder.objects.filter(item__in=near).values_list("item", "due_on", "day"))
    told = 0
    for item in near.select_related("owner").exclude(owner=None).order_by("due_on", "pk").iterator(chunk_size=AT_ONCE):
        day = reminder_day(item, today)
        if day is not None and (item.pk, item.due_on, day) not in sent:
            told += _remind(item.pk, day, now=now)
    return told


@transaction.atomic
def _remind(pk: int, day: date, *, now: datetime) -> bool:
    item = ActionItem.objects.select_for_update(of=("self",)).select_related("owner", "review__incident").get(pk=pk)
    if not item.is_open or item.owner is None:
        return False
    _, made = ActionReminder.objects.get_or_create(
        item=item, due_on=item.due_on, day=day, defaults={"person": item.owner, "sent_at": now}
    )
    if not made:
        return False
    late = (now.astimezone(UTC).date() - item.due_on).days
    when = f"overdue for {late} {'day' if late == 1 else 'days'}" if late > 0 else f"due on {item.due_on:%a %d %b %Y}"
    subject = f"{'Overdue' if late > 0 else 'Due soon' if late < 0 else 'Due today'}: {item.title}"
    text = f"{item.title}\n\nIt is {when}, after {item.review.incident}.\n\n{conf.base_url()}{item.get_absolute_url()}"
    key = f"item-{item.pk}-{item.due_on}-{day}"
    tell(person=item.owner, subject=subject, text=text, key=key, now=now, can_wait=True)
    return True


def _tell_owner(item: ActionItem, *, by: Actor, now: datetime) -> None:
    if item.owner is None or item.owner == by.person:
        return
    text = (
        f"{item.title}\n\n{by.name} asks you to do it by {item.due_on:%a %d %b %Y}, after {item.review.incident}."
        f"\n\n{conf.base_url()}{item.get_absolute_url()}"
    )
    key = f"item-owner-{item.pk}-{now.isoformat()}"
    tell(person=item.owner, subject=f"For you: {item.title}", text=text, key=key, now=now, can_wait=True)


def _held(item: ActionItem) -> ActionItem:
    related = ("owner", "component", "review__incident__owner")
    return ActionItem.objects.select_for_update(of=("self",)).select_related(*related).get(pk=item.pk)


def _checked(spec: ItemSpec) -> ItemSpec:
    title, details, url = spec.title.strip(), spec.details.replace("\r\n", "\n").strip(), spec.tracker_url.strip()
    if not title or len(title) > 300 or "\x00" in title:
        raise _wrong("title", "Say what is to be done, in at most 300 characters.")
    if spec.owner is None:
        raise _wrong("owner", "Name somebody who does it.")
    if len(details) > LONGEST_DETAILS or "\x00" in details:
        raise _wrong("details", f"Use at most {LONGEST_DETAILS:,} characters.")
    if len(spec.objectives) > MOST_OBJECTIVES:
        raise _wrong("objectives", f"Name at most {MOST_OBJECTIVES}.")
    if url:
        try:
            checked_url(url)
        except Invalid as error:
            raise _wrong("tracker_url", str(error)) from error
    named = tuple(sorted(set(spec.objectives), key=lambda one: one.name))
    return replace(spec, title=title, details=details, tracker_url=url, objectives=named)


def _due_can_be(day: date, now: datetime) -> None:
    today = now.astimezone(UTC).date()
    if not today - timedelta(days=1) <= day <= today + FARTHEST:  # it may still be yesterday for who is asked
        raise _wrong("due_on", "Choose a day to come, within three years.")


def _write(item: ActionItem, spec: ItemSpec) -> None:
    item.title, item.details, item.due_on, item.tracker_url = spec.title, spec.details, spec.due_on, spec.tracker_url
    item.owner, item.owner_ref = spec.owner, spec.owner.ref if spec.owner else ""
    item.component, item.component_ref = spec.component, spec.component.ref if spec.component else ""


def _shown(spec: ItemSpec) -> dict[str, object]:
    """For the change log."""
    said = {field.name: getattr(spec, field.name) for field in fields(spec)}
    return {
        **said,
        "owner": spec.owner.ref if spec.owner else "",
        "due_on": spec.due_on.isoformat(),
        "component": spec.component.ref if spec.component else "",
        "objectives": [one.name for one in spec.objectives],
    }


def _audit(
    item: ActionItem, action: str, *, by: Actor, now: datetime, diff: Mapping[str, tuple[object, object]]
) -> None:
    owner = item.component.owner if item.component else item.review.incident.owner
    record_audit(
        actor=by, action=action, object_ref=f"action-item:{item.pk}", diff=diff, now=now,
        owner_ref=owner.ref if owner else "",
    )  # fmt: skip


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, "invalid", message),))
