"""Data sources and how they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Window
from django.db.models.functions import RowNumber

from portal.lib.errors import Missing
from slo.models import DataSource, ReplicaChange

REPLICAS_SHOWN = 5


class NoSuchSource(Missing):
    """There is no data source of that name."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One data source; `reachable` is None where nobody has asked yet."""

    pk: int
    name: str
    url: str
    kind: str
    is_default: bool
    reachable: bool | None
    version: str
    latency: float | None
    ok_at: datetime | None
    down_since: datetime | None
    error: str
    warning: str
    objectives: int
    delay: timedelta
    """How long a minute really waits for late samples."""
    lag: timedelta | None
    description: str
    replica_changes: tuple[ReplicaChange, ...]
    """When another replica was counted, newest first, at most `REPLICAS_SHOWN`."""


def sources() -> list[SourceRow]:
    """All data sources in use, by name."""
    rows = ReplicaChange.objects.annotate(
        place=Window(RowNumber(), partition_by="source_id", order_by=("-at", "-pk"))
    ).filter(place__lte=REPLICAS_SHOWN)
    changes: dict[int, list[ReplicaChange]] = {}
    for row in rows.order_by("-at", "-pk"):
        changes.setdefault(row.source_id, []).append(row)
    used = Count("definitions", filter=Q(definitions__retired_at=None))
    return [
        SourceRow(
            pk=one.pk,
            name=one.name,
            url=one.url,
            kind=one.kind,
            is_default=one.is_default,
            reachable=one.reachable,
            version=one.version,
            latency=one.latency,
            ok_at=one.ok_at,
            down_since=one.down_since,
            error=one.error,
            warning=one.warning,
            objectives=one.used,
            delay=one.effective_delay,
            lag=one.lag,
            description=one.description,
            replica_changes=tuple(changes.get(one.pk, ())),
        )
        for one in DataSource.objects.filter(retired_at=None).annotate(used=used).order_by("name")
    ]


def source_by_name(name: str) -> DataSource:
    """The data source of that name, in use. Raises NoSuchSource."""
    found = DataSource.objects.filter(name=name, retired_at=None).first()
    if found is None:
        raise NoSuchSource(f"There is no data source {name}.")
    return found


def sources_down() -> list[DataSource]:
    """Those that don't answer, longest first: one fact each, however many objectives ask there."""
    return list(DataSource.objects.filter(retired_at=None, down_since__isnull=False).order_by("down_since"))
