"""The platform lead's home: how the platform is in one row, the worst promises, how that went over the months."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog import queries as catalog
from catalog.drawn import trend_of
from catalog.models import Person
from incidents import analytics, analytics_drawn
from incidents.analytics import Figures, Spread
from incidents.asking import months_back, wanted
from incidents.models import Schedule
from incidents.queries.analytics import Wanted
from portal.lib.durations import words
from portal.lib.zones import zone_of
from portal.pages.watch import uncovered

MONTHS = 12
LEAST_MONTHS = 3
"""So many are drawn also where the first incident is younger: a chart of one month shows no direction."""
CHARTS = frozenset({"incidents", "taken", "restored", "blocked"})
AS_ME = "me"
"""`/?as=me`: the ordinary home, for who has both."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A median of this month in seconds, and in words how it stands to last month's; None where there is none."""

    median: float | None
    of: int
    note: str
    tone: str


def months(count: int, *, now: datetime, zone: str) -> list[Figures]:
    """The last `count` calendar months of that zone, the running one last."""
    return analytics.figures(_asked(count, now=now, zone=zone), ("month",))["month"]


def months_of(person: Person, count: int, *, now: datetime) -> list[Figures]:
    """`months` by the clock of the reader."""
    return months(count, now=now, zone=zone_of(person.time_zone).key)


def tiles(told: Sequence[Figures], schedules: Collection[Schedule], *, now: datetime) -> dict[str, Any]:
    """Times to acknowledge and to restore of this month, the last of `told`, against last month's, and whose pages
    reach nobody by the schedules there are.
    """
    *before, this = told
    last = before[-1] if before else analytics.nothing("", "")  # in the very first moment of a month
    return {
        "taken": _compared(this.taken, last.taken),
        "restored": _compared(this.restored, last.restored),
        "uncovered": sum(
            uncovered(now=now, load=lambda slugs, _: [one for one in schedules if one.slug in slugs]).values()
        ),
    }


def trends(person: Person, told: Sequence[Figures], *, now: datetime) -> dict[str, Any]:
    """The months since the first incident among `told` as charts with their tables, and the levels of scorecards day
    by day.
    """
    shown = since_first(told)
    drawn = analytics_drawn.overview(shown, _asked(len(shown), now=now, zone=zone_of(person.time_zone).key))
    return {"charts": [one for one in drawn if one.id in CHARTS], "trend": trend_of(catalog.trend(now=now))}


def since_first(told: Sequence[Figures], *, least: int = LEAST_MONTHS) -> Sequence[Figures]:
    """Those months from the first one with an incident on, and at least so many: before it there is nothing to see."""
    began = next((at for at, one in enumerate(told) if one.incidents or one.symptoms), len(told))
    return told[max(0, min(began, len(told) - least)) :]


def _asked(count: int, *, now: datetime, zone: str) -> Wanted:
    return wanted(since=months_back(count, now=now, zone=zone), until=None, now=now, zone=zone)


def _compared(this: Spread, last: Spread) -> Compared:
    if this.median is None or last.median is None:
        return Compared(this.median, this.count, "none yet" if this.median is None else "none last month", "")
    change = this.median - last.median
    if abs(change) < 1:
        return Compared(this.median, this.count, "as last month", "")
    worse = change > 0
    said = f"{words(timedelta(seconds=abs(change)))} {'slower' if worse else 'faster'} than last month"
    return Compared(this.median, this.count, said, "bad" if worse else "good")
