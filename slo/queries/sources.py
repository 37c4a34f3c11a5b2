"""Data sources and how they are."""

from dataclasses import dataclass
from datetime import datetime


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
    raise NotImplementedError
