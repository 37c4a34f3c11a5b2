"""Wall-clock times as instants: the one rule for handoffs, restrictions and conditions at the edges of summer time.

A wall-clock time happens at the *first* instant at which the zone's clock has reached it. So a time in the spring gap
happens at the first minute that exists after it, and a time in the autumn overlap at the first of the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))


@lru_cache(maxsize=16_384)
def instant(local: datetime, zone: str) -> datetime:
    """The first UTC instant at which the clock of `zone` has reached the naive `local`."""
    tz = ZoneInfo(zone)
    found = local.replace(tzinfo=tz, fold=0).astimezone(UTC)
    if found.astimezone(tz).replace(tzinfo=None) == local:
        return found
    before_gap = local.replace(tzinfo=tz, fold=1).astimezone(UTC)
    return _first_reached(local, tz, before_gap, found)


def instant_on(day: date, at: time, zone: str) -> datetime:
    """The instant of the wall-clock time `at` on `day`."""
    return instant(datetime.combine(day, at), zone)


def local_date(at: datetime, zone: str) -> date:
    """The date a calendar in `zone` shows at the aware `at`."""
    return at.astimezone(ZoneInfo(zone)).date()


def _first_reached(local: datetime, tz: ZoneInfo, too_early: datetime, late_enough: datetime) -> datetime:
    """The end of a spring gap, to the second: halves the stretch between an instant before it and one after it."""
    while late_enough - too_early > timedelta(seconds=1):
        middle = too_early + timedelta(seconds=(late_enough - too_early) // timedelta(seconds=2))
        if middle.astimezone(tz).replace(tzinfo=None) >= local:
            late_enough = middle
        else:
            too_early = middle
    return late_enough


@dataclass(frozen=True, slots=True)
class Window:
    """A local-clock window `[start, end)` on the given `days` (Monday is 0).

    When `end <= start` it runs over midnight and belongs to the day on which it starts; equal times are a whole day.
    """

    start: time
    end: time
    days: frozenset[int] = EVERY_DAY

    def on(self, day: date, zone: str) -> tuple[datetime, datetime] | None:
        """The window that starts on `day` as instants; None when `day` has none."""
        if day.weekday() not in self.days:
            return None
        last = day if self.end > self.start else day + ONE_DAY
        return instant_on(day, self.start, zone), instant_on(last, self.end, zone)


@dataclass(frozen=True, slots=True)
class Opening:
    """The answer to "is it open at that moment": `[start, end)` holds the moment and has one answer throughout.

    A missing bound means that it has been, or stays, so for longer than a week.
    """

    is_open: bool
    start: datetime | None
    end: datetime | None


def opening(windows: tuple[Window, ...], at: datetime, zone: str) -> Opening:
    """Whether any of `windows` is open at `at` by the clock of `zone`, and the stretch for which that holds.

    The stretch ends wherever any window opens or closes, so that every moment in it is told the same stretch; windows
    that touch or overlap are not joined.
    """
    spans = list(_spans_around(windows, at, zone))
    edges = [edge for span in spans for edge in span]
    return Opening(
        any(start <= at < end for start, end in spans),
        max((edge for edge in edges if edge <= at), default=None),
        min((edge for edge in edges if edge > at), default=None),
    )


def _spans_around(windows: tuple[Window, ...], at: datetime, zone: str) -> list[tuple[datetime, datetime]]:
    """Windows near enough that the last one closed and the next one to open are among them: a week, or two days."""
    today = local_date(at, zone)
    reach = 2 if all(window.days == EVERY_DAY for window in windows) else 9
    days = [today + timedelta(days=offset) for offset in range(-reach, reach + 1)]
    found = [window.on(day, zone) for window in windows for day in days]
    return [span for span in found if span is not None and span[0] < span[1]]
