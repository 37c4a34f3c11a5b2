"""The memory between two counts: stored, split, joined, lost and found."""

from decimal import Decimal

import pytest

from slo.counting import Rules, Series, State, UnreadableState, count, dump, load, merge, parts, seed, select
from slo.counting.state import Group, Tail

T = 1_700_000_040 // 60 * 60


def fleet(series: int) -> State:
    return count(
        [
            Series({"__name__": "x_total", "job": "j", "instance": f"i{at % 7}", "n": str(at)}, [(T + 5.125, str(at))])
            for at in range(series)
        ],
        state=State(),
        cursor=T,
        until=T + 60,
        up=[Series({"__name__": "up", "job": "j", "instance": f"i{at}"}, [(T + 5.125, "1")]) for at in range(7)],
    ).state


def test_a_state_comes_back_as_it_was_stored() -> None:
    odd = State(
        {
            ("x_total", "", "", "j", "i"): Group(
                {"{}": Tail(T + 0.1, Decimal("0.10"), 15.0, 0.0), "b": Tail(T, 2**70, 0, T)}
            )
        },
        {("", "", "j", "i"): T + 0.5},
    )
    assert load(dump(odd)) == odd
    assert load(dump(fleet(50))) == fleet(50)
    assert load(b"") == State()


@pytest.mark.parametrize("blob", [b"nonsense", dump(State())[:-3]])
def test_a_damaged_state_says_so(blob: bytes) -> None:
    with pytest.raises(UnreadableState):
        load(blob)


def test_a_large_state_is_stored_in_parts_of_about_a_thousand_series() -> None:
    state = fleet(3500)
    some = parts(state)
    assert len(some) == 4
    assert max(map(len, some)) < 1100
    assert merge(*some) == state


def test_a_state_merged_from_two_keeps_what_was_seen_later() -> None:
    early = count([Series({"__name__": "x"}, [(T + 5, "1")])], state=State(), cursor=T, until=T + 60).state
    later = count(
        [Series({"__name__": "x"}, [(T + 5, "1"), (T + 65, "4")])], state=State(), cursor=T, until=T + 120
    ).state
    assert merge(early, later) == merge(later, early) == later


def test_an_objective_that_lags_takes_its_own_series_along() -> None:
    mine = select(fleet(70), lambda labels: labels["n"] in {"3", "4"})
    assert len(mine) == 2


def test_a_seeded_series_returns_without_being_born() -> None:
    old = Series({"__name__": "x_total", "job": "j", "instance": "i1", "n": "old"}, [(T, "700")])
    seeded = seed(
        fleet(7), [old, Series({"__name__": "x_total", "job": "j", "instance": "i1", "n": "1"}, [(T, "9")])], at=T
    )
    assert len(seeded) == 8
    again = Series(old.labels, [(T + 65.0, "705")])
    outcome = count([again], state=seeded, cursor=T + 60, until=T + 120)
    assert [one.amount for one in outcome.increments[0]] == [5]


def test_series_that_have_not_been_seen_for_eight_days_are_forgotten() -> None:
    days = 8 * 86400
    assert len(count([], state=fleet(5), cursor=T + days - 60, until=T + days).state) == 5
    assert len(count([], state=fleet(5), cursor=T + days, until=T + days + 60).state) == 0


def test_replica_labels_are_no_part_of_a_series() -> None:
    rules = Rules(stripped_labels=("replica",))
    a, b = (Series({"__name__": "x", "replica": name}, [(T + 1, "1"), (T + 20, "5")]) for name in "ab")
    outcome = count([b, a], state=State(), cursor=T, until=T + 60, rules=rules)
    assert [one.labels["replica"] for one in outcome.series] == ["a"]
    assert len(outcome.state) == 1
