"""The platform lead's home: how the platform is in one row, the worst promises, how that went over the months."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog import queries as catalog
from catalog.drawn import trend_of
from catalog.models import Person
from incidents import analytics, analytics_drawn
from incidents.analytics import Figures, Spread
from incidents.asking import months_back, wanted
from incidents.operations.digests import zone_of
from portal.lib.durations import words

MONTHS = 12
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


def leads_platform(person: Person | None) -> bool:
    """Whether the platform is theirs to lead: platform admins."""
    return person is not None and person.platform_admin


def tiles(person: Person, *, now: datetime) -> dict[str, Any]:
    """Times to acknowledge and to restore of this month against last month's, and where pages reach nobody."""
    zone = zone_of(person.time_zone).key
    asked = wanted(since=months_back(2, now=now, zone=zone), until=None, now=now, zone=zone)
    months = analytics.figures(asked, ("month",))["month"]
    last, this = (months[-2], months[-1]) if len(months) > 1 else (None, months[-1] if months else None)
    return {
        "taken": _compared(this, last, "taken"),
        "restored": _compared(this, last, "restored"),
        "unreached": unreached(),
    }


def unreached() -> int:
    """Components whose pages reach nobody at some hour of the next four weeks, as the last sweep of scores found."""
    return catalog.scores(catalog.ScoreFilter(check="escalation", outcome="failed")).count()


def trends(person: Person, *, now: datetime) -> dict[str, Any]:
    """The last twelve months as charts with their tables, and the levels of scorecards day by day."""
    zone = zone_of(person.time_zone).key
    asked = wanted(since=months_back(MONTHS, now=now, zone=zone), until=None, now=now, zone=zone)
    drawn = analytics_drawn.overview(analytics.figures(asked, ("month",))["month"], asked)
    return {"charts": [one for one in drawn if one.id in CHARTS], "trend": trend_of(catalog.trend(now=now))}


def _compared(this: Figures | None, last: Figures | None, name: str) -> Compared:
    now: Spread | None = getattr(this, name) if this else None
    before: Spread | None = getattr(last, name) if last else None
    median = now.median if now else None
    then = before.median if before else None
    if median is None or then is None or last is None:
        return Compared(median, now.count if now else 0, "none last month" if median is not None else "none yet", "")
    change = median - then
    if abs(change) < 1:
        return Compared(median, now.count if now else 0, f"as in {last.label}", "")
    worse = change > 0
    said = f"{words(timedelta(seconds=abs(change)))} {'slower' if worse else 'faster'} than in {last.label}"
    return Compared(median, now.count if now else 0, said, "bad" if worse else "good")
