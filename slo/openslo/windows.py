"""PURE: time windows: rolling days, or a calendar's unit in a time zone."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from catalog.manifest.fields import Fields
from slo.openslo import shorthand

CALENDARS = {("w", 1): "week", ("M", 1): "month", ("Q", 1): "quarter", ("M", 3): "quarter", ("Y", 1): "year",
             ("M", 12): "year", ("Q", 4): "year"}  # fmt: skip
SPOKEN = {"week": "1w", "month": "1M", "quarter": "1Q", "year": "1Y"}
START = "2024-01-01 00:00:00"
"""A Monday, and the first of a year: every calendar's unit began then."""
STARTED = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")
DEFAULT = "30d"
LONGEST = 90


class Window(NamedTuple):
    """`days` such as `30d` or a calendar's unit; the zone; the startTime where it says something else than we do."""

    window: str
    zone: str = "UTC"
    start: str = ""


def read_window(spec: Fields) -> Window:
    """An SLO's timeWindow; rolling 30 days where there is none."""
    found = spec.each("timeWindow")
    if not found:
        return Window(DEFAULT)
    if len(found) > 1:
        spec.error("timeWindow[1]", "one_window", "an SLO has one window; write another SLO for the other")
    one = found[0]
    one.only(("duration", "isRolling", "calendar"))
    rolling, text = one.flag("isRolling"), one.text("duration", required=True)
    calendar = one.inside("calendar")
    if calendar is not None and rolling:
        one.error(
            "isRolling", "rolling_calendar", "a window with a calendar does not roll: write false, or no calendar"
        )
        return Window(DEFAULT)
    if calendar is None and not rolling:
        words = "write isRolling: true, or a calendar with startTime and timeZone"
        one.error("isRolling", "no_calendar", words)
        return Window(DEFAULT)
    try:
        count, unit = shorthand.cut(text) if text else (30, "d")
    except shorthand.BadShorthand as error:
        one.error("duration", "format", str(error))
        return Window(DEFAULT)
    return _rolling(one, text) if calendar is None else _calendar(one, calendar, count, unit)


def _rolling(one: Fields, text: str) -> Window:
    length = shorthand.length(text) if text else timedelta(days=30)
    if length % timedelta(days=1) or not timedelta(days=1) <= length <= timedelta(days=LONGEST):
        hint = "; m is minutes, M is months" if text.endswith("m") else ""
        one.error("duration", "range", f"{text!r}: a rolling window has 1 to {LONGEST} whole days{hint}")
        return Window(DEFAULT)
    return Window(f"{length.days}d")


def _calendar(one: Fields, calendar: Fields, count: int, unit: str) -> Window:
    calendar.only(("startTime", "timeZone"))
    found = CALENDARS.get((unit, count), "")
    if not found:
        hint = "; m is minutes, M is months" if unit == "m" else ""
        words = f"{count}{unit}: calendars here are {', '.join(SPOKEN.values())}{hint}"
        one.error("duration", "calendar", words)
        return Window(DEFAULT)
    zone = calendar.text("timeZone", required=True)
    try:
        ZoneInfo(zone or "UTC")
    except (ValueError, LookupError, OSError):
        calendar.error("timeZone", "unknown", f"{zone!r}: write a zone such as Europe/Berlin")
        zone = "UTC"
    return Window(found, zone or "UTC", _start(calendar, found))


def _start(calendar: Fields, unit: str) -> str:
    text = calendar.text("startTime", required=True)
    try:
        at = datetime.fromisoformat(text) if STARTED.fullmatch(text) else None
    except ValueError:
        at = None
    if at is None:
        if text:
            calendar.error("startTime", "format", f"{text!r}: write it as {START}, without a zone")
        return ""
    midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
    begun = {
        "week": at.weekday() == 0,
        "month": at.day == 1,
        "quarter": at.day == 1 and at.month % 3 == 1,
        "year": (at.day, at.month) == (1, 1),
    }[unit]
    if not (midnight and begun):
        words = f"a {unit} begins at midnight on its {'Monday' if unit == 'week' else 'first day'} here, not then"
        calendar.warn("startTime", "not_honoured", words)
    return "" if text == START else text


def write_window(window: Window) -> list[Mapping[str, Any]]:
    """As `timeWindow` has it."""
    if window.window not in SPOKEN:
        return [{"duration": window.window, "isRolling": True}]
    calendar = {"startTime": window.start or START, "timeZone": window.zone}
    return [{"duration": SPOKEN[window.window], "isRolling": False, "calendar": calendar}]
