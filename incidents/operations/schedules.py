"""What people do to schedules: make one, change its rotation from a date on, override it, take over now.

A rotation is never edited: a change is a further version that holds from its own moment. None may begin in the past, so
that "who was on call then" keeps its answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify

from catalog.access import Actor
from catalog.models import Person, Team
from catalog.operations import record_audit
from catalog.operations.locking import hold_refs
from incidents.models import Override, PolicyVersion, Schedule, TeamPaging
from incidents.oncall import rotation
from incidents.oncall.schedules import rotation_of, with_layers
from incidents.operations.layers import MOST_LAYERS, change_rotation, write_layers
from incidents.operations.turns import GRACE, Turns, check, expanded, told, wrong_turns, wrong_year
from incidents.policies import newest_version
from portal.lib.errors import Expected, FieldError

__all__ = ["Turns", "change_rotation"]

TAKE_OVER = timedelta(hours=12)
"""How long a take-over lasts where the schedule names no end."""


RESERVED = frozenset({"new", "problems", "fairness"})
"""Pages beside those of schedules."""


class NameTaken(Expected):
    """There is a schedule by this name already; choose another name."""


class StillUsed(Expected):
    """An escalation policy names this schedule; take it out of the policy first."""


class AlreadyOnCall(Expected):
    """This person is on call already; nothing was changed."""


class OverIsOver(Expected):
    """This override has ended or was withdrawn; nothing was changed."""


@transaction.atomic
def create_schedule(
    *,
    name: str,
    team: Team | None,
    time_zone: str,
    turns: Turns,
    by: Actor,
    now: datetime,
    slug: str = "",
    above: Sequence[Turns] = (),
) -> Schedule:
    """A schedule with one rotation, and those `above` it. A team's first schedule becomes the one it is shown by.

    Without `slug` one is made from the name. Raises Invalid, NameTaken.
    """
    layers = expanded([turns, *above])
    if slug in RESERVED:
        check([FieldError("slug", "reserved", f"{slug} is an address of the portal's own; choose another name.")])
    check([*_wrong_name(name), *_wrong_zone(time_zone), *wrong_turns(layers), *_wrong_count(layers)])
    schedule = _insert(slug or _free_slug(name), name, team, time_zone, now)
    for position, one in enumerate(layers):
        row = one.version(schedule, position)
        row.created_at, row.created_by = now, by.person
        row.save(force_insert=True)
    if team is not None:
        paging, _ = TeamPaging.objects.get_or_create(team=team)
        TeamPaging.objects.filter(pk=paging.pk, schedule=None).update(schedule=schedule)
    diff = {"rotation" if place == 0 else f"layer {place}": (None, told(one)) for place, one in enumerate(layers)}
    _record(by, "create", schedule, diff, now)
    return schedule


@transaction.atomic
def put_schedule(
    *,
    slug: str,
    name: str,
    team: Team | None,
    time_zone: str,
    turns: Turns,
    by: Actor,
    now: datetime,
    above: Sequence[Turns] = (),
) -> tuple[Schedule, bool]:
    """Make the schedule `slug` say this, and whether that made it. Said twice, nothing changes.

    A differing layer holds from its `starts_at`, or from now where that has passed; layers that are not named end now.
    A schedule that was retired is back. Raises Invalid; also for a changed zone, which would move the past's shifts.
    """
    hold_refs(written=[f"schedule:{slug}"])
    schedule = Schedule.objects.select_for_update(of=("self",)).select_related("team").filter(slug=slug).first()
    if schedule is None:
        made = create_schedule(
            slug=slug, name=name, team=team, time_zone=time_zone, turns=turns, by=by, now=now, above=above
        )
        return made, True
    layers = expanded([turns, *above])
    wrong = [*_wrong_name(name), *_moved_zone(schedule, time_zone), *wrong_turns(layers), *_wrong_count(layers)]
    check(wrong)
    _rename(schedule, name, team, by, now)
    write_layers(schedule=schedule, layers=layers, by=by, now=now)
    return schedule, False


@transaction.atomic
def retire_schedule(*, schedule: Schedule, by: Actor, now: datetime) -> None:
    """Nobody is on call by it any more; policies that name it go on to their next step. Raises StillUsed."""
    schedule = Schedule.objects.select_for_update().get(pk=schedule.pk)
    if schedule.retired_at is not None:
        return
    using = _policies_naming(schedule, now)
    if using:
        raise StillUsed(f"{', '.join(using[:5])} would call nobody; take the schedule out of the policy first.")
    schedule.retired_at = now
    schedule.save(update_fields=["retired_at"])
    TeamPaging.objects.filter(schedule=schedule).update(schedule=None)
    _record(by, "retire", schedule, {"retired": (None, now.isoformat())}, now)


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
    check(_wrong_period(starts_at, ends_at, now))
    Schedule.objects.select_for_update(no_key=True).get(pk=schedule.pk)  # of two clicks the second finds the first's
    period = {"starts_at": starts_at, "ends_at": ends_at}
    there = Override.objects.filter(schedule=schedule, person=person, withdrawn_at=None, **period).first()
    if there is not None:
        return there
    said = {"reason": reason.strip()[:200], "created_at": now, "created_by": by.person}
    made = Override.objects.create(schedule=schedule, person=person, **period, **said)
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


def _policies_naming(schedule: Schedule, now: datetime) -> list[str]:
    named = [{"targets": [{"kind": "schedule", "ref": schedule.slug}]}]
    newest = PolicyVersion.objects.filter(policy__retired_at=None, pk=newest_version(now))
    found = newest.filter(Q(steps__contains=named) | Q(steps_low__contains=named))
    return list(found.order_by("policy__name").values_list("policy__name", flat=True))


def _insert(slug: str, name: str, team: Team | None, time_zone: str, now: datetime) -> Schedule:
    try:
        with transaction.atomic():
            return Schedule.objects.create(slug=slug, name=name.strip(), team=team, time_zone=time_zone, created_at=now)
    except IntegrityError as error:
        raise NameTaken(f"There is a schedule {slug} already; choose another name.") from error


def _free_slug(name: str) -> str:
    wanted = slugify(name)[:70] or "schedule"
    taken = {*RESERVED, *Schedule.objects.filter(slug__startswith=wanted).values_list("slug", flat=True)}
    return next(s for s in (wanted, *(f"{wanted}-{n}" for n in range(2, 1000))) if s not in taken)


def _rename(schedule: Schedule, name: str, team: Team | None, by: Actor, now: datetime) -> None:
    before, after = (schedule.name, schedule.team), (name.strip(), team)
    if before == after and schedule.retired_at is None:
        return
    schedule.name, schedule.team, schedule.retired_at = *after, None
    schedule.save(update_fields=["name", "team", "retired_at"])
    diff = {"name": (before[0], after[0]), "team": (_ref_of(before[1]), _ref_of(team))}
    _record(by, "rename", schedule, diff, now)


def _wrong_name(name: str) -> Iterable[FieldError]:
    if not name.strip():
        yield FieldError("name", "required", "Give the schedule a name, such as the team's.")
    elif len(name.strip()) > 200:
        yield FieldError("name", "too-long", "Use at most 200 characters.")


def _wrong_count(layers: Sequence[Turns]) -> Iterable[FieldError]:
    if len(layers) > MOST_LAYERS:
        yield FieldError("layers", "too-many", f"A schedule has at most {MOST_LAYERS} layers.")


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


def _wrong_period(starts_at: datetime, ends_at: datetime, now: datetime) -> Iterable[FieldError]:
    if starts_at < now:
        yield FieldError("starts_at", "past", "An override can't begin in the past; choose a moment from now on.")
    if ends_at <= starts_at:
        yield FieldError("ends_at", "before-start", "It ends before it starts; choose a later end.")
    yield from wrong_year("starts_at", starts_at)
    yield from wrong_year("ends_at", ends_at)


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
