"""Which presets to offer for a component and a data source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.models import Component
from portal.lib.crypto import CannotUnseal
from slo.indicators import kinds
from slo.models import DataSource
from slo.presets import Preset, fitting
from slo.prometheus import PrometheusError
from slo.sources import client

MOST_VALUES = 100
LOOKED_BACK = timedelta(hours=1)
"""A metric that had a sample within this is there now."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Presets with those of their metrics that are missing, best first; `error` where the source can't be asked."""

    presets: Sequence[tuple[Preset, tuple[str, ...]]]
    source: DataSource | None
    error: str = ""
    component_type: str = ""

    def fits(self, preset: Preset) -> bool:
        """Whether it is for components of this type."""
        return not preset.suits or self.component_type in preset.suits


def offered(*, component_ref: str, source_name: str, now: datetime) -> Offered:
    """All presets, those that fit the component and whose metrics its source has first; one question to the source."""
    component = Component.objects.filter(ref=component_ref).only("type").first() if component_ref else None
    source = _source(source_name)
    there: frozenset[str] | None = None
    error = "" if source else "There is no data source yet."
    if source is not None:
        at = now.timestamp()
        try:
            there = frozenset(client(source).metrics(start=at - LOOKED_BACK.total_seconds(), end=at))
        except (PrometheusError, CannotUnseal) as refused:
            error = str(refused)
    type_ = component.type if component else ""
    return Offered(fitting(component_type=type_, there=there), source, error, type_)


def values_offered(preset: Preset, *, source_name: str, now: datetime) -> dict[str, list[str]]:
    """The values that each label one may narrow by has now, sorted, at most a hundred; none where nobody answers."""
    source, found = _source(source_name), dict[str, list[str]]()
    if source is None or not kinds[preset.type].groupable:
        return found
    counted = kinds[preset.type].selectors(preset.indicator)
    selector, at = str(counted.get("total") or counted["good"]), now.timestamp()
    try:
        for label in preset.narrow:
            values = client(source).label_values(
                label, selector=selector, start=at - LOOKED_BACK.total_seconds(), end=at
            )  # fmt: skip
            found[label] = values[:MOST_VALUES]
    except (PrometheusError, CannotUnseal):
        return found
    return found


def _source(name: str) -> DataSource | None:
    found = DataSource.objects.filter(retired_at=None)
    return found.filter(name=name).first() if name else found.filter(is_default=True).first()
