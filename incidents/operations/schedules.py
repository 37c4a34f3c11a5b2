"""What people do to schedules: make one, change its rotation from a date on, override it, take over now.

A rotation is never edited: a change is a further version that holds from its own moment. None may begin in the past, so
that "who was on call then" keeps its answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from catalog.access import Actor
from catalog.models import Person, Team
from catalog.operations import record_audit
from incidents.models import LayerVersion, Override, Schedule, TeamPaging
from incidents.oncall import rotation
from incidents.oncall.schedules import rotation_of, with_layers
from portal.lib.errors import Expected, FieldError, Invalid

GRACE = timedelta(minutes=5)
"""A form that was open for a while may still say a moment that has just passed; it then means now."""

LONGEST_TURN = {"hour": 24 * 7, "day": 366, "week": 52}
YEARS = range(1970, 2200)
"""Moments outside lie at the calendar's edge, where turns can't be counted any more."""

TAKE_OVER = timedelta(hours=12)
"""How long a take-over lasts where the schedule names no end."""


class NameTaken(Expected):
    """There is a schedule by this name already; choose another name."""


class AlreadyOnCall(Expected):
    """This person is on call already; nothing was changed."""


class OverIsOver(Expected):
    """This override has ended or was withdrawn; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What one rotation says: `people` (references, in order) take turns of `length` units from `starts_at` on.

    `handoff` and `weekday` (Monday is 0, for weekly turns) are by the clock of the schedule's zone.
    """

    people: tuple[str, ...]
    starts_at: datetime
    unit: str = "week"
    length: int = 1
    handoff: time = time(9)
    weekday: int = 0

    def layer(self, zone: str, *, name: str = "primary") -> rotation.Layer:
        """As the pure module knows it, for previews. Raises ValueError or KeyError for nonsense."""
        return rotation.Layer(
            name, self.people, rotation.Unit(self.unit), self.starts_at, zone, self.length, self.handoff, self.weekday
        )


@transaction.atomic
def create_schedule(
    *, name: str, team: Team | None, time_zone: str, turns: Turns, by: Actor, now: datetime, slug: str = ""
) -> Schedule:
    """A schedule with one rotation. A team's first schedule becomes the one it is shown by.

    Without `slug` one is made from the name. Raises Invalid, NameTaken.
    """
    _check([*_wrong_name(name), *_wrong_zone(time_zone), *_wrong_turns(turns)])
    schedule = _insert(slug or _free_slug(name), name, team, time_zone, now)
    _write_version(schedule, turns, by, now)
    if team is not None:
        paging, _ = TeamPaging.objects.get_or_create(team=team)
        TeamPaging.objects.filter(pk=paging.pk, schedule=None).update(schedule=schedule)
    _record(by, "create", schedule, {"rotation": (None, _told(turns))}, now)
    return schedule


@transaction.atomic
def change_rotation(*, schedule: Schedule, turns: Turns, by: Actor, now: datetime) -> LayerVersion:
    """From `turns.starts_at` on the rotation is `turns`; what was before stays as it was.

    The first person has it from that very moment. Changes planned for later are dropped. Raises Invalid.
    """
    schedule = Schedule.objects.select_for_update().get(pk=schedule.pk)
    turns = _not_before(turns, now)
    _check(_wrong_turns(turns))
    before = _version_at(schedule, turns.starts_at)
    schedule.layers.filter(position=0, starts_at__gte=turns.starts_at).delete()  # never began: no history is lost
    made = _write_version(schedule, turns, by, now)
    was = _told(_turns_of(before)) if before else None
    _record(by, "change-rotation", schedule, {"rotation": (was, _told(turns))}, now)
    return made


@transaction.atomic
def put_schedule(
    *, slug: str, name: str, team: Team | None, time_zone: str, turns: Turns, by: Actor, now: datetime
) -> tuple[Schedule, bool]:
    """Make the schedule `slug` say this, and whether that made it. Said twice, nothing changes.

    A differing rotation holds from `turns.starts_at`, or from now where that has passed. Raises Invalid; also for a
    changed zone, which would move the shifts of the past.
    """
    schedule = Schedule.objects.select_for_update().filter(slug=slug).first()
    if schedule is None:
        made = create_schedule(slug=slug, name=name, team=team, time_zone=time_zone, turns=turns, by=by, now=now)
        return made, True
    _check([*_wrong_name(name), *_moved_zone(schedule, time_zone), *_wrong_turns(turns)])
    _rename(schedule, name, team, by, now)
    in_force = _version_at(schedule, max(turns.starts_at, now))
    if in_force is None or _without_start(_turns_of(in_force)) != _without_start(turns):
        change_rotation(schedule=schedule, turns=_at_least(turns, now), by=by, now=now)
    return schedule, False


@transaction.atomic
def add_override(
    *,
    schedule: Schedule,
    person: Person | None,
    starts_at: datetime,
    ends_at: datetime,
    by: Actor,
    now: datetime,
    reason: str = "",
) -> Override:
    """`person`, or deliberately nobody, is on call in `[starts_at, ends_at)`.

    Asked for twice, it is one. Raises Invalid.
    """
    starts_at = now if now - GRACE <= starts_at < now else starts_at
    _check(_wrong_period(starts_at, ends_at, now))
    made, new = Override.objects.get_or_create(
        schedule=schedule,
        person=person,
        starts_at=starts_at,
        ends_at=ends_at,
        withdrawn_at=None,
        defaults={"reason": reason.strip()[:200], "created_at": now, "created_by": by.person},
    )
    if new:
        _record(by, "override", schedule, {"override": (None, _override_told(made))}, now)
    return made


@transaction.atomic
def withdraw_override(*, override: Override, by: Actor, now: datetime) -> Override:
    """The layers decide again, from now. One that has begun ends now and stays in the past. Raises OverIsOver."""
    override = Override.objects.select_for_update(of=("self",)).select_related("schedule", "person").get(pk=override.pk)
    if override.withdrawn_at is not None or override.ends_at <= now:
        raise OverIsOver
    before = _override_told(override)
    if override.starts_at < now:
        override.ends_at = now
        override.save(update_fields=["ends_at"])
    else:
        override.withdrawn_at = now
        override.save(update_fields=["withdrawn_at"])
    _record(by, "withdraw-override", override.schedule, {"override": (before, None)}, now)
    return override


@transaction.atomic
def take_over(*, schedule: Schedule, person: Person, by: Actor, now: datetime) -> Override:
    """`person` has it from now until whoever has it would have handed over; in a gap, until the gap ends.

    Where no end is in sight it is for twelve hours. Raises AlreadyOnCall.
    """
    Schedule.objects.select_for_update().get(pk=schedule.pk)
    pure = rotation_of(with_layers([schedule.slug], overrides_from=now)[0])
    stretch = rotation.on_call(pure, now)
    if isinstance(stretch, rotation.Shift) and stretch.person == person.ref:
        raise AlreadyOnCall
    handoff = rotation.next_handoff(pure, now, within=timedelta(days=31))
    return add_override(
        schedule=schedule,
        person=person,
        starts_at=now,
        ends_at=handoff.at if handoff else now + TAKE_OVER,
        by=by,
        now=now,
        reason="took over",
    )


def _insert(slug: str, name: str, team: Team | None, time_zone: str, now: datetime) -> Schedule:
    try:
        with transaction.atomic():
            return Schedule.objects.create(slug=slug, name=name.strip(), team=team, time_zone=time_zone, created_at=now)
    except IntegrityError as error:
        raise NameTaken(f"There is a schedule {slug} already; choose another name.") from error


def _free_slug(name: str) -> str:
    wanted = slugify(name)[:70] or "schedule"
    taken = set(Schedule.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(s for s in (wanted, *(f"{wanted}-{n}" for n in range(2, 1000))) if s not in taken)


def _rename(schedule: Schedule, name: str, team: Team | None, by: Actor, now: datetime) -> None:
    before, after = (schedule.name, schedule.team), (name.strip(), team)
    if before == after:
        return
    schedule.name, schedule.team = after
    schedule.save(update_fields=["name", "team"])
    diff = {"name": (before[0], after[0]), "team": (_ref_of(before[1]), _ref_of(team))}
    _record(by, "rename", schedule, diff, now)


def _write_version(schedule: Schedule, turns: Turns, by: Actor, now: datetime) -> LayerVersion:
    return LayerVersion.objects.create(
        schedule=schedule,
        name="Primary",
        people=list(turns.people),
        unit=turns.unit,
        length=turns.length,
        handoff=turns.handoff,
        weekday=turns.weekday,
        starts_at=turns.starts_at,
        created_at=now,
        created_by=by.person,
    )


def _version_at(schedule: Schedule, at: datetime) -> LayerVersion | None:
    return schedule.layers.filter(position=0, starts_at__lte=at).order_by("starts_at", "pk").last()


def _turns_of(row: LayerVersion) -> Turns:
    return Turns(tuple(row.people), row.starts_at, row.unit, row.length, row.handoff, row.weekday)


def _without_start(turns: Turns) -> tuple[object, ...]:
    weekday = turns.weekday if turns.unit == "week" else 0
    return turns.people, turns.unit, turns.length, turns.handoff.replace(second=0, microsecond=0), weekday


def _not_before(turns: Turns, now: datetime) -> Turns:
    if turns.starts_at < now - GRACE:
        _check([FieldError("starts_at", "past", "A change can't begin in the past; choose a moment from now on.")])
    return _at_least(turns, now)


def _at_least(turns: Turns, now: datetime) -> Turns:
    return Turns(turns.people, max(turns.starts_at, now), turns.unit, turns.length, turns.handoff, turns.weekday)


def _wrong_name(name: str) -> Iterable[FieldError]:
    if not name.strip():
        yield FieldError("name", "required", "Give the schedule a name, such as the team's.")
    elif len(name.strip()) > 200:
        yield FieldError("name", "too-long", "Use at most 200 characters.")


def _wrong_zone(zone: str) -> Iterable[FieldError]:
    if zone not in available_timezones():
        yield FieldError(
            "time_zone", "unknown", f"{zone!r} is not a time zone; write for example Europe/Berlin or UTC."
        )


def _moved_zone(schedule: Schedule, zone: str) -> Iterable[FieldError]:
    if zone != schedule.time_zone:
        yield FieldError(
            "time_zone",
            "fixed",
            f"It is {schedule.time_zone}; another zone would move past shifts. Make a new schedule.",
        )


def _wrong_turns(turns: Turns) -> Iterable[FieldError]:
    if turns.unit not in LONGEST_TURN:
        yield FieldError("unit", "unknown", "A turn is counted in hour, day or week.")
    elif not 1 <= turns.length <= LONGEST_TURN[turns.unit]:
        yield FieldError("length", "out-of-range", f"A turn lasts 1 to {LONGEST_TURN[turns.unit]} {turns.unit}s.")
    yield from _wrong_year("starts_at", turns.starts_at)
    if not 0 <= turns.weekday <= 6:
        yield FieldError("weekday", "out-of-range", "Monday is 0, Sunday is 6.")
    yield from _wrong_people(turns.people)


def _wrong_people(refs: tuple[str, ...]) -> Iterable[FieldError]:
    if not refs:
        yield FieldError("people", "required", "Name at least one person; without one nobody would be on call.")
    known = set(Person.objects.filter(ref__in=refs, retired_at=None).values_list("ref", flat=True))
    for ref in dict.fromkeys(refs):
        if ref not in known:
            yield FieldError("people", "unknown", f"Nobody is known as {ref}; register the person first.")


def _wrong_period(starts_at: datetime, ends_at: datetime, now: datetime) -> Iterable[FieldError]:
    if starts_at < now:
        yield FieldError("starts_at", "past", "An override can't begin in the past; choose a moment from now on.")
    if ends_at <= starts_at:
        yield FieldError("ends_at", "before-start", "It ends before it starts; choose a later end.")
    yield from _wrong_year("starts_at", starts_at)
    yield from _wrong_year("ends_at", ends_at)


def _wrong_year(name: str, at: datetime) -> Iterable[FieldError]:
    if at.year not in YEARS:
        yield FieldError(name, "out-of-range", f"Choose a year from {YEARS[0]} to {YEARS[-1]}.")


def _check(wrong: Iterable[FieldError]) -> None:
    found = tuple(wrong)
    if found:
        raise Invalid("; ".join(f"{error.field}: {error.message}" for error in found), errors=found)


def _told(turns: Turns) -> dict[str, object]:
    return {
        "people": list(turns.people),
        "every": f"{turns.length} {turns.unit}",
        "handoff": turns.handoff.isoformat("minutes"),
        "weekday": turns.weekday,
        "from": turns.starts_at.astimezone(ZoneInfo("UTC")).isoformat(),
    }


def _override_told(override: Override) -> dict[str, object]:
    return {
        "person": override.person.ref if override.person else None,
        "from": override.starts_at.isoformat(),
        "until": override.ends_at.isoformat(),
    }


def _ref_of(team: Team | None) -> str | None:
    return team.ref if team else None


def _record(by: Actor, verb: str, schedule: Schedule, diff: Mapping[str, tuple[object, object]], now: datetime) -> None:
    record_audit(actor=by, action=f"schedule.{verb}", object_ref=f"schedule:{schedule.slug}", diff=diff, now=now)
