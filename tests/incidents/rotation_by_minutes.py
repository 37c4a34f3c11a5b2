"""A second, dumb answer to "who is on call": walks a zone's clock minute by minute and counts handoffs as they pass.

It shares nothing with `incidents.oncall.rotation` but the dataclasses. The clock is ratcheted: when it is set back it
stands still until it has caught up, so each wall-clock time passes once, at the first minute that reaches it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from incidents.oncall.rotation import Layer, Override, Schedule, Unit, Window

MINUTE = timedelta(minutes=1)
LEAD = {Unit.HOUR: timedelta(days=3), Unit.DAY: timedelta(days=3), Unit.WEEK: timedelta(days=9)}
"""So long before the first minute that is asked for there was a handoff."""


@cache
def clock(zone: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """(instant, ratcheted local time) of every minute of `[start, end)`."""
    tz, shown, reading = ZoneInfo(zone), datetime.min, []  # noqa: DTZ901 - a naive lower bound of local times
    at = start
    while at < end:
        shown = max(shown, at.astimezone(tz).replace(tzinfo=None))
        reading.append((at, shown))
        at += MINUTE
    return reading


def layer_by_minutes(layer: Layer, start: datetime, end: datetime) -> Iterator[str | None]:
    """Whom the layer names at each minute of `[start, end)`; `start` is at or before the layer's."""
    counted = -1
    turn = 0
    since_first = timedelta(0)
    before = datetime.max  # noqa: DTZ901
    for at, shown in clock(layer.zone, start - LEAD[layer.unit], end):
        if _hands_over(layer, before, shown):
            if at <= layer.start:  # the last possible handoff at or before the start begins the count
                counted, turn, since_first = 0, 0, timedelta(0)
            else:
                counted += 1
        before = shown
        if layer.unit is Unit.HOUR:
            turn = since_first // timedelta(hours=layer.length)
            since_first += MINUTE
        else:
            turn = counted // layer.length
        if at == layer.start:
            first_turn = turn
        if at < start:
            continue
        inside = layer.start <= at and (layer.end is None or at < layer.end) and _is_open(layer.restrictions, shown)
        yield layer.people[(turn - first_turn) % len(layer.people)] if inside and layer.people else None


def schedule_by_minutes(schedule: Schedule, start: datetime, end: datetime) -> list[str | None]:
    """The final schedule, one entry a minute."""
    rows = [list(layer_by_minutes(layer, start, end)) for layer in schedule.layers]
    minutes = (end - start) // MINUTE
    return [_decide(schedule, [row[index] for row in rows], start + index * MINUTE) for index in range(minutes)]


def _decide(schedule: Schedule, named: list[str | None], at: datetime) -> str | None:
    covering = [override for override in schedule.overrides if _covers(override, at)]
    if covering:
        return covering[-1].person
    return next((person for person in reversed(named) if person is not None), None)


def _covers(override: Override, at: datetime) -> bool:
    return override.start <= at < override.end


def _hands_over(layer: Layer, before: datetime, shown: datetime) -> bool:
    """Whether the clock has reached a handoff time since the minute `before`."""
    if shown.minute != layer.handoff.minute and shown - before == MINUTE:
        return False
    stamp = shown.replace(hour=layer.handoff.hour, minute=layer.handoff.minute)
    stamps = [stamp, stamp - timedelta(days=1)]
    right_day = [s for s in stamps if layer.unit is not Unit.WEEK or s.weekday() == layer.weekday]
    return any(before < s <= shown for s in right_day)


def _is_open(windows: tuple[Window, ...], shown: datetime) -> bool:
    return not windows or any(_window_is_open(window, shown) for window in windows)


def _window_is_open(window: Window, shown: datetime) -> bool:
    today, yesterday = shown.weekday() in window.days, (shown.weekday() - 1) % 7 in window.days
    time = shown.time()
    if window.end > window.start:
        return today and window.start <= time < window.end
    return (today and time >= window.start) or (yesterday and time < window.end)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Short for an aware UTC datetime."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
