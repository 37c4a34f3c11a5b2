"""How somebody wants to be told: their rules by urgency, and the hours outside of which what is not urgent waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import available_timezones

from django.db import transaction

from catalog.access import Actor
from catalog.models import Person
from catalog.operations import record_audit
from incidents.models import ContactMethod, ContactRule, Urgency, WorkingHours
from incidents.operations.contacts import require_own
from portal.lib.errors import FieldError, Invalid

MOST_RULES = 10
MINUTE = timedelta(minutes=1)
LATEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Wish:
    """By this method, so long after the page."""

    method_id: int
    after: timedelta


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` to `end` by the clock of `time_zone` on `days` (Monday is 0); over midnight when end ≤ start."""

    time_zone: str
    days: frozenset[int]
    start: time
    end: time


@transaction.atomic
def set_rules(*, person: Person, urgency: str, wishes: Sequence[Wish], by: Actor, now: datetime) -> list[ContactRule]:
    """These are the person's rules for pages of that urgency, and no others; none: the first method, at once.

    Running pages keep the messages they have planned. Raises NotYours, Invalid.
    """
    require_own(person, by)
    methods = {
        method.pk: method
        for method in ContactMethod.objects.filter(person=person, removed_at=None, confirmed_at__isnull=False)
    }
    faults = list(_faults(urgency, wishes, methods))
    if faults:
        raise Invalid("; ".join(fault.message for fault in faults), errors=tuple(faults))
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    rows = ContactRule.objects.filter(person=person, urgency=urgency)
    before = [_words(rule.method, rule.after) for rule in rows.select_related("method")]
    after = [_words(methods[wish.method_id], wish.after) for wish in sorted(wishes, key=lambda one: one.after)]
    if before != after:
        rows.delete()
        ContactRule.objects.bulk_create(
            ContactRule(person=person, urgency=urgency, method=methods[wish.method_id], after=wish.after)
            for wish in wishes
        )
        diff = {urgency: (before, after)}
        record_audit(actor=by, action="contact.rules", object_ref=person.ref, diff=diff, now=now)
    return list(ContactRule.objects.filter(person=person, urgency=urgency).select_related("method"))


@transaction.atomic
def set_hours(*, person: Person, hours: Hours | None, by: Actor, now: datetime) -> WorkingHours | None:
    """What is not urgent waits for these hours; None: it comes at any time. Raises NotYours, Invalid."""
    require_own(person, by)
    there = WorkingHours.objects.filter(person=person).first()
    if hours is not None:
        _check(hours)
    row = None if hours is None else WorkingHours(
        person=person, time_zone=hours.time_zone, days=sorted(hours.days), start=hours.start, end=hours.end
    )  # fmt: skip
    before, after = _told(there), _told(row)
    if before != after:
        WorkingHours.objects.filter(person=person).delete()
        if row is not None:
            row.save(force_insert=True)
        record_audit(actor=by, action="contact.hours", object_ref=person.ref, diff={"hours": (before, after)}, now=now)
        return row
    return there


def _faults(urgency: str, wishes: Sequence[Wish], methods: dict[int, ContactMethod]) -> list[FieldError]:
    found = []
    if urgency not in Urgency.values:
        found.append(FieldError("urgency", "invalid", "Either high or low."))
    if len(wishes) > MOST_RULES:
        found.append(FieldError("rules", "too-many", f"At most {MOST_RULES} rules."))
    for number, wish in enumerate(wishes):
        where = f"rules[{number}]"
        if wish.method_id not in methods:
            found.append(FieldError(f"{where}.method", "unusable", "Choose a confirmed method of your own."))
        if not timedelta(0) <= wish.after <= LATEST:
            found.append(FieldError(f"{where}.after", "out-of-range", "From 0 minutes to 24 hours."))
    if len(set(wishes)) < len(wishes):
        found.append(FieldError("rules", "twice", "The same method at the same time is named twice."))
    return found


def _check(hours: Hours) -> None:
    faults = []
    if hours.time_zone not in available_timezones():
        faults.append(FieldError("time_zone", "unknown", "Write a zone such as Europe/Berlin."))
    if not hours.days or not hours.days <= set(range(7)):
        faults.append(FieldError("days", "invalid", "Choose at least one day."))
    if faults:
        raise Invalid("; ".join(fault.message for fault in faults), errors=tuple(faults))


def _words(method: ContactMethod, after: timedelta) -> str:
    return f"{method} after {after}"


def _told(row: WorkingHours | None) -> list[object] | None:
    return None if row is None else [row.time_zone, list(row.days), f"{row.start:%H:%M}", f"{row.end:%H:%M}"]
