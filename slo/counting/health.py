"""What `up` and `process_start_time_seconds` tell of the scraped targets (rule 1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from slo.counting.constants import Rules
from slo.counting.samples import Series

type TargetKey = tuple[str, ...]
"""The values of the target labels."""


@dataclass(frozen=True, slots=True)
class Health:
    """One target: when scrapes of it succeeded (None: nobody says), and the process start each scrape reported."""

    scraped: frozenset[float] | None = None
    starts: Mapping[float, float] = field(default_factory=dict)


NOTHING_KNOWN = Health()


def health_by_target(up: Iterable[Series], starts: Iterable[Series], rules: Rules) -> dict[TargetKey, Health]:
    """Health by target. Where two series claim one target nothing is known of it, so that nothing is concluded."""
    scrapes, processes = _single(up, rules), _single(starts, rules)
    return {key: Health(_successes(scrapes.get(key)), _reported(processes.get(key))) for key in {*scrapes, *processes}}


def _single(series: Iterable[Series], rules: Rules) -> dict[TargetKey, Series | None]:
    found: dict[TargetKey, Series | None] = {}
    for one in series:
        key = tuple(one.labels.get(name, "") for name in rules.target_labels)
        found[key] = one if key not in found or _same(found[key], one) else None
    return found


def _same(one: Series | None, other: Series) -> bool:
    """Two requests may answer with the same series."""
    return one is not None and one.labels == other.labels


def _successes(series: Series | None) -> frozenset[float] | None:
    return None if series is None else frozenset(at for at, value in series.samples if value == "1")


def _reported(series: Series | None) -> dict[float, float]:
    return {} if series is None else {at: float(value) for at, value in series.samples}
