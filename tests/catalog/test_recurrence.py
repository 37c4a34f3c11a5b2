"""Planned windows over summer time, against a walk minute by minute."""

import time as clock
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.recurrence import BadRule, Plan, Span, current, faults, instant, occurrences, parse_rule, upcoming

ZONES = ("Europe/Berlin", "America/Chicago", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "UTC")
EDGES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/Chicago": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Asia/Kolkata": (date(2026, 5, 1),),
    "America/Sao_Paulo": (date(2018, 11, 4), date(2019, 2, 17)),  # at midnight
    "UTC": (date(2026, 5, 1),),
}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def local(year: int, month: int, day: int, hour: int, minute: int) -> datetime:
    """A wall-clock time, which has no zone of its own."""
    return datetime.combine(date(year, month, day), time(hour, minute))


def plan(start: str, lasts: timedelta, rule: str = "", zone: str = "Europe/Berlin") -> Plan:
    first = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    return Plan(first, (first.astimezone(UTC) + lasts), rule, zone)


def said(of: Plan, start: str, end: str) -> list[str]:
    zone = ZoneInfo(of.zone)
    edges = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (start, end))
    spans = occurrences(of, *edges)
    return [f"{a.astimezone(zone):%d %b %H:%M} {b.astimezone(zone):%H:%M}" for a, b in spans]


def wall(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def walked(of: Plan, starts: list[datetime], lasts: timedelta, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The minutes of `[begin, end)` in which a window is open, found by looking at the zone's clock every minute.

    It opens at the first minute at which the clock has reached its start, and closes so at its end.
    """
    waiting, at = [(local, local + lasts) for local in starts], begin - 40 * HOUR
    opened: dict[datetime, bool] = {}
    while at < end:
        now = wall(at, of.zone)
        for opens, closes in waiting:
            if opens not in opened and now >= opens:
                opened[opens] = True
            if opened.get(opens) and now >= closes:
                opened[opens] = False
        if at >= begin and any(opened.values()):
            yield at
        at += MINUTE


@st.composite
def around_an_edge(draw: st.DrawFn) -> tuple[str, datetime, int, int]:
    """Zone, first wall-clock start some days before a change of clocks, minutes it lasts, days between."""
    zone = draw(st.sampled_from(ZONES))
    day = draw(st.sampled_from(EDGES[zone])) - timedelta(days=draw(st.integers(0, 6)))
    minute = draw(st.one_of(st.integers(0, 240), st.integers(0, 1439)))
    first = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    return zone, first, draw(st.one_of(st.integers(1, 200), st.integers(1, 1440))), draw(st.integers(1, 3))


@settings(deadline=None)  # a busy machine, and rules that dateutil seeks until the year 9999
@given(around_an_edge())
@example(("Europe/Berlin", local(2026, 3, 28, 2, 30), 60, 1))
@example(("Europe/Berlin", local(2026, 10, 24, 2, 30), 60, 1))
@example(("Australia/Lord_Howe", local(2026, 10, 3, 2, 15), 10, 1))
@example(("America/Sao_Paulo", local(2018, 11, 3, 0, 0), 90, 1))
def test_open_in_exactly_the_minutes_in_which_a_walk_finds_it_open(drawn: tuple[str, datetime, int, int]) -> None:
    zone, first, minutes, every = drawn
    start = instant(first, zone)
    if wall(start, zone) != first:
        return  # nobody can write down a first start that the clock leaves out
    end = instant(first + timedelta(minutes=minutes), zone)
    lasts = wall(end, zone) - first
    if lasts <= timedelta(0) or lasts > every * DAY:
        return
    of = Plan(start, end, f"FREQ=DAILY;INTERVAL={every}", zone)
    edge = min(EDGES[zone], key=lambda day: abs(day - first.date()))
    begin = datetime.combine(edge - DAY, datetime.min.time(), UTC)
    until = begin + 60 * HOUR
    starts = [first + n * every * DAY for n in range(12)]
    spans = list(occurrences(of, begin, until))
    told = [begin + n * MINUTE for n in range(3600) if any(a <= begin + n * MINUTE < b for a, b in spans)]
    assert told == list(walked(of, starts, lasts, begin, until))
    assert spans == sorted(spans)


def test_nightly_keeps_its_wall_clock_time_over_both_changes() -> None:
    nightly = plan("2026-01-01T22:00", 2 * HOUR, "FREQ=DAILY")
    assert said(nightly, "2026-03-28T12:00", "2026-03-30T12:00") == ["28 Mar 22:00 00:00", "29 Mar 22:00 00:00"]
    assert said(nightly, "2026-10-24T12:00", "2026-10-26T12:00") == ["24 Oct 22:00 00:00", "25 Oct 22:00 00:00"]


def test_in_the_gap_it_begins_at_the_first_minute_there_is_and_in_the_overlap_at_the_first_of_two() -> None:
    nightly = plan("2026-01-01T02:30", HOUR, "FREQ=DAILY")
    assert said(nightly, "2026-03-29T00:00", "2026-03-30T00:00") == ["29 Mar 03:00 03:30"]
    [span] = occurrences(nightly, datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC))
    assert span == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC))


def test_a_window_that_the_gap_swallows_does_not_happen() -> None:
    assert said(plan("2026-03-01T02:10", 20 * MINUTE, "FREQ=DAILY"), "2026-03-29T00:00", "2026-03-30T00:00") == []


def test_hourly_keeps_elapsed_time() -> None:
    hourly = plan("2026-10-24T00:10", 10 * MINUTE, "FREQ=HOURLY;INTERVAL=2")
    spans = list(occurrences(hourly, datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)))
    assert [b - a for a, b in zip([s[0] for s in spans], [s[0] for s in spans[1:]], strict=False)] == [2 * HOUR] * 3


@pytest.mark.parametrize(
    ("rule", "starts"),
    [
        ("FREQ=WEEKLY;BYDAY=TH", ["01 Jan", "08 Jan", "15 Jan"]),
        ("RRULE:FREQ=WEEKLY;INTERVAL=2", ["01 Jan", "15 Jan", "29 Jan"]),
        ("freq=weekly;byday=th,fr", ["01 Jan", "02 Jan", "08 Jan"]),
        ("FREQ=MONTHLY;BYDAY=1TH", ["01 Jan", "05 Feb", "05 Mar"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", ["01 Jan", "02 Feb", "02 Mar"]),
        ("FREQ=DAILY;COUNT=2", ["01 Jan", "02 Jan"]),
        ("FREQ=DAILY;UNTIL=20260102", ["01 Jan", "02 Jan"]),
        ("FREQ=DAILY;UNTIL=20260102T080000Z", ["01 Jan", "02 Jan"]),
        ("FREQ=DAILY;UNTIL=20260102T075959Z", ["01 Jan"]),
        ("FREQ=YEARLY", ["01 Jan"]),
    ],
)
def test_rules_say_when(rule: str, starts: list[str]) -> None:
    of = plan("2026-01-01T09:00", HOUR, rule)
    assert list(faults(of)) == []
    assert [text[:6] for text in said(of, "2026-01-01T00:00", "2026-12-31T00:00")][:3] == starts


@settings(deadline=None)  # a busy machine, and rules that dateutil seeks until the year 9999
@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 7),
    st.sampled_from(
        ["", ";BYDAY=MO,WE", ";BYDAY=FR", ";BYMONTHDAY=31", ";BYMONTHDAY=-1", ";BYMONTH=2,7", ";BYDAY=2TU"]
    ),
    st.dates(date(2004, 1, 1), date(2006, 12, 31)),
    st.dates(date(2016, 1, 1), date(2026, 12, 31)),
)
def test_starting_anew_shortly_before_finds_what_starting_at_the_beginning_finds(
    frequency: str, interval: int, more: str, first: date, asked: date
) -> None:
    if more == ";BYDAY=2TU" and frequency not in {"MONTHLY", "YEARLY"}:
        return
    of = plan(f"{first}T03:00", HOUR, f"FREQ={frequency};INTERVAL={interval}{more}")
    begin = datetime.combine(asked, datetime.min.time(), UTC)
    whole: Iterator[Span] = occurrences(of, of.start, begin + 800 * DAY)
    expected = list(islice((span for span in whole if span[1] > begin), 3))
    assert list(islice(occurrences(of, begin, begin + 800 * DAY), 3)) == expected


@pytest.mark.parametrize("rule", ["FREQ=HOURLY", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=MONTHLY"])
def test_an_old_rule_costs_what_a_new_one_costs(rule: str) -> None:
    old = plan("1996-01-01T00:00", 10 * MINUTE, rule)
    began = clock.perf_counter()
    for number in range(50):
        current(old, datetime(2026, 5, 1, 12, number, tzinfo=UTC))
    assert clock.perf_counter() - began < 0.5  # from the beginning it would be some 10 seconds


def test_the_current_and_the_next_one() -> None:
    weekly = plan("2026-01-06T22:00", 2 * HOUR, "FREQ=WEEKLY;COUNT=2")
    inside, between = datetime(2026, 1, 6, 22, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC)
    second = (datetime(2026, 1, 13, 21, tzinfo=UTC), datetime(2026, 1, 13, 23, tzinfo=UTC))
    assert current(weekly, inside) == (datetime(2026, 1, 6, 21, tzinfo=UTC), datetime(2026, 1, 6, 23, tzinfo=UTC))
    assert current(weekly, datetime(2026, 1, 6, 23, tzinfo=UTC)) is None
    assert (current(weekly, between), upcoming(weekly, between)) == (None, second)
    assert upcoming(weekly, second[0]) is None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("every tuesday", "RFC 5545"),
        ("FREQ=SECONDLY", "FREQ is one of"),
        ("FREQ=MINUTELY", "FREQ is one of"),
        ("BYDAY=MO", "FREQ is one of"),
        ("FREQ=DAILY;BYHOUR=1,2", "BYHOUR is not understood"),
        ("FREQ=HOURLY;BYDAY=MO", "BYDAY is not understood with HOURLY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a number"),
        ("FREQ=DAILY;COUNT=99999", "COUNT is a number"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "not both"),
        ("FREQ=DAILY;FREQ=DAILY", "once"),
        ("FREQ=DAILY;UNTIL=20261301", "UNTIL is a date"),
        ("FREQ=WEEKLY;BYDAY=XX", "can't be read"),
        ("FREQ=MONTHLY;BYMONTHDAY=X", "can't be read"),
        ("FREQ=DAILY\nRDATE:20260101", "RFC 5545"),
        ("FREQ=WEEKLY;BYDAY=FR", "the first one is on Fri 02 Jan 2026"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("FREQ=DAILY;UNTIL=20250101", "never happens"),
    ],
)
def test_a_rule_that_cannot_be_used_says_why(rule: str, words: str) -> None:
    began = clock.perf_counter()
    [(field, _, message)] = faults(plan("2026-01-01T09:00", HOUR, rule))
    assert (field, words in message) == ("rrule", True), message
    assert clock.perf_counter() - began < 1


@settings(deadline=None)  # a busy machine, and rules that dateutil seeks until the year 9999
@given(st.text(alphabet="FREQ=DAILYWKMONTHBUSETPCV;,+-0123456789 :\n", max_size=60))
def test_whatever_is_typed_is_a_rule_or_a_bad_one(text: str) -> None:
    try:
        parse_rule(text, zone="UTC")
    except BadRule:
        return
    list(faults(plan("2026-01-01T09:00", HOUR, text)))


def test_other_faults_name_their_field() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for of, field in (
        (Plan(start, start), "ends_at"),
        (Plan(start, start + 367 * DAY), "ends_at"),
        (Plan(start, start + HOUR, zone="Europe/Atlantis"), "time_zone"),
        (Plan(start, start + HOUR, zone="../../etc/passwd"), "time_zone"),
        (Plan(start, start + HOUR, zone=""), "time_zone"),
        (Plan(start, start + 25 * HOUR, "FREQ=DAILY"), "rrule"),
        (Plan(start, start + 61 * MINUTE, "FREQ=HOURLY"), "rrule"),
    ):
        assert [fault[0] for fault in faults(of)] == [field]
    assert list(faults(Plan(start, start + 24 * HOUR, "FREQ=DAILY"))) == []
