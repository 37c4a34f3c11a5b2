"""A replay decides as `burnrate.decide` does on every minute, and says what its alerts were good for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.backtest import Happening, replay
from slo.burnrate import INACTIVE, decide
from slo.minutes import Minutes
from slo.windows import WORKBOOK, BurnWindow, Period, burn_windows, parse_rules
from tests.effort import examples

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TARGET = Decimal("0.99")
MONTH = Period(days=30)


@dataclass(frozen=True)
class Minute:
    """What one minute held; None of it where it is unknown."""

    good: int = 0
    bad: int = 0
    late_bad: int = 0
    known: bool = True


def minutes(given: Sequence[Minute], *, scale: int = 1) -> Minutes:
    """Their running sums."""

    def sums(values: list[int]) -> list[int]:
        return [0, *accumulate(values)]

    late = sums([one.late_bad for one in given])
    return Minutes(
        BEGIN,
        sums([one.good for one in given]),
        sums([one.good + one.bad for one in given]),
        sums([int(one.known) for one in given]),
        carried_good=[0] * len(late) if late[-1] else None,
        carried_total=late if late[-1] else None,
        scale=scale,
    )


def by_minute(of: Minutes, window: BurnWindow, since: int) -> list[tuple[datetime, str, str]]:
    """The slow path: `decide` on every minute."""
    changes: list[tuple[datetime, str, str]] = []
    memory = INACTIVE
    long, short = window.long // MINUTE, window.short // MINUTE
    for place in range(since + 1, len(of.total)):
        decision = decide(
            window,
            memory,
            long=of.reading(max(0, place - long), place, carried=True),
            short=of.reading(max(0, place - short), place, carried=False),
            bucket=of.at(place),
        )
        memory = decision.memory
        if decision.changed:
            changes.append((of.at(place), memory.state, "" if memory.state == "firing" else decision.reason))
    return changes


def replayed(of: Minutes, windows: Sequence[BurnWindow], since: int) -> list[tuple[datetime, str, str]]:
    """The fast path, as changes."""
    found = replay(of, windows=windows, period=MONTH, target=TARGET, start=of.at(since), end=of.end)
    changes = []
    for one in (firing for alert in found.alerts for firing in alert.firings):
        changes.append((one.start, "firing", ""))
        if one.end:
            changes.append((one.end, "inactive", one.reason))
    return sorted(changes)


def windows(*rules: dict[str, Any], target: Decimal = TARGET) -> tuple[BurnWindow, ...]:
    return burn_windows(parse_rules(rules), period=MONTH, target=target)


PAGE = {"name": "page", "factor": "10", "long": "12m", "short": "3m", "severity": "page"}
TICKET = {"name": "ticket", "factor": "2", "long": "40m", "short": "10m", "severity": "ticket", "min_bad": 4}
GOOD = Minute(good=100)
BROKEN = Minute(bad=100)

one_minute = st.builds(
    Minute,
    good=st.sampled_from([0, 1, 9, 100]),
    bad=st.sampled_from([0, 0, 0, 1, 3, 50]),
    late_bad=st.sampled_from([0] * 12 + [7]),
)
stretch = st.tuples(
    st.one_of(one_minute, st.just(GOOD), st.just(Minute()), st.just(Minute(known=False)), st.just(BROKEN)),
    st.integers(1, 30),
)
pasts = st.lists(stretch, min_size=1, max_size=25).map(lambda parts: [one for one, n in parts for _ in range(n)])
rules = st.builds(
    lambda long, short, factor, min_bad, min_events: {
        "name": "any",
        "factor": factor,
        "long": f"{max(long, short)}m",
        "short": f"{short}m",
        "severity": "page",
        "min_bad": min_bad,
        "min_events": min_events,
    },
    st.integers(1, 90),
    st.integers(1, 15),
    st.sampled_from(["1", "14.4", "99", "0.5", "1000"]),
    st.integers(0, 5),
    st.sampled_from([0, 0, 10, 500]),
)


@settings(max_examples=examples(400), deadline=None)
@given(pasts, rules, st.integers(0, 20))
def test_it_decides_as_every_minute_does(past: list[Minute], rule: dict[str, Any], since: int) -> None:
    of = minutes(past)
    since = min(since, len(past) - 1)
    (window,) = windows(rule)
    assert replayed(of, [window], since) == by_minute(of, window, since)


@pytest.mark.parametrize("target", ["0.5", "0.99", "0.9999999999"])
def test_all_of_the_workbook_on_a_month_with_trouble(target: str) -> None:
    past = [*[GOOD] * 3000, *[BROKEN] * 30, *[Minute(99, 1)] * 5000, *[Minute(known=False)] * 700, *[GOOD] * 2000]
    of = minutes(past)
    for window in windows(*WORKBOOK, target=Decimal(target)):
        assert replayed(of, [window], 0) == by_minute(of, window, 0)


def test_fractions_of_events_are_compared_exactly() -> None:
    past = [Minute(good=1000 * n % 7919, bad=n % 13) for n in range(600)]
    (window,) = windows(PAGE | {"min_bad": 0})
    whole, parts = minutes(past), minutes(past, scale=1000)
    assert replayed(parts, [window], 0) == by_minute(parts, window, 0)
    assert replayed(whole, [window], 0) == replayed(parts, [window], 0)
    assert parts.reading(0, 3).bad == Decimal("0.003")


def test_what_fires_at_once_is_one_alert_and_a_page_outdoes_a_ticket() -> None:
    past = [*[GOOD] * 60, *[Minute(95, 5)] * 30, *[BROKEN] * 5, *[GOOD] * 120]
    found = replay(
        minutes(past), windows=windows(PAGE, TICKET), period=MONTH, target=TARGET, start=BEGIN, end=BEGIN + 200 * MINUTE
    )
    (alert,) = found.alerts
    assert (alert.severity, found.pages, found.tickets) == ("page", 1, 0)
    assert {one.rule for one in alert.firings} == {"page", "ticket"}
    assert alert.paged_at
    assert alert.start < alert.paged_at
    assert alert.end
    assert found.firing == alert.end - alert.start
    assert found.paging < found.firing


def test_an_alert_is_for_nothing_without_incident_or_outage() -> None:
    past = [*[GOOD] * 60, *[Minute(80, 20)] * 10, *[GOOD] * 60]

    def alert(*happened: Happening) -> Any:
        found = replay(
            minutes(past), windows=windows(PAGE), period=MONTH, target=TARGET, start=BEGIN,
            end=BEGIN + 130 * MINUTE, happened=happened,
        )  # fmt: skip
        return found, found.alerts[0]

    found, alone = alert()
    assert alone.for_nothing
    assert alone.early is None
    assert found.for_nothing == 1
    opened = alone.start + 4 * MINUTE
    found, met = alert(Happening("INC-1", opened, None))
    assert not met.for_nothing
    assert met.early == 4 * MINUTE
    assert found.missed == ()
    own = Happening("INC-2", opened, None, real=False)
    found, noise = alert(own)
    assert noise.for_nothing
    assert noise.incidents == (own,)
    assert found.missed == ()
    elsewhere = Happening("INC-3", BEGIN, BEGIN + 5 * MINUTE)
    found, missed = alert(elsewhere)
    assert missed.for_nothing
    assert found.missed == (elsewhere,)


def test_a_total_outage_is_something_though_nobody_opened_an_incident() -> None:
    past = [*[GOOD] * 60, *[BROKEN] * 2, *[GOOD] * 60]
    found = replay(
        minutes(past), windows=windows(PAGE), period=MONTH, target=TARGET, start=BEGIN, end=BEGIN + 122 * MINUTE
    )
    assert [(one.outage, one.for_nothing) for one in found.alerts] == [(True, False)]


def test_a_rule_that_still_fires_has_no_end_and_fires_to_the_end() -> None:
    found = replay(
        minutes([*[GOOD] * 20, *[BROKEN] * 20]), windows=windows(PAGE), period=MONTH, target=TARGET, start=BEGIN,
        end=BEGIN + 40 * MINUTE,
    )  # fmt: skip
    (alert,) = found.alerts
    assert alert.end is None
    assert found.paging == found.end - alert.start


def test_budgets_of_calendar_weeks_and_of_rolling_days() -> None:
    past = [*[GOOD] * 7 * 1440, *[Minute(98, 2)] * 2 * 1440]
    of = minutes(past)
    calendar = replay(
        of, windows=windows(PAGE), period=Period(calendar="week"), target=TARGET, start=BEGIN, end=of.end, points=9
    )
    assert [one.start for one in calendar.periods] == [BEGIN, BEGIN + timedelta(days=7)]
    assert [one.budget.remaining for one in calendar.periods if one.budget] == [1.0, -1.0]
    rolling = replay(of, windows=windows(PAGE), period=Period(days=3), target=TARGET, start=BEGIN, end=of.end, points=9)
    assert len(rolling.periods) == 3
    last = rolling.periods[-1].budget
    assert last
    assert last.remaining == pytest.approx(1 - 4 / 3)
    assert rolling.remaining[-1][0] == of.end
    assert rolling.remaining[-1][1] == pytest.approx(1 - 4 / 3)


def test_slices_are_counted_by_the_period_and_not_by_what_is_known() -> None:
    of = minutes([*[Minute(good=1)] * 1430, *[Minute(bad=1)] * 10])
    found = replay(
        of, windows=windows(PAGE), period=Period(days=2), target=TARGET, start=BEGIN, end=of.end, slice_length=MINUTE
    )
    assert found.known == 1
    allowed = found.periods[-1].budget
    assert allowed
    assert allowed.allowed == pytest.approx(28.8)


@pytest.mark.parametrize("length", [timedelta(), timedelta(days=91)])
def test_a_stretch_is_neither_empty_nor_endless(length: timedelta) -> None:
    with pytest.raises(ValueError, match="90 days"):
        replay(
            minutes([GOOD]), windows=windows(PAGE), period=MONTH, target=TARGET, start=BEGIN, end=BEGIN + length
        )  # fmt: skip
