"""Whatever happens in whatever order: each step once per cycle, in order, and never silence."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from incidents.escalation import (
    ESCALATING,
    Action,
    Move,
    MoveKind,
    Policy,
    Progress,
    State,
    Step,
    Target,
    TargetKind,
    acknowledged,
    advance,
    allowed,
    escalated_now,
    forecast,
    next_move,
    opened,
    reopened,
    resolved,
)
from tests.incidents.rotation_by_minutes import utc

T0 = utc(2026, 11, 19, 13)
seconds = st.integers(0, 900).map(lambda count: timedelta(seconds=count))
steps = st.builds(
    Step,
    targets=st.integers(0, 3).map(lambda count: tuple(Target(TargetKind.PERSON, str(n)) for n in range(count))),
    delay=seconds,
    repeat=st.integers(0, 2),
    round_robin=st.booleans(),
)
policies = st.builds(
    Policy,
    steps=st.lists(steps, max_size=4).map(tuple),
    repeat=st.integers(0, 3),
    fallback=st.sampled_from([None, "other"]),
    ack_timeout=st.none() | seconds,
)


def places(policy: Policy) -> list[tuple[int, int, int]]:
    """Every (cycle, step, repeat) of a policy, in the order in which it is to be taken."""
    return [
        (cycle, index, repeat)
        for cycle in range(policy.repeat + 1)
        for index, step in enumerate(policy.steps)
        for repeat in range(step.repeat + 1)
    ]


def taken(moves: list[Move]) -> list[tuple[int, int, int]]:
    return [(move.cycle, move.step, move.repeat) for move in moves if move.takes_step]


@given(policy=policies, lateness=st.lists(seconds, max_size=60))
def test_however_late_the_sweeps_each_step_is_taken_once_per_cycle_in_order(
    policy: Policy, lateness: list[timedelta]
) -> None:
    progress, moves = opened(now=T0), []
    late = iter(lateness)
    while progress.due_at is not None and not progress.fallbacks:
        move = next_move(progress, policy, now=progress.due_at + next(late, timedelta(0)), generation=0)
        moves.append(move)
        progress = move.after
    assert taken(moves) == places(policy)
    assert moves[-1].kind is (MoveKind.FALLBACK if policy.fallback else MoveKind.EXHAUSTED)
    retries = [move for move in moves if move.kind is MoveKind.RETRY_CYCLE]
    assert len(retries) == (policy.repeat if policy.steps else 0)


@given(policy=policies, lateness=seconds)
def test_the_next_step_never_comes_sooner_than_the_delay_after_the_last(policy: Policy, lateness: timedelta) -> None:
    for move, following in pairwise(forecast(opened(now=T0), policy, now=T0 + lateness)):
        assert following.at == move.at + policy.steps[move.step].delay


@given(policy=policies, reachable=st.sets(st.integers(0, 3)))
def test_an_unreachable_step_costs_no_time_and_the_others_are_still_taken(policy: Policy, reachable: set[int]) -> None:
    progress, moves = opened(now=T0), []
    while progress.due_at is not None and not progress.fallbacks:
        now = progress.due_at
        for move in advance(progress, policy, now=now, reach=lambda move: move.step in reachable):
            assert move.at == now
            moves.append(move)
            progress = move.after
    wanted = [(c, s, r) for c, s, r in places(policy) if r == 0 or s in reachable]
    assert taken(moves) == wanted
    assert moves[-1].kind in (MoveKind.FALLBACK, MoveKind.EXHAUSTED)


@dataclass
class Page:
    """A row that people and sweepers change in any order; keeps what was done under each generation."""

    policy: Policy
    now: datetime = T0
    progress: Progress = field(default_factory=lambda: opened(now=T0))
    taken: list[tuple[int, int, int, int]] = field(default_factory=list)

    def sweep(self, claimed: int) -> None:
        move = next_move(self.progress, self.policy, now=self.now, generation=claimed)
        if move.takes_step:
            assert self.progress.state in ESCALATING
            self.taken.append((self.progress.generation, move.cycle, move.step, move.repeat))
        if move.kind is MoveKind.NOTHING:
            assert move.after == self.progress
        self.progress = move.after

    def do(self, action: Action) -> None:
        if not allowed(self.progress.state, action):
            return
        if action is Action.ACKNOWLEDGE:
            self.progress = acknowledged(self.progress, self.policy, now=self.now)
        elif action is Action.RESOLVE:
            self.progress = resolved(self.progress)
        elif action is Action.REOPEN:
            self.progress = reopened(self.progress, now=self.now)
        elif action is Action.ESCALATE:
            self.progress = escalated_now(self.progress, now=self.now)

    def wait(self, duration: timedelta) -> None:
        self.now += duration


deeds = st.lists(
    st.one_of(
        seconds,
        st.just("sweep"),
        st.just("stale sweep"),
        st.sampled_from([Action.ACKNOWLEDGE, Action.RESOLVE, Action.REOPEN, Action.ESCALATE]),
    ),
    max_size=40,
)


@given(policy=policies, doing=deeds)
def test_in_any_order_of_deeds_no_step_is_taken_twice_in_one_plan_and_no_page_is_forgotten(
    policy: Policy, doing: list[timedelta | str | Action]
) -> None:
    page = Page(policy)
    for deed in doing:
        if isinstance(deed, timedelta):
            page.wait(deed)
        elif isinstance(deed, Action):
            page.do(deed)
        else:
            page.sweep(page.progress.generation - (deed == "stale sweep"))
        # Never silence: whoever is not told anything more has been taken, is over, or has been said to be exhausted
        assert page.progress.due_at is not None or page.progress.state not in ESCALATING
    assert len(page.taken) == len(set(page.taken))
    assert page.taken == sorted(page.taken)


@given(policy=policies, doing=deeds)
def test_left_alone_every_page_ends_taken_over_or_exhausted(
    policy: Policy, doing: list[timedelta | str | Action]
) -> None:
    page = Page(policy)
    for deed in doing:
        if isinstance(deed, Action):
            page.do(deed)
    for _ in range(5 * (len(places(policy)) + 4)):
        page.sweep(page.progress.generation)
        page.now = max(page.now, page.progress.due_at or page.now)
    assert page.progress.due_at is None
    assert page.progress.state in (State.ACKNOWLEDGED, State.EXHAUSTED, State.RESOLVED)
    if page.progress.state is State.ACKNOWLEDGED:
        assert policy.ack_timeout is None
