"""Budgets and the alert decision: thresholds to the event, no traffic, no data, and how an alert ends."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.burnrate import (
    INACTIVE,
    Budget,
    BudgetName,
    Memory,
    Reading,
    budget,
    budget_state,
    burn_rate,
    decide,
    exhaustion,
)
from slo.windows import WORKBOOK, BurnWindow, Period, burn_windows, parse_rules

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PAGE_FAST = burn_windows(parse_rules(WORKBOOK), period=Period(days=30), target=Decimal("0.999"))[0]
NO_DATA = Reading(0, 0, 0, 5)
NO_TRAFFIC = Reading(0, 0, 5, 5)
FIRING = Memory("firing")


def window(bad: int, total: int, minutes: int = 60) -> Reading:
    return Reading(total - bad, total, minutes, minutes)


def test_burn_rate_is_the_error_ratio_in_units_of_the_budget() -> None:
    assert burn_rate(window(144, 10_000), target=Decimal("0.999")) == pytest.approx(14.4)
    assert burn_rate(window(0, 10_000), target=Decimal("0.999")) == 0.0


def test_a_window_without_events_has_no_burn_rate() -> None:
    assert burn_rate(NO_TRAFFIC, target=Decimal("0.999")) is None


def test_a_rule_does_not_fire_exactly_at_its_factor_but_one_event_above_it() -> None:
    at, above = window(144, 10_000), window(145, 10_000)
    assert not decide(PAGE_FAST, INACTIVE, long=at, short=at, bucket=NOW).changed
    assert decide(PAGE_FAST, INACTIVE, long=above, short=above, bucket=NOW).memory.state == "firing"


def test_the_threshold_is_exact_where_floats_would_round_it_away() -> None:
    total = 10**18
    at = Reading(total - 144 * 10**14, total, 60, 60)
    above = at._replace(good=at.good - 1)
    assert not decide(PAGE_FAST, INACTIVE, long=at, short=at, bucket=NOW).changed
    assert decide(PAGE_FAST, INACTIVE, long=above, short=above, bucket=NOW).changed


def test_fractional_counts_are_compared_exactly() -> None:
    reading = Reading(Decimal("9.8"), Decimal(10), 60, 60)
    assert not reading.over(Fraction(2, 100))
    assert reading.over(Fraction(199, 10_000))


@pytest.mark.parametrize(("long_bad", "short_bad"), [(200, 1), (1, 20)])
def test_both_windows_must_be_over(long_bad: int, short_bad: int) -> None:
    found = decide(PAGE_FAST, INACTIVE, long=window(long_bad, 10_000), short=window(short_bad, 1000), bucket=NOW)
    assert not found.changed


def test_a_single_failure_at_night_pages_nobody() -> None:
    assert not decide(PAGE_FAST, INACTIVE, long=window(1, 1), short=window(1, 1), bucket=NOW).changed
    assert decide(PAGE_FAST, INACTIVE, long=window(2, 2), short=window(2, 2), bucket=NOW).changed


def test_a_rule_may_ask_for_a_least_number_of_events() -> None:
    rule = parse_rules([{**WORKBOOK[0], "min_events": 100}])
    (busy,) = burn_windows(rule, period=Period(days=30), target=Decimal("0.999"))
    assert not decide(busy, INACTIVE, long=window(99, 99), short=window(9, 9), bucket=NOW).changed
    assert decide(busy, INACTIVE, long=window(100, 100), short=window(9, 9), bucket=NOW).changed


@pytest.mark.parametrize("silence", [NO_TRAFFIC, NO_DATA])
def test_silence_never_starts_an_alert(silence: Reading) -> None:
    assert decide(PAGE_FAST, INACTIVE, long=silence, short=silence, bucket=NOW).memory == INACTIVE
    assert not decide(PAGE_FAST, INACTIVE, long=window(50, 100), short=silence, bucket=NOW).changed


def test_a_firing_rule_clears_when_the_short_window_was_under_for_its_own_length() -> None:
    memory, long, under = FIRING, window(5000, 10_000), window(0, 100, 5)
    for minute in range(5):
        found = decide(PAGE_FAST, memory, long=long, short=under, bucket=NOW + minute * MINUTE)
        assert not found.changed
        memory = found.memory
    assert decide(PAGE_FAST, memory, long=long, short=under, bucket=NOW + 5 * MINUTE).memory == INACTIVE


def test_one_bad_reading_starts_the_wait_anew() -> None:
    nearly = Memory("firing", NOW - 4 * MINUTE)
    found = decide(PAGE_FAST, nearly, long=window(50, 100), short=window(50, 100), bucket=NOW)
    assert found.memory == Memory("firing", None)


def test_at_the_factor_exactly_a_rule_is_on_its_way_to_clearing() -> None:
    at = window(144, 10_000)
    assert decide(PAGE_FAST, FIRING, long=at, short=at, bucket=NOW).memory.quiet_since == NOW


def test_no_traffic_holds_a_firing_rule_until_the_long_window_has_had_none() -> None:
    held = decide(PAGE_FAST, FIRING, long=window(50, 100), short=NO_TRAFFIC, bucket=NOW)
    assert (held.changed, held.memory.held) == (False, "no_traffic")
    ended = decide(PAGE_FAST, held.memory, long=NO_TRAFFIC, short=NO_TRAFFIC, bucket=NOW + 60 * MINUTE)
    assert (ended.changed, ended.reason) == (True, "no_traffic")


def test_no_data_holds_a_firing_rule_however_long_it_lasts() -> None:
    held = decide(PAGE_FAST, FIRING, long=NO_DATA, short=NO_DATA, bucket=NOW + timedelta(days=3))
    assert (held.memory.state, held.memory.held, held.changed) == ("firing", "no_data", False)


def slow(target: str) -> BurnWindow:
    return burn_windows(parse_rules(WORKBOOK), period=Period(days=30), target=Decimal(target))[1]


@pytest.mark.parametrize("target", ["0.9999", "0.99", "0.9", "0.8", "0.5", "0.1"])
def test_a_total_outage_fires_whatever_the_target(target: str) -> None:
    assert decide(slow(target), INACTIVE, long=window(360, 360), short=window(30, 30), bucket=NOW).changed


def test_a_budget_in_events() -> None:
    found = budget(window(901, 96_840), target=Decimal("0.99"))
    assert found is not None
    assert (found.allowed, found.spent) == (968.4, 901.0)
    assert found.remaining == pytest.approx(1 - 901 / 968.4)


def test_a_budget_may_be_overspent() -> None:
    found = budget(window(20, 1000), target=Decimal("0.99"))
    assert found is not None
    assert found.remaining == -1.0


def test_a_budget_of_time_slices_is_of_the_whole_period_not_of_what_is_known() -> None:
    found = budget(Reading(90, 100, 100, 43_200), target=Decimal("0.999"), slices=43_200)
    assert found is not None
    assert found.allowed == pytest.approx(43.2)
    assert found.remaining == pytest.approx(1 - 10 / 43.2)


def test_before_anything_is_counted_there_is_no_budget_to_speak_of() -> None:
    assert budget(NO_TRAFFIC, target=Decimal("0.99")) is None
    assert budget(Reading(0, 0, 0, 43_200), target=Decimal("0.99"), slices=43_200) is None


def test_exhaustion_names_the_moment_at_the_present_pace() -> None:
    month = timedelta(days=30)
    assert exhaustion(remaining=0.5, burn=1.0, period=month, now=NOW) == NOW + timedelta(days=15)
    assert exhaustion(remaining=-0.1, burn=0.0, period=month, now=NOW) == NOW
    assert exhaustion(remaining=0.5, burn=0.0, period=month, now=NOW) is None
    assert exhaustion(remaining=0.5, burn=None, period=month, now=NOW) is None
    assert exhaustion(remaining=0.5, burn=1e-9, period=month, now=NOW) is None


@pytest.mark.parametrize(
    ("before", "remaining", "after"),
    [
        ("ok", 0.25, "ok"),
        ("ok", 0.2499, "at-risk"),
        ("at-risk", 0.255, "at-risk"),
        ("at-risk", 0.26, "ok"),
        ("ok", 0.0, "exhausted"),
        ("at-risk", -0.1, "exhausted"),
        ("exhausted", 0.005, "exhausted"),
        ("exhausted", 0.02, "at-risk"),
        ("exhausted", 0.9, "ok"),
    ],
)
def test_a_budget_gets_worse_at_the_edge_and_better_beyond_it(
    before: BudgetName, remaining: float, after: BudgetName
) -> None:
    assert budget_state(remaining, before=before) == after


@given(
    bad=st.integers(0, 10**30),
    good=st.integers(0, 10**30),
    target=st.decimals("0.0000000001", "0.9999999999", places=10),
    slices=st.none() | st.integers(1, 10**6),
)
def test_whole_counts_give_the_digits_that_fractions_give(
    bad: int, good: int, target: Decimal, slices: int | None
) -> None:
    """Written out for speed, the budget of whole counts is that of fractions, rounded once."""
    found = budget(Reading(good, good + bad, 5, 5), target=target, slices=slices)
    total = Fraction(good + bad if slices is None else slices)
    if not good + bad and slices is None:
        assert found is None
        return
    allowed = (1 - Fraction(target)) * total
    assert found == Budget(float(allowed), float(bad), float(1 - Fraction(bad) / allowed))
