"""What the on-call pages show, read once and shaped for drawing: the board, one schedule, the preview of a rotation."""

from calendar import day_abbr, day_name
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.urls import reverse

from catalog.models import Person
from incidents.models import Absence, LayerVersion, Override, Schedule
from incidents.oncall import lanes, rotation
from incidents.oncall.checking import Found, problems_of
from incidents.oncall.notes import Notes, notes_of
from incidents.oncall.problems import Kind
from incidents.oncall.schedules import in_force, layer_of, rotation_with
from incidents.oncall.wallclock import local_date
from incidents.operations.turns import Turns, check, expanded, turns_of, wrong_turns
from incidents.queries import oncall as queries
from incidents.queries.oncall import Duty, Hole, OnCall
from portal.lib.errors import FieldError, Invalid

AHEAD = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Board:
    """All schedules: who has them now, the timeline, my shifts, gaps and overrides of the next four weeks."""

    on_call: list[OnCall]
    axis: lanes.Axis
    lanes: list[lanes.Lane]
    my_shifts: list[Duty]
    holes: list[Hole]
    overrides: list[Override]
    zones: int
    problems: list[Found]


@dataclass(frozen=True, slots=True)
class OneSchedule:
    """One schedule: now, its timeline by layer and final, what comes, its overrides, its rotation as planned."""

    on_call: OnCall
    axis: lanes.Axis
    lanes: list[lanes.Lane]
    shifts: list[Duty]
    holes: list[Hole]
    overrides: list[Override]
    versions: list["Version"]
    problems: list[Found]
    notes: Notes


@dataclass(frozen=True, slots=True)
class Version:
    """What the rotation says from a moment on, in words; `planned` has not begun."""

    words: str
    people: list[str]
    starts_at: datetime
    planned: bool
    name: str = ""
    position: int = 0
    ends_at: datetime | None = None
    removable: bool = False


@dataclass(frozen=True, slots=True)
class Coming:
    """A stretch of a preview, to its true end; without a `name` it is a gap, without an `end` it lasts."""

    name: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Four weeks as they would be, and as they are without the change; the handoffs in order."""

    axis: lanes.Axis
    lanes: list[lanes.Lane]
    shifts: list[Coming]
    holes: list[rotation.Gap]


def board(*, now: datetime, first_day: date, days: int, zone: str, me: Person | None) -> Board:
    """Everything of the on-call page in a handful of queries."""
    axis = lanes.axis(first_day, days, now=now, zone=zone)
    loaded = queries.schedules(since=min(now, axis.start))
    drawn = [(row, rotation.stretches(queries.readable(row), axis.start, axis.end)) for row in loaded]
    names = _names(stretch for _, stretches in drawn for stretch in stretches)
    return Board(
        on_call=queries.on_call_now(loaded, now=now),
        axis=axis,
        lanes=[_final(row, stretches, axis, names) for row, stretches in drawn],
        my_shifts=queries.duties(loaded, now, now + AHEAD, of=me, beyond=AHEAD) if me else [],
        holes=[hole for hole in queries.holes(loaded, now, now + AHEAD) if not hole.decided],
        overrides=queries.overrides_ahead(loaded, now=now),
        zones=len({row.time_zone for row in loaded}),
        problems=but_gaps(problems_of(loaded, now=now, whole=True)),
    )


def one(schedule: Schedule, *, now: datetime, first_day: date, days: int, zone: str) -> OneSchedule:
    """Everything of a schedule's page."""
    axis = lanes.axis(first_day, days, now=now, zone=zone)
    return OneSchedule(
        on_call=queries.on_call_now([schedule], now=now)[0],
        axis=axis,
        lanes=_layers_and_final(schedule, axis),
        shifts=queries.duties([schedule], now, now + AHEAD, beyond=AHEAD),
        holes=[hole for hole in queries.holes([schedule], now, now + AHEAD) if not hole.decided],
        overrides=queries.overrides_ahead([schedule], now=now),
        versions=_versions(schedule, now),
        problems=but_gaps(problems_of([schedule], now=now)),
        notes=notes_of(schedule, now=now),
    )


def but_gaps(found: Iterable[Found]) -> list[Found]:
    """Gaps have a list of their own, beside it."""
    return [one for one in found if one.problem.kind is not Kind.GAP]


def of_team(
    loaded: Sequence[Schedule], *, now: datetime, known: Mapping[str, Person] | None = None
) -> list[tuple[OnCall, Hole | None]]:
    """A team's schedules: who has each, and the first gap of the next four weeks; people `known` are not asked for."""
    first: dict[int, Hole] = {}
    for hole in queries.holes(loaded, now, now + AHEAD):
        if not hole.decided:
            first.setdefault(hole.schedule.pk, hole)
    return [(one, first.get(one.schedule.pk)) for one in queries.on_call_now(loaded, now=now, known=known)]


def preview(
    turns: Turns, *, zone: str, shown_in: str, now: datetime, of: Schedule | None = None, position: int = 0
) -> Preview:
    """Four weeks around the change of the layer at `position`, which may be a new one, `zone` being the schedule's.

    Raises Invalid where the rotation makes no sense.
    """
    (turns,) = expanded([turns])
    check(wrong_turns([turns]))
    row = turns.version(of or Schedule(time_zone=zone), position)
    before = queries.readable(of) if of else rotation.Schedule(zone)
    after = _with_version(of, row, zone)
    return compared(before if of else None, after, since=row.starts_at, now=now, shown_in=shown_in)


def compared(
    before: rotation.Schedule | None, after: rotation.Schedule, *, since: datetime, now: datetime, shown_in: str
) -> Preview:
    """Four weeks from the day before `since` on: as they will be, and as they are `before`; what comes then."""
    today = max(now, since - timedelta(days=1))
    axis = lanes.axis(local_date(today, shown_in), 28, now=now, zone=shown_in)
    to_be = rotation.stretches(after, axis.start, axis.end)
    as_is = rotation.stretches(before, axis.start, axis.end) if before else []
    names, tints = _names([*as_is, *to_be]), lanes.tints_of([*to_be, *as_is])
    begun = None if before else min(now, since)
    drawn = [lanes.lane("As it will be", to_be, axis, names=names, tints=tints, since=begun)]
    if before:
        drawn.append(lanes.lane("As it is", as_is, axis, names=names, tints=tints, sub=True))
    from_now = rotation.stretches(after, max(now, since), axis.end)
    holes = [one for one in from_now if isinstance(one, rotation.Gap) and one.override is None]
    whole = rotation.stretches(after, max(now, since), axis.end + AHEAD)
    told = [one for one in whole if one.start is None or one.start < axis.end]
    return Preview(axis, drawn, _told(told, names, until=axis.end + AHEAD), holes)


def _with_version(of: Schedule | None, row: LayerVersion, zone: str) -> rotation.Schedule:
    kept = [] if of is None else list(of.layers.all())
    versions = [one for one in kept if one.position != row.position or one.starts_at < row.starts_at]
    try:
        if of is not None:
            return rotation_with(of, [*versions, row])
        return rotation.Schedule(zone, (layer_of(row, row.ends_at, zone),))
    except (ValueError, KeyError, OverflowError) as error:
        raise Invalid(str(error), errors=(FieldError("", "invalid", str(error)),)) from error


def initial_turns(schedule: Schedule, now: datetime, position: int = 0) -> dict[str, object]:
    """A layer as it is in force, as a form's first values; a change is proposed for the next handoff."""
    rows = [row for row in in_force(schedule.layers.all(), now) if row.position == position]
    handoff = rotation.next_handoff(queries.readable(schedule), now)
    starts_at = handoff.at if handoff else now
    if not rows:
        return {"starts_at": starts_at}
    row = rows[0]
    people = queries.people_by_ref(row.people)
    return {
        "people": [f"{people[ref].label} ({ref})" if ref in people else ref for ref in row.people],
        "length": row.length,
        "unit": row.unit,
        "handoff": row.handoff,
        "weekday": row.weekday,
        "starts_at": starts_at,
        "layer_name": row.name,
        "ends_at": row.ends_at,
        **_window_values(row.restrictions[0] if row.restrictions else {}),
        "further_windows": turns_of(row).restrictions[1:],
    }


def _window_values(raw: Mapping[str, Any]) -> dict[str, object]:
    return {"window_start": raw.get("start"), "window_end": raw.get("end"), "window_days": raw.get("days") or []}


def _final(row: Schedule, stretches: Sequence[rotation.Stretch], axis: lanes.Axis, names: dict[str, str]) -> lanes.Lane:
    url = reverse("incidents:schedule", args=[row.slug])
    return lanes.lane(
        row.name, stretches, axis, names=names, tints=lanes.tints_of(stretches), url=url, since=_begun(row)
    )


def _begun(row: Schedule) -> datetime:
    """Since when there is this schedule: since it was made, or what it says holds from before."""
    return min([row.created_at, *(version.starts_at for version in row.layers.all())])


def _layers_and_final(schedule: Schedule, axis: lanes.Axis) -> list[lanes.Lane]:
    """The final schedule, and below it each layer by itself, the topmost first, and the overrides."""
    pure = queries.readable(schedule)
    final = rotation.stretches(pure, axis.start, axis.end)
    layers = [(name, rotation.stretches(one, axis.start, axis.end)) for name, one in _by_position(schedule, pure)]
    overrides = [stretch for stretch in final if stretch.override is not None]
    everybody = [*(stretch for _, found in layers for stretch in found), *final]
    names, tints = _names(everybody), lanes.tints_of(everybody)
    return [
        lanes.lane("Final", final, axis, names=names, tints=tints, since=_begun(schedule)),
        lanes.lane("Overrides", overrides, axis, names=names, tints=tints, sub=True),
        *(lanes.lane(name, found, axis, names=names, tints=tints, sub=True, holes=False) for name, found in layers),
        *_away(everybody, names, axis),
    ]


def _away(everybody: Iterable[rotation.Stretch], names: Mapping[str, str], axis: lanes.Axis) -> list[lanes.Lane]:
    """A row for each of these people who says to be away."""
    refs = {one.person for one in everybody if isinstance(one, rotation.Shift)}
    rows = Absence.objects.filter(person__ref__in=refs, starts_at__lt=axis.end, ends_at__gt=axis.start)
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for ref, start, end in rows.order_by("person__called", "starts_at").values_list(
        "person__ref", "starts_at", "ends_at"
    ):
        spans.setdefault(ref, []).append((start, end))
    return [lanes.away(names.get(ref, ref), found, axis) for ref, found in spans.items()]


def _by_position(schedule: Schedule, pure: rotation.Schedule) -> list[tuple[str, rotation.Schedule]]:
    """Each layer alone, the topmost first, by the name it has now; a schedule that can't be read has none."""
    if not pure.layers:
        return []
    rows = sorted(schedule.layers.all(), key=attrgetter("position", "starts_at"))
    by_position = {position: list(versions) for position, versions in groupby(rows, key=attrgetter("position"))}
    return [
        (versions[-1].name, replace(rotation_with(schedule, versions), overrides=()))
        for _, versions in sorted(by_position.items(), reverse=True)
        if any(version.people for version in versions)
    ]


def _versions(schedule: Schedule, now: datetime) -> list[Version]:
    """Every layer as it is in force and as it will be, the topmost first; the reader sees what is planned."""
    rows = list(schedule.layers.all())
    held = in_force(rows, now)
    shown = [*held, *(row for row in rows if row.starts_at > now and row not in held)]
    shown.sort(key=lambda row: (-row.position, row.starts_at))
    people = queries.people_by_ref(ref for row in shown for ref in row.people)
    return [
        Version(
            turns_in_words(row),
            [queries.name_of(ref, people.get(ref)) for ref in row.people],
            row.starts_at,
            row.starts_at > now,
            row.name,
            row.position,
            row.ends_at,
            row in held and len(held) > 1,
        )
        for row in shown
    ]


def turns_in_words(row: LayerVersion) -> str:
    """`Every 2 weeks, Mondays at 09:00, only 18:00–08:00 Mon–Fri`."""
    if not row.people:
        return "Taken away"
    only = "; ".join(_window_in_words(raw) for raw in row.restrictions)
    return f"{_rhythm_in_words(row)}, only {only}" if only else _rhythm_in_words(row)


def _window_in_words(raw: Mapping[str, Any]) -> str:
    days = ", ".join(day_abbr[day] for day in raw.get("days") or [])
    clock = "all day" if raw["start"] == raw["end"] else f"{raw['start']} to {raw['end']}"
    return f"{clock} on {days}" if days else clock


def _rhythm_in_words(row: LayerVersion) -> str:
    every = f"Every {row.unit}" if row.length == 1 else f"Every {row.length} {row.unit}s"
    if row.unit == LayerVersion.Unit.WEEK:
        return f"{every}, {day_name[row.weekday]}s at {row.handoff:%H:%M}"
    return f"{every}, {'at' if row.unit == LayerVersion.Unit.DAY else 'counted from'} {row.handoff:%H:%M}"


def _names(stretches: Iterable[rotation.Stretch]) -> dict[str, str]:
    refs = {stretch.person for stretch in stretches if isinstance(stretch, rotation.Shift)}
    return {ref: person.label for ref, person in queries.people_by_ref(refs).items()}


def _told(stretches: Iterable[rotation.Stretch], names: dict[str, str], *, until: datetime) -> list[Coming]:
    return [
        Coming(
            names.get(one.person, one.person) if isinstance(one, rotation.Shift) else "",
            one.start,
            one.end if one.end is not None and one.end < until else None,
        )
        for one in stretches
        if one.start is not None
    ]
