"""What holds for every world: nothing is invented, what was scraped is counted, and steps don't matter."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from slo.counting import Bucket, Counting, State, dump, load, tally
from tests.effort import examples
from tests.slo.worlds import START, Script, World, counted, played, scripts

_STEPS = [*["scrape"] * 2, *["fail"] * 2, *["scrape"] * 4, "fail"]
UNEVEN = Script(15, 0.0, _STEPS, [[0] * 4, [0, 0, 0, 1]], start_known=False)
"""A series that begins with a gap, so that its expected interval shrinks from scrape to scrape."""


def rows(outcome: Counting) -> dict[int, Bucket]:
    good = [at for at, one in enumerate(outcome.series) if one.labels["result"] in "01"]
    return dict(tally(outcome, {"good": good, "total": range(len(outcome.series))}, followed_since=START).buckets)


def events(found: dict[int, Bucket]) -> int:
    return sum(int(bucket.total + bucket.carried_total) for bucket in found.values())


def in_steps(world: World, minutes: int, *, restored: bool = False) -> dict[int, Bucket]:
    state, found = State(), dict[int, Bucket]()
    for cursor in range(START, world.end, minutes * 60):
        until = min(cursor + minutes * 60, world.end)
        outcome = counted(world, state, cursor, until, window=max(120, minutes * 60 + 60))
        found |= rows(outcome)
        state = load(dump(outcome.state)) if restored else outcome.state
    return found


@given(scripts)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_is_counted_that_no_scrape_has_shown(script: Script) -> None:
    world = played(script)
    found = rows(counted(world, State(), START, world.end))
    assert events(found) <= world.scraped <= world.happened


@given(scripts, st.sampled_from([1, 2, 7]))
@example(UNEVEN, 1)
@settings(max_examples=examples(300), deadline=None)
def test_bucket_by_bucket_several_at_once_and_restored_in_between_are_the_same(script: Script, minutes: int) -> None:
    world = played(script)
    at_once = rows(counted(world, State(), START, world.end))
    assert in_steps(world, minutes) == at_once
    assert in_steps(world, minutes, restored=True) == at_once
