"""Which presets to offer for a component and a data source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.models import Component
from portal.lib.crypto import CannotUnseal
from slo.models import DataSource
from slo.presets import Preset, fitting
from slo.prometheus import PrometheusError
from slo.sources import client

LOOKED_BACK = timedelta(hours=1)
"""A metric that had a sample within this is there now."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Presets with those of their metrics that are missing, best first; `error` where the source can't be asked."""

    presets: Sequence[tuple[Preset, tuple[str, ...]]]
    source: DataSource | None
    error: str = ""


def offered(*, component_ref: str, source_name: str, now: datetime) -> Offered:
    """All presets, those that fit the component and whose metrics its source has first; one question to the source."""
    component = Component.objects.filter(ref=component_ref).only("type").first() if component_ref else None
    found = DataSource.objects.filter(retired_at=None)
    source = found.filter(name=source_name).first() if source_name else found.filter(is_default=True).first()
    there: frozenset[str] | None = None
    error = "" if source else "There is no data source yet."
    if source is not None:
        at = now.timestamp()
        try:
            there = frozenset(client(source).metrics(start=at - LOOKED_BACK.total_seconds(), end=at))
        except (PrometheusError, CannotUnseal) as refused:
            error = str(refused)
    return Offered(fitting(component_type=component.type if component else "", there=there), source, error)
