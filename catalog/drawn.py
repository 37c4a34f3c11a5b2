"""The trend of scorecards as numbers for an SVG and a table: shares of components by level, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from catalog.models import ScoreDay
from portal.lib.drawn import share

GAP = 0.1
"""Part of a day's column that stays empty."""
FEW, LAP = 31, 0.1
"""More days than these stand without gaps, which a phone would show as stripes: each laps over the next a little."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One level of one day: where it stands in the plot (SVG lengths in per cent) and what it says."""

    level: int
    x: str
    y: str
    width: str
    height: str
    said: str


@dataclass(frozen=True, slots=True)
class Trend:
    """Columns of a stretch of days, oldest first; a day nobody counted has none."""

    first: date
    last: date
    bars: tuple[Bar, ...]
    rows: tuple[tuple[date, int, int, int, int], ...]
    label: str
    dates: tuple[date, date]
    """What the ends of the axis are, which is at least two weeks long."""


def trend_of(days: Sequence[ScoreDay]) -> Trend | None:
    """The trend of these days; None without any."""
    if not days:
        return None
    first, last = days[0].day, max(days[-1].day, days[0].day + timedelta(days=13))
    width = 1 / ((last - first).days + 1)
    drawn = width * (1 - GAP if width * FEW >= 1 else 1 + LAP)
    bars = [bar for one in days for bar in _column(one, (one.day - first).days * width, drawn)]
    rows = [(one.day, *(int(n) for n in one.levels)) for one in reversed(days)]
    reached, all_of_it = sum(days[-1].levels[2:]), sum(days[-1].levels)
    label = f"{reached} of {all_of_it} reach silver or gold on {days[-1].day:%-d %b}; {days[0].day:%-d %b} to then."
    return Trend(first, days[-1].day, tuple(bars), tuple(rows), label, (first, last))  # type: ignore[arg-type]  # always four levels


def _column(one: ScoreDay, x: float, width: float) -> list[Bar]:
    total, below = sum(one.levels), 1.0
    bars = []
    for level in (3, 2, 1, 0):  # gold stands at the bottom, so that more of it is a rising line
        height = one.levels[level] / total if total else 0.0
        below -= height
        if height:
            said = f"{one.day:%-d %b}: {one.levels[level]} of {total}"
            bars.append(Bar(level, share(x), share(below), share(width), share(height), said))
    return bars
