"""Rotations that began half a century ago, against counting every handoff since; shifts of an hour to four weeks."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.oncall.rotation import Layer, Schedule, Shift, Unit, layer_on_call, on_call
from tests.incidents.rotation_by_minutes import utc

ZONES = {
    "Europe/Berlin": (utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)),
    "America/Chicago": (utc(2026, 3, 8, 8), utc(2026, 11, 1, 7)),
    "Australia/Lord_Howe": (utc(2026, 10, 3, 15, 30), utc(2026, 4, 4, 15)),
    "Asia/Kolkata": (utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)),
}
"""Zone and the instants at which its clock jumps that year."""

PEOPLE = ("a", "b", "c")
START = utc(1976, 5, 3, 12)  # a Monday
NINE = time(9)


def counted(zone: str, unit: Unit, length: int, moments: list[datetime]) -> list[str]:
    """Whom counting finds: every nine o'clock of every day (of weeks: every Monday's) since the start, one by one."""
    tz, day = ZoneInfo(zone), START.astimezone(ZoneInfo(zone)).date() - timedelta(days=8)
    marks: list[datetime] = []
    while len(marks) < 20_000 and day.year < 2027:
        mark = datetime.combine(day, NINE, tz).astimezone(UTC)
        if unit is not Unit.WEEK or day.weekday() == 0:
            marks.append(mark)
        day += timedelta(days=1)
    first = max(index for index, mark in enumerate(marks) if mark <= START)
    if unit is Unit.HOUR:
        hours, latest = [marks[first]], max(moments)
        while hours[-1] <= latest:
            hours.append(hours[-1] + timedelta(hours=1))
        marks, first = hours, 0
    found, passed = [], first
    begun = (sum(mark <= START for mark in marks) - 1 - first) // length  # turns of hours that passed before the start
    for at in sorted(moments):
        while passed + 1 < len(marks) and marks[passed + 1] <= at:
            passed += 1
        found.append(PEOPLE[((passed - first) // length - begun) % len(PEOPLE)])
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("unit", "length"),
    [(Unit.HOUR, 1), (Unit.HOUR, 12), (Unit.HOUR, 168), (Unit.DAY, 1), (Unit.DAY, 10), (Unit.WEEK, 1), (Unit.WEEK, 4)],
)
def test_a_start_in_the_far_past_answers_as_counting_every_handoff_does(zone: str, unit: Unit, length: int) -> None:
    layer = Layer("old", PEOPLE, unit, START, zone, length, NINE)
    moments = [jump + timedelta(minutes=offset) for jump in sorted(ZONES[zone]) for offset in range(-4000, 4000, 31)]
    answers = [layer_on_call(layer, at) for at in moments]
    assert [one.person for one in answers if isinstance(one, Shift)] == counted(zone, unit, length, moments)


@pytest.mark.parametrize("unit", Unit)
def test_a_layer_that_was_moved_carries_on_in_its_turn(unit: Unit) -> None:
    since = utc(2026, 3, 27)
    whole = Layer("l", PEOPLE, unit, START, "Europe/Berlin", 3, NINE)
    moved = Layer("l", PEOPLE, unit, START, "Europe/Berlin", 3, NINE, since=since)
    for minutes in range(0, 9 * 1440, 47):
        at = since + timedelta(minutes=minutes)
        mine, other = layer_on_call(moved, at), layer_on_call(whole, at)
        assert isinstance(mine, Shift)
        assert isinstance(other, Shift)
        assert (mine.person, mine.end) == (other.person, other.end)
        assert mine.start is not None
        assert mine.start >= since
    assert not isinstance(on_call(Schedule("Europe/Berlin", (moved,)), since - timedelta(seconds=1)), Shift)
