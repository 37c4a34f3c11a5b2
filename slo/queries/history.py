"""An objective over time, out of its ledger: budgets, burn rates, days and gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from slo.models import Objective


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """The budget at a moment: `remaining` is None before anything was counted."""

    at: datetime
    remaining: float | None
    good: int | float
    total: int | float


@dataclass(frozen=True, slots=True)
class DayCounts:
    """A day (UTC) of an objective. `known_minutes` 0 means that nothing is known of it; then the counts are None."""

    day: date
    good: int | float | None
    bad: int | float | None
    total: int | float | None
    known_minutes: int
    spent: float | None
    """Share of the whole period's budget that this day's bad events are."""


def history(objective: Objective, *, now: datetime, points: int = 240) -> list[HistoryPoint]:
    """The burn-down over the period so far: what is left of this period's budget at `points` moments, oldest first.

    The budget is that of the period as it stands now, so that the line ends at today's `remaining`.
    """
    raise NotImplementedError


def burn_history(
    objective: Objective, *, windows: Sequence[timedelta], since: datetime, until: datetime, points: int = 240
) -> dict[timedelta, list[tuple[datetime, float | None]]]:
    """Burn rate over each of `windows` at `points` moments of `[since, until]`; None without traffic or data."""
    raise NotImplementedError


def by_day(objective: Objective, *, now: datetime, days: int = 30) -> list[DayCounts]:
    """Good and bad by day (UTC), oldest first, today last."""
    raise NotImplementedError


def spent_by_day(objectives: Sequence[Objective], *, now: datetime, days: int = 30) -> Mapping[int, list[DayCounts]]:
    """`by_day` of many objectives at once, by primary key: the heat map and the small lines of the fleet table."""
    raise NotImplementedError


def gaps(objective: Objective, *, now: datetime) -> list[tuple[datetime, datetime]]:
    """Stretches of the period of which nothing is known, `[from, to)`, longest first, at most 20."""
    raise NotImplementedError
