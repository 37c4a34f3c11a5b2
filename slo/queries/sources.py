"""Data sources and how they are."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from slo.models import DataSource


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


def sources() -> list[SourceRow]:
    """All data sources in use, by name."""
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
        )
        for one in DataSource.objects.filter(retired_at=None).annotate(used=used).order_by("name")
    ]
