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
    layers = sorted(schedule.layers.all(), key=attrgetter("position", "starts_at", "pk"))
    return rotation.Schedule(
        zone=schedule.time_zone,
        layers=tuple(
            layer
            for _, versions in groupby(layers, key=attrgetter("position"))
            for layer in _in_turn(list(versions), schedule.time_zone)
        ),
        overrides=tuple(_override(row) for row in schedule.overrides.all() if row.withdrawn_at is None),
    )


def _in_turn(versions: Sequence[LayerVersion], zone: str) -> list[rotation.Layer]:
    """Each version ends where the next one of its position starts."""
    ends = [_earlier(one.ends_at, other.starts_at) for one, other in pairwise(versions)]
    return [
        _layer(version, end, zone)
        for version, end in zip(versions, [*ends, versions[-1].ends_at], strict=True)
        if end is None or end > version.starts_at
    ]


def _layer(row: LayerVersion, end: datetime | None, zone: str) -> rotation.Layer:
    return rotation.Layer(
        name=row.name,
        people=tuple(row.people),
        unit=rotation.Unit(row.unit),
        start=row.starts_at,
        zone=zone,
        length=row.length,
        handoff=row.handoff,
        weekday=row.weekday,
        end=end,
        restrictions=tuple(_window(raw) for raw in row.restrictions),
    )


def _window(raw: Mapping[str, Any]) -> rotation.Window:
    days = frozenset(raw["days"]) if raw.get("days") else rotation.EVERY_DAY
    return rotation.Window(time.fromisoformat(raw["start"]), time.fromisoformat(raw["end"]), days)


def _override(row: Override) -> rotation.Override:
    return rotation.Override(row.person.ref if row.person else None, row.starts_at, row.ends_at, key=str(row.pk))


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
