"""Who is on call: now, next, in a period, and where nobody is; a few queries for any number of schedules."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q

from catalog.models import Person, Team
from incidents.models import Override, Schedule, TeamPaging
from incidents.oncall import rotation
from incidents.oncall.schedules import in_use_with_layers, rotation_of, with_layers
from portal.lib.errors import Missing

log = structlog.get_logger(__name__)

FOUR_WEEKS = timedelta(weeks=4)


class NoSuchSchedule(Missing):
    """There is no schedule with this name."""


class NoSuchOverride(Missing):
    """There is no such override on this schedule, or it was withdrawn."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who has a schedule at one moment. `person` is None in a gap, and for a `ref` that nobody is known by.

    `until` is when somebody else, or nobody, has it; None is no end within a year. `by_override` says that the layers
    were overridden. `next_ref` is None when nobody follows or nothing changes.
    """

    schedule: Schedule
    ref: str | None
    person: Person | None
    until: datetime | None
    by_override: bool
    next_ref: str | None
    next_person: Person | None

    @property
    def nobody(self) -> bool:
        """Whether this is a gap."""
        return self.ref is None

    @property
    def name(self) -> str:
        """What to call whoever has it; empty in a gap."""
        return name_of(self.ref, self.person)

    @property
    def next_name(self) -> str:
        """What to call whoever is next; empty for nobody."""
        return name_of(self.next_ref, self.next_person)


@dataclass(frozen=True, slots=True)
class Duty:
    """One stretch of one schedule in which `person` (by `ref`) is on call."""

    schedule: Schedule
    ref: str
    person: Person | None
    start: datetime
    end: datetime
    by_override: bool

    @property
    def name(self) -> str:
        """What to call the person."""
        return name_of(self.ref, self.person)


@dataclass(frozen=True, slots=True)
class Hole:
    """Nobody is on call; `decided` by an override that says so; `lasting` beyond the period that was asked about."""

    schedule: Schedule
    start: datetime
    end: datetime
    decided: bool
    lasting: bool

    @property
    def length(self) -> timedelta:
        """How long."""
        return self.end - self.start


def name_of(ref: str | None, person: Person | None) -> str:
    """A person's label; the bare name of a reference that nobody is known by; empty for nobody."""
    return person.label if person else (ref or "").rpartition("/")[2]


def schedules(*, since: datetime, slugs: Iterable[str] | None = None) -> list[Schedule]:
    """Schedules in use (all, or those named) with team, layers, and the overrides that reach beyond `since`."""
    return with_layers(slugs, overrides_from=since)


def schedule_by_slug(slug: str, *, since: datetime | None = None) -> Schedule:
    """With layers and overrides, those ended before `since` left out. Raises NoSuchSchedule."""
    found = with_layers([slug], overrides_from=since)
    if not found:
        raise NoSuchSchedule(f"There is no schedule {slug}.")
    return found[0]


def override_of(schedule: Schedule, pk: int) -> Override:
    """An override in force or to come. Raises NoSuchOverride."""
    found = schedule.overrides.filter(pk=pk, withdrawn_at=None).select_related("person").first()
    if found is None:
        raise NoSuchOverride
    return found


def readable(schedule: Schedule) -> rotation.Schedule:
    """The schedule for the pure module; one that can't be read is logged and shown as what it is, nobody on call."""
    try:
        return rotation_of(schedule)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        log.exception("schedule can't be read", schedule=schedule.slug, error=str(error))
        return rotation.Schedule("UTC")


def on_call_now(
    loaded: Iterable[Schedule], *, now: datetime, known: Mapping[str, Person] | None = None
) -> list[OnCall]:
    """Who has each of the schedules at `now`, and who is next; one query for all people but those `known` already."""
    found = [(row, *_now_and_next(readable(row), now)) for row in loaded]
    refs = {ref for _, stretch, handoff in found for ref in (_ref(stretch), _taker(handoff)) if ref}
    people = {**(known or {}), **people_by_ref(refs - (known or {}).keys())}
    return [_on_call(row, stretch, handoff, people) for row, stretch, handoff in found]


def on_call_of_teams(teams: Iterable[Team | int], *, now: datetime) -> dict[int, OnCall]:
    """Team key to who is on call for it: by the schedule it is shown by, else its first by name; without any, no entry.

    Four queries for any number of teams.
    """
    wanted = {team.pk if isinstance(team, Team) else team for team in teams}
    return shown_on_call(wanted, schedules_of_teams(wanted, since=now), now=now)


def schedules_of_teams(
    team_ids: Collection[int] | None, *, since: datetime, slugs: Collection[str] = ()
) -> list[Schedule]:
    """As `schedules`, by name: theirs, and those they are shown by, with the ids of the latter in `shown_for`.

    Those of `slugs` come along, whose ever they are. None are all teams, and all schedules.
    """
    if team_ids is None:
        shown_for = ArraySubquery(TeamPaging.objects.filter(schedule=OuterRef("pk")).values("team_id"))
        return list(in_use_with_layers(overrides_from=since).annotate(shown_for=shown_for).order_by("name", "slug"))
    if not team_ids and not slugs:
        return []
    named = TeamPaging.objects.filter(team__in=team_ids)
    shown_for = ArraySubquery(named.filter(schedule=OuterRef("pk")).values("team_id"))
    theirs = Q(team__in=team_ids) | Q(pk__in=named.exclude(schedule=None).values("schedule"))
    if slugs:
        theirs |= Q(slug__in=slugs)
    found = in_use_with_layers(overrides_from=since).filter(theirs).annotate(shown_for=shown_for)
    return list(found.order_by("name", "slug"))


def shown_on_call(team_ids: Collection[int], loaded: Sequence[Schedule], *, now: datetime) -> dict[int, OnCall]:
    """As `on_call_of_teams`, of what `schedules_of_teams` loaded; one query."""
    shown: dict[int, Schedule] = {}
    for row in loaded:
        if row.team_id is not None and row.team_id in team_ids:
            shown.setdefault(row.team_id, row)
    shown |= {pk: row for row in loaded for pk in getattr(row, "shown_for", ()) if pk in team_ids}
    found = {one.schedule.pk: one for one in on_call_now({row.pk: row for row in shown.values()}.values(), now=now)}
    return {pk: found[row.pk] for pk, row in shown.items()}


def duties(
    loaded: Iterable[Schedule],
    start: datetime,
    end: datetime,
    *,
    of: Person | None = None,
    beyond: timedelta = timedelta(0),
) -> list[Duty]:
    """All shifts in `[start, end)`, soonest first, clipped; only those `of` one person when given.

    The end of a shift is told up to `beyond` the end of the period.
    """
    shifts = [(row, shift) for row in loaded for shift in rotation.shifts(readable(row), start, end + beyond)]
    if of is not None:
        shifts = [(row, shift) for row, shift in shifts if shift.person == of.ref]
    people = people_by_ref(shift.person for _, shift in shifts)
    found = [
        Duty(row, shift.person, people.get(shift.person), shift.start, shift.end, shift.override is not None)
        for row, shift in shifts
        if shift.start is not None and shift.end is not None and shift.start < end
    ]
    return sorted(found, key=lambda duty: (duty.start, duty.schedule.name))


def holes(loaded: Iterable[Schedule], start: datetime, end: datetime) -> list[Hole]:
    """When nobody is on call in `[start, end)`, soonest first, clipped."""
    found = [
        Hole(row, gap.start, gap.end, gap.override is not None, gap.end >= end)
        for row in loaded
        for gap in rotation.gaps(readable(row), start, end)
        if gap.start is not None and gap.end is not None
    ]
    return sorted(found, key=lambda hole: (hole.start, hole.schedule.name))


def people_by_ref(refs: Iterable[str]) -> dict[str, Person]:
    """Those of the references that somebody is known by, in one query."""
    wanted = set(refs)
    return {person.ref: person for person in Person.objects.filter(ref__in=wanted)} if wanted else {}


def overrides_ahead(loaded: Sequence[Schedule], *, now: datetime) -> list[Override]:
    """Overrides in force and to come of schedules loaded by `schedules`, soonest first, with their schedules."""
    found = [override for row in loaded for override in row.overrides.all() if override.ends_at > now]
    return sorted(found, key=lambda override: (override.starts_at, override.pk))


def _now_and_next(pure: rotation.Schedule, now: datetime) -> tuple[rotation.Stretch, rotation.Handoff | None]:
    return rotation.on_call(pure, now), rotation.next_handoff(pure, now)


def _on_call(
    row: Schedule, stretch: rotation.Stretch, handoff: rotation.Handoff | None, people: dict[str, Person]
) -> OnCall:
    ref, following = _ref(stretch), _taker(handoff)
    return OnCall(
        schedule=row,
        ref=ref,
        person=people.get(ref or ""),
        until=handoff.at if handoff else None,
        by_override=stretch.override is not None,
        next_ref=following,
        next_person=people.get(following or ""),
    )


def _ref(stretch: rotation.Stretch) -> str | None:
    return stretch.person if isinstance(stretch, rotation.Shift) else None


def _taker(handoff: rotation.Handoff | None) -> str | None:
    return handoff.taker if handoff else None
