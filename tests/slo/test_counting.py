"""The counting rules, one by one, as tables of samples."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from slo.counting import Bucket, Flag, ImpossibleSides, Series, State, Tally, count, dump, load, tally

T = 1_700_000_040 // 60 * 60  # the end of a bucket
TARGET = {"job": "ci", "instance": "runner:9100"}
type Values = Sequence[int | float | str | None]


def runs(values: Values, *, every: float = 15, first: float = T + 15, **labels: str) -> Series:
    """Samples at `first`, `first + every`, …; None is a scrape without the series."""
    samples = [(first + every * turn, str(value)) for turn, value in enumerate(values) if value is not None]
    return Series({"__name__": "runs_total", "result": "ok", **TARGET, **labels}, samples)


def scrapes(values: Sequence[int], *, every: float = 15, first: float = T + 15) -> Series:
    return Series({"__name__": "up", **TARGET}, runs(values, every=every, first=first).samples)


def process_starts(values: Sequence[float], *, every: float = 15, first: float = T + 15) -> Series:
    return Series({"__name__": "process_start_time_seconds", **TARGET}, runs(values, every=every, first=first).samples)


def totals(
    *series: Series,
    state: State | None = None,
    minutes: int = 10,
    up: Sequence[Series] = (),
    starts: Sequence[Series] = (),
) -> Tally:
    outcome = count(series, state=state or State(), cursor=T, until=T + 60 * minutes, up=up, starts=starts)
    return tally(outcome, {"good": [], "total": range(len(outcome.series))}, followed_since=T)


def plain(found: Tally) -> Mapping[int, int | Decimal]:
    """Events by minute after T, where there were any."""
    return {(end - T) // 60: bucket.total for end, bucket in found.buckets.items() if bucket.total}


def counted(found: Tally) -> int | Decimal:
    return sum(bucket.total + bucket.carried_total for bucket in found.buckets.values())


def flags(found: Tally) -> Flag:
    seen = Flag.NONE
    for bucket in found.buckets.values():
        seen |= bucket.flags
    return seen


@pytest.mark.parametrize(
    ("values", "events", "flagged"),
    [
        ([100, 103, 103, 110], 10, Flag.BASELINE),
        ([100, 110, 7, 9], 10 + 7 + 2, Flag.BASELINE | Flag.RESET),
        ([100, 50, 52], 50 + 2, Flag.BASELINE | Flag.RESET),
        ([100, 51, 60], 0, Flag.BASELINE),  # more than half is left: a dip
        ([100, 80, 99, 104], 4, Flag.BASELINE),  # back from the dip
        ([19, 18], 18, Flag.BASELINE | Flag.RESET),  # a small counter can't dip
        ([20, 18], 0, Flag.BASELINE),
        (["0.30000000000000004", "0.3"], 0, Flag.BASELINE),  # the noise of float arithmetic is no reset
        (["5", "NaN", "9"], 4, Flag.BASELINE),
        ([0, 4], 4, Flag.NONE),  # a baseline of zero costs nothing
    ],
)
def test_an_increment_is_a_rise_or_what_a_reset_left(values: Values, events: int, flagged: Flag) -> None:
    found = totals(runs(values))
    assert counted(found) == events
    assert flags(found) == flagged


def test_a_dip_of_five_minutes_becomes_the_new_base_without_counting() -> None:
    found = totals(runs([1000] * 2 + [900] * 21 + [905]))
    assert counted(found) == 5
    assert Flag.REBASED in flags(found)


def test_an_event_belongs_to_the_minute_of_the_scrape_that_shows_it() -> None:
    on_the_edge = runs([1, 3, 4, 8], every=30, first=T + 30)  # T+30, T+60, T+90, T+120
    assert plain(totals(on_the_edge)) == {1: 2, 2: 1 + 4}


def test_samples_a_state_has_seen_are_not_counted_twice() -> None:
    series = runs([1, 3, 4, 8], every=30, first=T + 30)
    first = count([series], state=State(), cursor=T, until=T + 60)
    second = count([series], state=load(dump(first.state)), cursor=T + 60, until=T + 120)
    assert [[one.amount for one in some if one.amount] for some in (first.increments[0], second.increments[0])] == [
        [2],
        [5],
    ]


def test_a_series_answered_twice_counts_once() -> None:
    assert counted(totals(runs([1, 5]), runs([1, 5]))) == 4


def test_a_sample_that_comes_late_counts_in_the_oldest_open_minute() -> None:
    before = count([runs([1, 2])], state=State(), cursor=T, until=T + 60).state
    outcome = count([runs([1, 2, 7])], state=before, cursor=T + 60, until=T + 120)
    (increment,) = outcome.increments[0]
    assert (increment.bucket, increment.amount, Flag(increment.flags)) == (T + 120, 5, Flag.LATE)


def test_what_happened_before_the_ledger_began_is_not_counted() -> None:
    assert counted(totals(runs([10, 20, 40, 41], first=T - 45))) == 0


def test_fractional_counters_are_summed_exactly() -> None:
    found = totals(runs(["0.1", "0.2", "0.3", "1000000000000000.4"]), runs(["0", "0.000000001"], result="failed"))
    assert counted(found) == Decimal("1000000000000000.300000001")


def test_all_series_of_one_histogram_reset_together() -> None:
    slow = runs([100, 12], le="+Inf")
    fast = runs([10, 11], le="0.5")
    found = totals(slow, fast)
    assert counted(found) == 12 + 11


class TestHiddenReset:
    """A counter that restarted and has passed its old value: v2 >= v1 (rule 4)."""

    sibling = runs([500, 510, 3, 4], result="ok")
    failures = runs([5, None, None, 9], result="failed")

    def test_is_counted_whole_when_a_sibling_fell_and_a_scrape_lacked_it(self) -> None:
        found = totals(self.sibling, self.failures, up=[scrapes([1, 1, 1, 1])])
        assert counted(found) == 10 + 3 + 1 + 9
        assert Flag.HIDDEN_RESET in flags(found)

    def test_is_counted_whole_when_the_process_started_since(self) -> None:
        starts = process_starts([T - 500, T - 500, T + 35, T + 35])
        found = totals(self.sibling, runs([5, 5, 6, 9], result="failed"), starts=[starts])
        assert counted(found) == 10 + 3 + 1 + 6 + 3

    def test_is_no_reset_while_no_sibling_fell(self) -> None:
        calm = runs([500, 510, 513, 514], result="ok")
        assert counted(totals(calm, self.failures, up=[scrapes([1, 1, 1, 1])])) == 14 + 4

    def test_is_no_reset_when_every_scrape_had_it(self) -> None:
        assert counted(totals(self.sibling, runs([5, 5, 6, 9], result="failed"))) == 10 + 3 + 1 + 4


class TestBirth:
    """The first value of a series (rule 5)."""

    others = runs([10, 14, 18, 22], result="ok")
    first_failure = runs([None, None, 3, 4], result="failed")

    def test_counts_when_an_earlier_scrape_lacked_the_series(self) -> None:
        found = totals(self.others, self.first_failure, up=[scrapes([1, 1, 1, 1])])
        assert counted(found) == 12 + 3 + 1
        assert Flag.BIRTH in flags(found)

    def test_counts_for_a_lone_series_when_up_tells_of_the_scrapes_without_it(self) -> None:
        assert counted(totals(self.first_failure, up=[scrapes([1, 1, 1, 1])])) == 3 + 1

    def test_is_a_baseline_for_a_ledger_that_began_later(self) -> None:
        outcome = count([self.others, self.first_failure], state=State(), cursor=T, until=T + 60)
        late = tally(outcome, {"good": [1], "total": [0, 1]}, followed_since=T + 45)
        assert late.buckets[T + 60] == Bucket(1, 12 + 1, flags=Flag.BASELINE)

    def test_is_a_baseline_without_an_instance(self) -> None:
        nowhere = runs([None, None, 3, 4], result="failed", instance="")
        assert counted(totals(runs([10, 14, 18, 22], instance=""), nowhere)) == 12 + 1

    def test_is_a_baseline_when_nothing_scraped_before(self) -> None:
        assert counted(totals(runs([None, None, 3, 4], result="failed"))) == 1

    def test_is_a_baseline_when_a_sibling_vanished_at_that_scrape(self) -> None:
        renamed = [runs([50, 60, None, None], result="ok"), runs([None, None, 19, 20], result="success")]
        assert counted(totals(*renamed, up=[scrapes([1, 1, 1, 1])])) == 10 + 1

    def test_counts_when_siblings_vanished_because_the_process_is_another(self) -> None:
        series = [runs([50, 60, None, None], result="ok"), runs([None, None, 19, 20], result="failed")]
        starts = process_starts([T - 99, T - 99, T + 40, T + 40])
        assert counted(totals(*series, up=[scrapes([1, 1, 1, 1])], starts=[starts])) == 10 + 19 + 1

    @pytest.mark.parametrize(("value", "events"), [(20, 20), (21, 0), (1_000_000, 0)])
    def test_is_a_baseline_beyond_what_the_target_has_been_seen_to_do(self, value: int, events: int) -> None:
        quiet = runs([10, 10, 10], result="ok")
        found = totals(quiet, runs([None, None, value], result="failed"), up=[scrapes([1, 1, 1])])
        assert counted(found) == events

    def test_may_be_as_large_as_four_times_the_busiest_rate_explains(self) -> None:
        busy = runs([0, 100, 101, 102], result="ok")
        found = totals(busy, runs([None, None, None, 400], result="failed"), up=[scrapes([1, 1, 1, 1])])
        assert counted(found) == 102 + 400

    def test_is_a_baseline_when_the_exporter_writes_times_of_its_own(self) -> None:
        own_times = runs([None, None, 3, 4], result="failed", first=T + 17)
        assert counted(totals(own_times, up=[scrapes([1, 1, 1, 1])])) == 1

    def test_is_a_baseline_when_the_scrapes_before_had_failed(self) -> None:
        assert counted(totals(self.first_failure, up=[scrapes([0, 0, 1, 1])])) == 1

    def test_is_a_baseline_when_two_targets_claim_the_same_name(self) -> None:
        elsewhere = Series({**scrapes([1]).labels, "zone": "b"}, scrapes([1, 1, 1, 1]).samples)
        found = totals(self.first_failure, up=[scrapes([1, 1, 1, 1]), elsewhere])
        assert counted(found) == 1


class TestGap:
    """What arrives after a gap is carried, never lumped into a short window (rule 7)."""

    def test_an_increment_over_more_than_three_minutes_is_carried(self) -> None:
        found = totals(runs([10, 12, *[None] * 12, 500, 503]))
        assert plain(found) == {1: 2, 4: 3}
        assert found.buckets[T + 240].carried_total == 488
        assert Flag.CARRIED in found.buckets[T + 240].flags

    def test_an_increment_over_exactly_three_minutes_is_not(self) -> None:
        assert plain(totals(runs([10, *[None] * 11, 500]))) == {4: 490}

    def test_rare_scrapes_are_no_gap(self) -> None:
        assert plain(totals(runs([1, 2, 3, 9], every=120, first=T + 30))) == {3: 1, 5: 1, 7: 6}

    def test_one_missed_scrape_of_a_rare_exporter_is_no_gap(self) -> None:
        assert plain(totals(runs([1, 2, None, 9], every=120, first=T + 30))) == {3: 1, 7: 7}


class TestKnown:
    """A bucket with a sample near is known; unknown is not zero (rule 8)."""

    @staticmethod
    def known(series: Series) -> list[int]:
        return [(end - T) // 60 for end in sorted(totals(series).buckets)]

    def test_each_minute_with_a_sample_is_known_and_may_be_quiet(self) -> None:
        assert self.known(runs([5] * 8)) == [1, 2]

    def test_a_gap_is_unknown(self) -> None:
        assert self.known(runs([5] * 4 + [None] * 12 + [5])) == [1, 5]

    def test_rare_scrapes_make_the_minutes_between_them_known(self) -> None:
        assert self.known(runs([1, 1, 1], every=120, first=T + 30)) == [1, 3, 4, 5, 6, 7, 8, 9]

    def test_a_series_the_answer_lacks_still_makes_its_next_minutes_known(self) -> None:
        before = count([runs([1, 1, 1], every=120, first=T + 30)], state=State(), cursor=T, until=T + 300).state
        outcome = count([], state=before, cursor=T + 300, until=T + 900)
        found = tally(outcome, {"good": [], "total": [0]}, followed_since=T)
        assert [(end - T) // 60 for end in found.buckets] == [6, 7, 8, 9]
        assert outcome.series[0].labels["result"] == "ok"

    def test_an_objective_without_series_knows_nothing(self) -> None:
        found = totals()
        assert not found.buckets
        assert found.last_sample is None

    def test_good_without_its_total_knows_nothing_and_waits(self) -> None:
        outcome = count([runs([0, 4])], state=State(), cursor=T, until=T + 60)
        found = tally(outcome, {"good": [0], "total": []}, followed_since=T)
        assert (found.buckets, found.surplus) == ({}, 4)

    def test_failures_that_never_happened_do_not_make_the_total_unknown(self) -> None:
        outcome = count([runs([5, 9])], state=State(), cursor=T, until=T + 60)
        found = tally(outcome, {"bad": [], "total": [0]}, followed_since=T)
        assert found.buckets == {T + 60: Bucket(4, 4, flags=Flag.BASELINE)}


class TestSides:
    """Two of good, bad and total."""

    good, bad = runs([0, 6], result="ok"), runs([0, 1], result="failed")

    def test_every_pair_says_the_same(self) -> None:
        outcome = count([self.good, self.bad], state=State(), cursor=T, until=T + 60)
        pairs: list[dict[str, list[int]]] = [
            {"good": [0], "total": [0, 1]}, {"bad": [1], "total": [0, 1]}, {"good": [0], "bad": [1]},
        ]  # fmt: skip
        assert [tally(outcome, sides, followed_since=T).buckets for sides in pairs] == [{T + 60: Bucket(6, 7)}] * 3

    def test_good_beyond_total_waits_for_the_next_bucket(self) -> None:
        good, total = runs([0, 9, 9], every=60, first=T + 30), runs([0, 7, 10], every=60, first=T + 30, kind="all")
        outcome = count([good, total], state=State(), cursor=T, until=T + 180)
        found = tally(outcome, {"good": [0], "total": [1]}, followed_since=T)
        assert [(bucket.good, bucket.total) for bucket in found.buckets.values()] == [(0, 0), (7, 7), (2, 3)]
        assert found.surplus == 0

    def test_what_is_left_over_is_handed_on(self) -> None:
        outcome = count([runs([0, 9]), runs([0, 7], kind="all")], state=State(), cursor=T, until=T + 60)
        found = tally(outcome, {"good": [0], "total": [1]}, followed_since=T, surplus=1)
        assert found.surplus == 3
        assert Flag.SURPLUS in found.buckets[T + 60].flags

    @pytest.mark.parametrize("sides", [{}, {"good": []}, {"good": [], "bad": [], "total": []}, {"good": [], "all": []}])
    def test_anything_but_two_sides_is_refused(self, sides: dict[str, list[int]]) -> None:
        outcome = count([], state=State(), cursor=T, until=T + 60)
        with pytest.raises(ImpossibleSides, match="two of good, bad and total"):
            tally(outcome, sides, followed_since=T)
