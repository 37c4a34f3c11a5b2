"""The traps that naive counting falls into, each by its name, with what really happened beside it (slo.md §3).

Two more need a source that answers: a partial bucket fetched again is in test_partial_answers.py, a lag beyond the
delay in test_lag.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import pytest

from slo.counting import Rules, Series, State, count, dump, load, tally
from tests.slo.test_counting import T, process_starts, runs, scrapes

MINUTES = 8


@dataclass(frozen=True)
class Trap:
    """Samples from `T + 15` on, every 15 s, and how many events they show that a ledger from `T` on may count."""

    series: Sequence[Series]
    events: int
    up: Sequence[Series] = ()
    starts: Sequence[Series] = ()
    stripped: tuple[str, ...] = ()


TRAPS = {
    "a lone series' first failure": Trap(
        [runs([None, None, 3, 4], result="failed")], events=4, up=[scrapes([1, 1, 1, 1])]
    ),
    "relabelling": Trap(
        [runs([5000, 5010, None, None]), runs([None, None, 5012, 5015], result="success")],
        events=10 + 3,
        up=[scrapes([1, 1, 1, 1])],
    ),
    "relabelling of a small counter": Trap(
        [runs([5, 6, None, None]), runs([None, None, 7, 9], result="success")], events=1 + 2, up=[scrapes([1, 1, 1, 1])]
    ),
    "relabelling of the instance": Trap(
        [runs([12, 14, None, None]), runs([None, None, 15, 19], instance="runner.example.org")],
        events=2 + 4,
        up=[
            scrapes([1, 1]),
            Series({"__name__": "up", "job": "ci", "instance": "runner.example.org"}, runs([None, None, 1, 1]).samples),
        ],
    ),
    "le rewritten": Trap(
        [
            runs([9, 10, None, None], le="1"), runs([None, None, 12, 15], le="1.0"),
            runs([14, 16, 19, 22], le="+Inf"),
        ],
        events=1 + 3 + 8,
        up=[scrapes([1, 1, 1, 1])],
    ),
    "no instance": Trap(
        [runs([10, 12, 14, 16], instance=""), runs([None, None, 9, 10], instance="", result="failed")], events=6 + 1
    ),
    "a late collector with a million": Trap(
        [runs([10, 10, 11, 11]), runs([None, None, 1_000_000, 1_000_002], result="failed")],
        events=1 + 2,
        up=[scrapes([1, 1, 1, 1])],
    ),
    "a new exporter with a million": Trap(
        [runs([None, None, 1_000_000, 1_000_002])], events=2, up=[scrapes([0, 0, 1, 1])]
    ),
    "a histogram restarts": Trap(
        [runs([100, 12, 13], le="+Inf"), runs([10, 11, 12], le="0.5"), runs([60, 12, 13], le="2.5")],
        events=(12 + 1) + (11 + 1) + (12 + 1),
    ),
    "a restart that has passed its old value": Trap(
        [runs([500, 3, 4, 5]), runs([5, None, None, 9], result="failed")],
        events=3 + 2 + 9,
        up=[scrapes([1, 1, 1, 1])],
        starts=[process_starts([T - 99, T + 20, T + 20, T + 20])],
    ),
    "skewed replicas, told apart": Trap(
        [runs([100, 104, 108, 112], replica="a"), runs([98, 103, 106, 111], replica="b", first=T + 19)],
        events=12,
        stripped=("replica",),
    ),
    "skewed replicas, mixed by a proxy": Trap([runs([100, 104, 103, 108, 107, 112, 111])], events=12),
    "float noise": Trap([runs(["0.30000000000000004", "0.3", "0.30000000000000004", "0.3"])], events=0),
    "a falling sum()": Trap([runs([1000, 1010, 700, 705, 1015, 1020])], events=20),
    "a sum() that falls and stays": Trap([runs([1000, 1010, *[700] * 22, 705])], events=10 + 5),
}  # fmt: skip


def counted(trap: Trap, *, step: int) -> int | Decimal:
    """Events over all minutes, `step` of them at a time, with the state stored and loaded in between."""
    state, found, rules = State(), Decimal(0), Rules(stripped_labels=trap.stripped)
    for cursor in range(T, T + MINUTES * 60, step * 60):
        until = cursor + step * 60
        outcome = count(
            trap.series, state=state, cursor=cursor, until=until, up=trap.up, starts=trap.starts, rules=rules
        )  # fmt: skip
        mine = tally(outcome, {"good": [], "total": range(len(outcome.series))}, followed_since=T)
        found += sum(bucket.total + bucket.carried_total for bucket in mine.buckets.values())
        state = load(dump(outcome.state))
    return found


def naive(trap: Trap, *, births: bool) -> Decimal:
    """Every fall is a reset; every newcomer is a birth, or none is."""
    found = Decimal(0)
    for series in trap.series:
        values = [Decimal(value) for _, value in series.samples]
        found += sum((two - one if two >= one else two) for one, two in pairwise(values))
        found += values[0] if births and series.samples[0][0] > T + 15 else 0
    return found


@pytest.mark.parametrize("step", [1, 2, MINUTES])
@pytest.mark.parametrize("name", TRAPS)
def test_what_happened_is_counted_and_nothing_else(name: str, step: int) -> None:
    assert counted(TRAPS[name], step=step) == TRAPS[name].events


@pytest.mark.parametrize("name", TRAPS)
def test_each_is_a_trap(name: str) -> None:
    trap = TRAPS[name]
    assert {naive(trap, births=True), naive(trap, births=False)} != {Decimal(trap.events)}


@pytest.mark.parametrize("value", [7, 19, 5000])
def test_a_fetch_that_a_second_objective_widens_invents_nothing_for_it(value: int) -> None:
    """Scraped so rarely that the look-back shows nothing of the newcomer, which is as old as the rest."""
    old = runs([40, 41, 43], every=120, first=T + 30)
    widened = runs([value, value + 2], every=120, first=T + 150, result="failed")
    up = scrapes([1, 1, 1], every=120, first=T + 30)
    before = count([old], state=State(), cursor=T, until=T + 60, up=[up]).state
    outcome = count([old, widened], state=before, cursor=T + 60, until=T + 300, up=[up])
    names = [one.labels["result"] for one in outcome.series]
    first = tally(outcome, {"good": [], "total": [names.index("ok")]}, followed_since=T)
    second = tally(outcome, {"good": [], "total": [names.index("failed")]}, followed_since=T + 60)
    assert sum(bucket.total for bucket in first.buckets.values()) == 1 + 2
    assert sum(bucket.total for bucket in second.buckets.values()) == 2
