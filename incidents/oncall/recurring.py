"""PURE: the next time of something that happens every week or month by the clock of a zone."""

from datetime import datetime, time

from incidents.oncall.wallclock import ONE_DAY, instant_on, local_date

LOOKS_AHEAD = 45
"""Days, within which every monthly day comes by."""


def next_time(*, monthly: bool, weekday: int, at: time, zone: str, after: datetime) -> datetime:
    """The first moment after `after` at which a clock in `zone` shows `at` on that weekday (Monday is 0).

    Monthly is on the first such day of a month. A time in the spring gap is the first minute after it, one in the
    autumn overlap the first of the two. Raises KeyError for an unknown zone.
    """
    today = local_date(after, zone)
    for ahead in range(LOOKS_AHEAD):
        day = today + ahead * ONE_DAY
        if day.weekday() != weekday or (monthly and day.day > 7):
            continue
        found = instant_on(day, at, zone)
        if found > after:
            return found
    raise AssertionError("every month has each weekday within its first seven days")
