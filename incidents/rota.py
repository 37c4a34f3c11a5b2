"""What the on-call pages show, read once and shaped for drawing: the board, one schedule, the preview of a rotation."""

from calendar import day_name
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.urls import reverse

from catalog.models import Person
from incidents.models import LayerVersion, Override, Schedule
from incidents.oncall import lanes, rotation
from incidents.oncall.wallclock import local_date
from incidents.operations.schedules import Turns
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


@dataclass(frozen=True, slots=True)
class Version:
    """What the rotation says from a moment on, in words; `planned` has not begun."""

    words: str
    people: list[str]
    starts_at: datetime
    planned: bool


@dataclass(frozen=True, slots=True)
class Coming:
    """A stretch of a preview; without a `name` it is a gap."""

    name: str
    start: datetime
    end: datetime


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
    )


def of_team(loaded: Sequence[Schedule], *, now: datetime) -> list[tuple[OnCall, Hole | None]]:
    """A team's schedules: who has each, and the first gap of the next four weeks."""
    first: dict[int, Hole] = {}
    for hole in queries.holes(loaded, now, now + AHEAD):
        if not hole.decided:
            first.setdefault(hole.schedule.pk, hole)
    return [(one, first.get(one.schedule.pk)) for one in queries.on_call_now(loaded, now=now)]


def preview(turns: Turns, *, zone: str, shown_in: str, now: datetime, of: Schedule | None = None) -> Preview:
    """Four weeks around the change, `zone` being the schedule's. Raises Invalid where the rotation makes no sense."""
    try:
        layer = turns.layer(zone)
    except (ValueError, KeyError, OverflowError) as error:
        raise Invalid(str(error), errors=(FieldError("", "invalid", str(error)),)) from error
    before = queries.readable(of) if of else rotation.Schedule(zone)
    after = replace(before, layers=(*(_ended(one, layer.start) for one in before.layers), layer))
    today = max(now, layer.start - timedelta(days=1))
    axis = lanes.axis(local_date(today, shown_in), 28, now=now, zone=shown_in)
    as_is, to_be = (rotation.stretches(one, axis.start, axis.end) for one in (before, after))
    names, tints = _names([*as_is, *to_be]), lanes.tints_of([*to_be, *as_is])
    drawn = [lanes.lane("As it will be", to_be, axis, names=names, tints=tints)]
    if of:
        drawn.append(lanes.lane("As it is", as_is, axis, names=names, tints=tints, sub=True))
    from_now = rotation.stretches(after, max(now, layer.start), axis.end)
    return Preview(
        axis,
        drawn,
        _told(from_now, names),
        [one for one in from_now if isinstance(one, rotation.Gap) and one.override is None],
    )


def initial_turns(schedule: Schedule, now: datetime) -> dict[str, object]:
    """The rotation in force, as a form's first values; a change is proposed for the next handoff."""
    rows = [row for row in schedule.layers.all() if row.starts_at <= now] or list(schedule.layers.all()[:1])
    if not rows:
        return {"starts_at": now}
    row = rows[-1]
    people = queries.people_by_ref(row.people)
    handoff = rotation.next_handoff(queries.readable(schedule), now)
    return {
        "people": [f"{people[ref].label} ({ref})" if ref in people else ref for ref in row.people],
        "length": row.length,
        "unit": row.unit,
        "handoff": row.handoff,
        "weekday": row.weekday,
        "starts_at": handoff.at if handoff else now,
    }


def _final(row: Schedule, stretches: Sequence[rotation.Stretch], axis: lanes.Axis, names: dict[str, str]) -> lanes.Lane:
    url = reverse("incidents:schedule", args=[row.slug])
    return lanes.lane(row.name, stretches, axis, names=names, tints=lanes.tints_of(stretches), url=url)


def _layers_and_final(schedule: Schedule, axis: lanes.Axis) -> list[lanes.Lane]:
    pure = queries.readable(schedule)
    final = rotation.stretches(pure, axis.start, axis.end)
    layers = rotation.stretches(replace(pure, overrides=()), axis.start, axis.end)
    overrides = [stretch for stretch in final if stretch.override is not None]
    names, tints = _names([*final, *layers]), lanes.tints_of([*layers, *final])
    return [
        lanes.lane("Final", final, axis, names=names, tints=tints),
        lanes.lane("Rotation", layers, axis, names=names, tints=tints, sub=True, holes=False),
        lanes.lane("Overrides", overrides, axis, names=names, tints=tints, sub=True),
    ]


def _versions(schedule: Schedule, now: datetime) -> list[Version]:
    """The rotation in force and those to come; the reader sees what is planned."""
    rows = list(schedule.layers.all())
    shown = [row for row in rows if row.starts_at <= now][-1:] + [row for row in rows if row.starts_at > now]
    people = queries.people_by_ref(ref for row in shown for ref in row.people)
    return [
        Version(
            _turns_in_words(row),
            [queries.name_of(ref, people.get(ref)) for ref in row.people],
            row.starts_at,
            row.starts_at > now,
        )
        for row in shown
    ]


def _turns_in_words(row: LayerVersion) -> str:
    """`Every 2 weeks, Mondays at 09:00`."""
    every = f"Every {row.unit}" if row.length == 1 else f"Every {row.length} {row.unit}s"
    if row.unit == LayerVersion.Unit.WEEK:
        return f"{every}, {day_name[row.weekday]}s at {row.handoff:%H:%M}"
    return f"{every}, {'at' if row.unit == LayerVersion.Unit.DAY else 'counted from'} {row.handoff:%H:%M}"


def _ended(layer: rotation.Layer, at: datetime) -> rotation.Layer:
    end = at if layer.end is None else min(at, layer.end)
    return replace(layer, end=max(end, layer.start))


def _names(stretches: Iterable[rotation.Stretch]) -> dict[str, str]:
    refs = {stretch.person for stretch in stretches if isinstance(stretch, rotation.Shift)}
    return {ref: person.label for ref, person in queries.people_by_ref(refs).items()}


def _told(stretches: Iterable[rotation.Stretch], names: dict[str, str]) -> list[Coming]:
    return [
        Coming(names.get(one.person, one.person) if isinstance(one, rotation.Shift) else "", one.start, one.end)
        for one in stretches
        if one.start is not None and one.end is not None
    ]
