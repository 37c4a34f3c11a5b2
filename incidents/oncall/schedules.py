"""Schedule rows as the pure `rotation.Schedule`, loaded in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

from django.db.models import Prefetch, QuerySet

from incidents.models import LayerVersion, Override, Schedule
from incidents.oncall import rotation


def with_layers(slugs: Iterable[str] | None = None, *, overrides_from: datetime | None = None) -> list[Schedule]:
    """Schedules with layers and overrides prefetched, in a fixed number of queries; None loads all that are in use.

    `overrides_from` leaves out overrides that ended before.
    """
    in_use = in_use_with_layers(overrides_from=overrides_from)
    return list(in_use if slugs is None else in_use.filter(slug__in=set(slugs)))


def in_use_with_layers(*, overrides_from: datetime | None = None) -> QuerySet[Schedule]:
    """As `with_layers`, to be narrowed."""
    overrides = Override.objects.filter(withdrawn_at=None).select_related("person")
    if overrides_from is not None:
        overrides = overrides.filter(ends_at__gt=overrides_from)
    in_use = Schedule.objects.filter(retired_at=None).select_related("team")
    return in_use.prefetch_related("layers", Prefetch("overrides", overrides))


def rotation_of(schedule: Schedule) -> rotation.Schedule:
    """The schedule for the pure module; people are their references. Raises ValueError or KeyError for nonsense."""
    return rotation_with(schedule, schedule.layers.all())


def rotation_with(schedule: Schedule, versions: Iterable[LayerVersion]) -> rotation.Schedule:
    """As `rotation_of`, but with these versions of its layers, saved or not, for previews."""
    layers = sorted(versions, key=attrgetter("position", "starts_at", "pk"))
    return rotation.Schedule(
        zone=schedule.time_zone,
        layers=tuple(
            layer
            for _, group in groupby(layers, key=attrgetter("position"))
            for layer in _in_turn(list(group), schedule.time_zone)
        ),
        overrides=tuple(_override(row) for row in schedule.overrides.all() if row.withdrawn_at is None),
    )


def in_force(versions: Iterable[LayerVersion], at: datetime) -> list[LayerVersion]:
    """The version of each position that holds at `at` or, before its first, that one; from bottom to top.

    Layers that were taken away are left out; one that has ended by its own end is not.
    """
    layers = sorted(versions, key=attrgetter("position", "starts_at", "pk"))
    held: dict[int, LayerVersion] = {}
    for row in layers:
        if row.starts_at <= at or row.position not in held:
            held[row.position] = row
    return [row for row in held.values() if row.people]


def _in_turn(versions: Sequence[LayerVersion], zone: str) -> list[rotation.Layer]:
    """Each version ends where the next one of its position starts."""
    ends = [_earlier(one.ends_at, other.starts_at) for one, other in pairwise(versions)]
    return [
        layer_of(version, end, zone)
        for version, end in zip(versions, [*ends, versions[-1].ends_at], strict=True)
        if end is None or end > version.starts_at
    ]


def layer_of(row: LayerVersion, end: datetime | None, zone: str) -> rotation.Layer:
    """One version, which ends at `end`, as the pure module knows it. Raises ValueError or KeyError for nonsense."""
    return rotation.Layer(
        name=row.name,
        people=tuple(row.people),
        unit=rotation.Unit(row.unit),
        start=row.counted_from or row.starts_at,
        zone=zone,
        length=row.length,
        handoff=row.handoff,
        weekday=row.weekday,
        end=end,
        restrictions=tuple(window_of(raw) for raw in row.restrictions),
        since=row.starts_at,
    )


def window_of(raw: Mapping[str, Any]) -> rotation.Window:
    """A restriction as it is kept: `{"start": "18:00", "end": "08:00", "days": [0]}`, every day without days."""
    days = frozenset(raw["days"]) if raw.get("days") else rotation.EVERY_DAY
    return rotation.Window(time.fromisoformat(raw["start"]), time.fromisoformat(raw["end"]), days)


def window_json(window: rotation.Window) -> dict[str, Any]:
    """The other way round."""
    days = {} if window.days == rotation.EVERY_DAY else {"days": sorted(window.days)}
    return {"start": window.start.isoformat("minutes"), "end": window.end.isoformat("minutes"), **days}


def _override(row: Override) -> rotation.Override:
    return rotation.Override(row.person.ref if row.person else None, row.starts_at, row.ends_at, key=str(row.pk))


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
