"""How late we are: the watcher's own figures."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds; None where nothing waits, or where a sweep has never come by."""

    oldest_timer: float | None
    oldest_notification: float | None
    sweeps: dict[str, float]


def lateness(*, now: datetime) -> Lateness:
    """Age of the oldest overdue timer, of the oldest undelivered page, and of each sweep's last pass."""
    raise NotImplementedError
