"""Alert windows by period as tables, caps, outages, and calendar periods over DST edges."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from portal.lib.durations import render
from slo.windows import OUTAGE, WORKBOOK, BadRule, BurnWindow, Period, burn_windows, outage_pages_after, parse_rules

DEFAULT = parse_rules(WORKBOOK)


def workbook(days: int, target: str = "0.999") -> tuple[BurnWindow, ...]:
    return burn_windows(DEFAULT, period=Period(days=days), target=Decimal(target))


@pytest.mark.parametrize(
    ("days", "rows"),
    [
        (30, [("1h", "5m", "14.4"), ("6h", "30m", "6"), ("1d", "2h", "3"), ("3d", "6h", "1")]),
        (28, [("1h", "5m", "13.44"), ("6h", "30m", "5.6"), ("1d", "2h", "2.8"), ("3d", "6h", "14/15")]),
        (90, [("1h", "5m", "43.2"), ("6h", "30m", "18"), ("1d", "2h", "9"), ("3d", "6h", "3")]),
        (7, [("24m", "2m", "14.4"), ("1h24m", "7m", "6"), ("5h36m", "28m", "3"), ("16h48m", "1h24m", "1")]),
        (1, [("24m", "2m", "14.4"), ("24m", "2m", "6"), ("48m", "4m", "3"), ("2h24m", "12m", "1")]),
        (27, [("1h", "5m", "14.4"), ("5h24m", "27m", "6"), ("21h36m", "1h48m", "3"), ("2d16h48m", "5h24m", "1")]),
    ],
)
def test_windows_and_factors_follow_the_period(days: int, rows: list[tuple[str, str, str]]) -> None:
    found = [(render(w.long), render(w.short), w.factor) for w in workbook(days)]
    assert found == [(long, short, Fraction(factor)) for long, short, factor in rows]


def test_minutes_round_half_up() -> None:
    rule = parse_rules([{**WORKBOOK[0], "long": "100m", "short": "5m"}])
    (scaled,) = burn_windows(rule, period=Period(days=15), target=Decimal("0.999"))
    assert scaled.short == timedelta(minutes=3)


@pytest.mark.parametrize(
    ("target", "factors", "capped"),
    [
        ("0.95", ["14.4", "6", "3", "1"], [False, False, False, False]),
        ("0.9", ["9", "6", "3", "1"], [True, False, False, False]),
        ("0.8", ["4.5", "4.5", "3", "1"], [True, True, False, False]),
        ("0.5", ["1.8", "1.8", "1.8", "1"], [True, True, True, False]),
    ],
)
def test_a_factor_no_outage_can_reach_is_capped(target: str, factors: list[str], capped: list[bool]) -> None:
    found = workbook(30, target)
    assert [w.factor for w in found] == [Fraction(f) for f in factors]
    assert [w.capped for w in found] == capped
    assert all(w.limit < 1 for w in found), "a total outage is over every limit"


@pytest.mark.parametrize(("target", "minutes"), [("0.999", 0.864), ("0.99", 8.64), ("0.95", 43.2), ("0.9", 54.0)])
def test_an_objective_says_when_a_total_outage_pages(target: str, minutes: float) -> None:
    after = outage_pages_after(workbook(30, target))
    assert after == timedelta(seconds=round(minutes * 60))


def test_of_slices_of_time_as_many_must_be_bad_first_as_a_rule_asks_for() -> None:
    strict, minute = workbook(30, "0.999"), timedelta(minutes=1)
    assert outage_pages_after(strict, one_bad=minute) == 2 * minute, "not after 52 s"
    assert outage_pages_after(workbook(30, "0.95"), one_bad=minute) == timedelta(minutes=43, seconds=12)
    assert outage_pages_after(strict, one_bad=5 * minute) == 10 * minute


def test_the_outage_rule_pages_sooner_than_the_workbook_for_a_low_target() -> None:
    rules = parse_rules([*WORKBOOK, OUTAGE])
    assert outage_pages_after(burn_windows(rules, period=Period(days=30), target=Decimal("0.9"))) == timedelta(
        minutes=9
    )


def test_tickets_alone_page_never() -> None:
    assert outage_pages_after(workbook(30)[2:]) is None


def test_a_rule_with_a_factor_of_its_own_keeps_its_windows_in_short_periods() -> None:
    rules = parse_rules([{"name": "demo", "factor": "10", "long": "4m", "short": "2m", "severity": "page"}])
    (window,) = burn_windows(rules, period=Period(days=1), target=Decimal("0.99"))
    assert (window.long, window.short, window.factor) == (timedelta(minutes=4), timedelta(minutes=2), Fraction(10))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "needs a name"),
        ({"factor": 3}, "exactly one"),
        ({"fraction": None}, "exactly one"),
        ({"fraction": "1.5"}, "at most 1"),
        ({"fraction": "much"}, "not a number"),
        ({"long": "1 hour"}, "long"),
        ({"long": "90s"}, "whole minutes"),
        ({"long": "4m"}, "longer than"),
        ({"severity": "shout"}, "page or ticket"),
        ({"min_bad": -1}, "min_bad"),
        ({"colour": "red"}, "unknown colour"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRule, match=words):
        parse_rules([{**WORKBOOK[0], **change}])


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("calendar", "zone", "now", "start", "end"),
    [
        ("week", "UTC", utc(2026, 11, 22, 12), utc(2026, 11, 16), utc(2026, 11, 23)),
        ("month", "Europe/Berlin", utc(2026, 10, 31, 23, 30), utc(2026, 10, 31, 23), utc(2026, 11, 30, 23)),
        ("month", "Europe/Berlin", utc(2026, 3, 15), utc(2026, 2, 28, 23), utc(2026, 3, 31, 22)),
        ("quarter", "America/Chicago", utc(2026, 11, 22), utc(2026, 10, 1, 5), utc(2027, 1, 1, 6)),
        ("year", "Asia/Kolkata", utc(2025, 12, 31, 18, 30), utc(2025, 12, 31, 18, 30), utc(2026, 12, 31, 18, 30)),
        ("month", "Australia/Lord_Howe", utc(2026, 10, 10), utc(2026, 9, 30, 13, 30), utc(2026, 10, 31, 13)),
    ],
)
def test_calendar_periods_begin_at_local_midnight(
    calendar: Any, zone: str, now: datetime, start: datetime, end: datetime
) -> None:
    assert Period(calendar=calendar, zone=zone).bounds(now) == (start, end)


def test_calendar_periods_follow_one_another_without_gap_or_overlap() -> None:
    period, now = Period(calendar="month", zone="Europe/Berlin"), utc(2026, 1, 10)
    for _ in range(30):
        _, end = period.bounds(now)
        assert period.bounds(end)[0] == end
        assert period.bounds(end - timedelta(microseconds=1))[1] == end
        now = end


def test_long_calendar_periods_alert_like_a_month() -> None:
    assert [Period(calendar=c).nominal.days for c in ("week", "month", "quarter", "year")] == [7, 30, 30, 30]
