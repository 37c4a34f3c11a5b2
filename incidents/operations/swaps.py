"""Shifts change hands: taken over from one person only, or swapped between two, asked for and accepted.

Both become overrides of just those stretches in which the one person has it, so whoever else has a part keeps it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from catalog.access import Actor
from catalog.models import Person
from catalog.operations import record_audit
from incidents.models import Override, Schedule, Swap
from incidents.oncall import rotation
from incidents.oncall.schedules import rotation_of, with_layers
from incidents.operations.telling import tell
from incidents.operations.turns import GRACE, check, wrong_year
from portal.lib import conf
from portal.lib.errors import Expected, FieldError, Forbidden, Missing

MOST_SHIFTS = 200
LONGEST = timedelta(days=366)

Stretch = tuple[datetime, datetime]


class NoSuchSwap(Missing):
    """There is no such swap on this schedule."""


class Answered(Expected):
    """This swap was answered or withdrawn already; nothing was changed."""


class Expired(Expected):
    """The first shift of this swap has begun, so it can't be accepted any more; ask again for what is left."""


class RotationChanged(Expected):
    """The schedule has changed since this swap was asked for: the shifts are not theirs any more. Ask again."""


class NotYours(Forbidden):
    """Only the person who was asked can answer this, and only the person who asked can withdraw it."""


@dataclass(frozen=True, slots=True)
class Period:
    """`[starts_at, ends_at)`."""

    starts_at: datetime
    ends_at: datetime


@transaction.atomic
def replace_person(
    *,
    schedule: Schedule,
    out: Person,
    person: Person | None,
    period: Period,
    by: Actor,
    now: datetime,
    reason: str = "",
) -> list[Override]:
    """In `period` `person`, or deliberately nobody, has what `out` has now; whoever else has a part of it keeps it.

    Raises Invalid, also where `out` has nothing then.
    """
    stretches = planned_replacement(_read(schedule, now), out=out, person=person, period=period, now=now)
    made = _overridden(schedule, stretches, person, reason or f"for {out.label}", by, now)
    after = {"by": person.ref if person else None, "shifts": _json(stretches)}
    _record(by, "replace", schedule, {out.ref: (None, after)}, now)
    return made


@transaction.atomic
def ask_swap(
    *,
    schedule: Schedule,
    asker: Person,
    asked: Person,
    gives: Period,
    by: Actor,
    now: datetime,
    takes: Period | None = None,
    reason: str = "",
) -> Swap:
    """`asked` is asked to take the asker's shifts in `gives`, and told so; `takes` are theirs, offered in return.

    Asked twice while it is open, it is one. Raises Invalid.
    """
    given, taken = planned_swap(_read(schedule, now), asker=asker, asked=asked, gives=gives, takes=takes, now=now)
    both = [*given, *taken]
    Schedule.objects.select_for_update(no_key=True).get(pk=schedule.pk)  # of two clicks the second finds the first's
    what = {"asker": asker, "asked": asked, "gives": _json(given), "takes": _json(taken), "state": Swap.State.OPEN}
    there = Swap.objects.filter(schedule=schedule, **what).first()
    if there is not None:
        return there
    made = Swap.objects.create(
        schedule=schedule,
        **what,
        first_at=min(start for start, _ in both),
        last_at=max(end for _, end in both),
        reason=reason.strip()[:200],
        created_at=now,
    )
    _record(by, "ask-swap", schedule, {"swap": (None, _said(made))}, now)
    text = f"{asker.label} asks you to take {told(given, asked)} on {schedule.name}."
    if taken:
        text += f" In return {asker.label} takes {told(taken, asked)} from you."
    _tell(asked, f"{asker.label} asks you for a swap", text, made, "asked", now)
    return made


@transaction.atomic
def accept_swap(*, swap: Swap, by: Actor, now: datetime) -> Swap:
    """All shifts change hands at once, or none. Raises NotYours, Answered, Expired, RotationChanged."""
    swap = _open(swap, "asked_id", by)
    if swap.first_at <= now:
        raise Expired
    gives, takes = swap.given, swap.taken
    if not still_theirs(_read(swap.schedule, now), swap):
        raise RotationChanged
    reason = f"swap of {swap.asker.label} and {swap.asked.label}"[:200]
    _overridden(swap.schedule, gives, swap.asked, reason, by, now)
    _overridden(swap.schedule, takes, swap.asker, reason, by, now)
    return _decided(swap, Swap.State.ACCEPTED, by, now)


@transaction.atomic
def decline_swap(*, swap: Swap, by: Actor, now: datetime) -> Swap:
    """Everything stays as it is, and the asker is told. Raises NotYours, Answered."""
    return _decided(_open(swap, "asked_id", by), Swap.State.DECLINED, by, now)


@transaction.atomic
def withdraw_swap(*, swap: Swap, by: Actor, now: datetime) -> Swap:
    """It is not asked any more, and the other is told. Raises NotYours, Answered."""
    return _decided(_open(swap, "asker_id", by), Swap.State.WITHDRAWN, by, now)


def planned_replacement(
    pure: rotation.Schedule, *, out: Person, person: Person | None, period: Period, now: datetime
) -> list[Stretch]:
    """Which stretches would change hands. Raises Invalid, also where `out` has nothing then."""
    period = _from_now(period, now)
    check([*_wrong_period(period, now), *_same_person(out, person)])
    stretches = shifts_of(pure, out, period)
    check(_wrong_shifts(stretches, out, "starts_at"))
    return stretches


def planned_swap(
    pure: rotation.Schedule, *, asker: Person, asked: Person, gives: Period, takes: Period | None, now: datetime
) -> tuple[list[Stretch], list[Stretch]]:
    """Which stretches the asker would give, and take in return. Raises Invalid."""
    gives = _from_now(gives, now)
    wrong = [*_wrong_period(gives, now), *_same_person(asker, asked, "asked")]
    if takes is not None:
        wrong += [FieldError(f"back_{one.field}", one.code, one.message) for one in _wrong_period(takes, now)]
    check(wrong)
    given = shifts_of(pure, asker, gives)
    check(_wrong_shifts(given, asker, "starts_at"))
    taken = shifts_of(pure, asked, takes) if takes else []
    if takes is not None:
        check(_wrong_shifts(taken, asked, "back_starts_at"))
    return given, taken


def still_theirs(pure: rotation.Schedule, swap: Swap) -> bool:
    """Whether all shifts of the swap are as they were when it was asked; else it can't be accepted."""
    return _still(pure, swap.asker, swap.given) and _still(pure, swap.asked, swap.taken)


def shifts_of(pure: rotation.Schedule, person: Person, period: Period) -> list[Stretch]:
    """When `person` has it in the period, touching stretches joined."""
    found: list[Stretch] = []
    for shift in rotation.shifts(pure, period.starts_at, period.ends_at):
        if shift.person != person.ref or shift.start is None or shift.end is None:
            continue
        if found and found[-1][1] == shift.start:
            found[-1] = (found[-1][0], shift.end)
        else:
            found.append((shift.start, shift.end))
    return found


def told(stretches: Sequence[Stretch], reader: Person) -> str:
    """`Sat 21 Nov 09:00 to Sun 22 Nov 09:00 (Europe/Berlin)`, by the reader's clock."""
    zone = reader.time_zone or "UTC"
    with timezone.override(zone):
        shown = [
            f"{timezone.localtime(start):%a %-d %b %H:%M} to {timezone.localtime(end):%a %-d %b %H:%M}"
            for start, end in stretches[:3]
        ]
    more = f" and {len(stretches) - 3} more" if len(stretches) > 3 else ""
    return f"{', '.join(shown)}{more} ({zone})"


def _open(swap: Swap, whose: str, by: Actor) -> Swap:
    """The schedule first, then the swap: who changes the rotation waits, or is seen."""
    Schedule.objects.select_for_update().get(pk=swap.schedule_id)
    swap = Swap.objects.select_for_update(of=("self",)).select_related("schedule", "asker", "asked").get(pk=swap.pk)
    reader = by.person.pk if by.person else None
    if getattr(swap, whose) != reader and not by.everywhere:
        raise NotYours
    if swap.state != Swap.State.OPEN:
        raise Answered
    return swap


def _decided(swap: Swap, state: Swap.State, by: Actor, now: datetime) -> Swap:
    before, swap.state, swap.decided_at = _said(swap), state, now
    swap.save(update_fields=["state", "decided_at"])
    _record(by, f"{_VERBS[state]}-swap", swap.schedule, {"swap": (before, _said(swap))}, now)
    if state is Swap.State.WITHDRAWN:
        text = f"{swap.asker.label} does not ask you any more to take {told(swap.given, swap.asked)}."
        _tell(swap.asked, f"{swap.asker.label} withdrew a swap", text, swap, state, now)
        return swap
    text = f"{swap.asked.label} {state} your swap of {told(swap.given, swap.asker)} on {swap.schedule.name}."
    _tell(swap.asker, f"{swap.asked.label} {state} your swap", text, swap, state, now)
    if state is Swap.State.ACCEPTED:
        text = f"You have {told(swap.given, swap.asked)} on {swap.schedule.name}, for {swap.asker.label}."
        _tell(swap.asked, f"You swapped with {swap.asker.label}", text, swap, state, now)
    return swap


_VERBS = {Swap.State.ACCEPTED: "accept", Swap.State.DECLINED: "decline", Swap.State.WITHDRAWN: "withdraw"}


def _tell(person: Person, subject: str, text: str, swap: Swap, what: str, now: datetime) -> None:
    text = f"{text}\n\n{conf.base_url()}{swap.get_absolute_url()}"
    tell(person=person, subject=subject, text=text, key=f"swap-{swap.pk}-{what}", now=now)


def _overridden(
    schedule: Schedule, stretches: Iterable[Stretch], person: Person | None, reason: str, by: Actor, now: datetime
) -> list[Override]:
    return Override.objects.bulk_create(
        Override(
            schedule=schedule, person=person, starts_at=start, ends_at=end, reason=reason[:200], created_at=now,
            created_by=by.person,
        )
        for start, end in stretches
    )  # fmt: skip


def _read(schedule: Schedule, now: datetime) -> rotation.Schedule:
    Schedule.objects.select_for_update().get(pk=schedule.pk)
    return rotation_of(with_layers([schedule.slug], overrides_from=now)[0])


def _still(pure: rotation.Schedule, person: Person, stretches: Sequence[Stretch]) -> bool:
    return all(shifts_of(pure, person, Period(*one)) == [one] for one in stretches)


def _from_now(period: Period, now: datetime) -> Period:
    return Period(now if now - GRACE <= period.starts_at < now else period.starts_at, period.ends_at)


def _wrong_period(period: Period, now: datetime) -> Iterable[FieldError]:
    if period.starts_at < now:
        yield FieldError("starts_at", "past", "It can't begin in the past; choose a moment from now on.")
    if period.ends_at <= period.starts_at:
        yield FieldError("ends_at", "before-start", "It ends before it starts; choose a later end.")
    elif period.ends_at - period.starts_at > LONGEST:
        yield FieldError("ends_at", "too-long", "Choose at most 366 days.")
    yield from wrong_year("starts_at", period.starts_at)
    yield from wrong_year("ends_at", period.ends_at)


def _wrong_shifts(stretches: Sequence[Stretch], person: Person, field: str) -> Iterable[FieldError]:
    if not stretches:
        yield FieldError(field, "no-shifts", f"{person.label} is not on call at any time of that period.")
    if len(stretches) > MOST_SHIFTS:
        yield FieldError(field, "too-many", f"{person.label} has more than {MOST_SHIFTS} shifts then; choose less.")


def _same_person(one: Person, other: Person | None, field: str = "person") -> Iterable[FieldError]:
    if other is not None and one.pk == other.pk:
        yield FieldError(field, "same", "Choose another person.")


def _json(stretches: Iterable[Stretch]) -> list[list[str]]:
    return [[start.isoformat(), end.isoformat()] for start, end in stretches]


def _said(swap: Swap) -> dict[str, object]:
    return {
        "asker": swap.asker.ref, "asked": swap.asked.ref, "gives": swap.gives, "takes": swap.takes,
        "state": str(swap.state),
    }  # fmt: skip


def _record(by: Actor, verb: str, schedule: Schedule, diff: dict[str, tuple[object, object]], now: datetime) -> None:
    record_audit(actor=by, action=f"schedule.{verb}", object_ref=f"schedule:{schedule.slug}", diff=diff, now=now)
