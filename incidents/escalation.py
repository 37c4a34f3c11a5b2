"""Escalation: which states a page may be in, what the next move is, and when.

A pure state machine. It is handed the page's `Progress`, the version of the `Policy` the page opened with, and `now`;
it answers with a `Move` that says whom to notify, what to record and the `Progress` to store. It never reads a clock
and knows neither the database nor who is on call: the caller turns a step's targets into people when it is taken.

The life of a page::

    opened() ─► step 1 ─delay─► step 2 … last step ─delay─► again from step 1, `repeat` times
                                                       └──► the fallback policy, when there is one
                                                       └──► exhausted: recorded, and the catch-all is paged

What is for information (`Policy.rests`) ends after its first step, in the same state and without a word of alarm.

Everything ends in acknowledged, resolved or exhausted. A sweep that comes late takes the due step once, now, and plans
the next one from now: no step is skipped, none is taken twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from incidents.rungs import Condition as Condition
from incidents.rungs import Policy as Policy
from incidents.rungs import Step as Step
from incidents.rungs import Target as Target
from incidents.rungs import TargetKind as TargetKind
from incidents.states import ESCALATING as ESCALATING
from incidents.states import OPEN as OPEN
from incidents.states import UNTAKEN as UNTAKEN
from incidents.states import Action as Action
from incidents.states import NotAllowed as NotAllowed
from incidents.states import State as State
from incidents.states import allowed as allowed
from incidents.states import state_after as state_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_FALLBACKS = 3
"""How many times one page may move on to a fallback policy; ends a ring of policies that name each other."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a page has come: what the row stores.

    `cycle`, `step` and `repeat` (all from 0) name the move that is due *next*, at `due_at`; no `due_at` means that
    nothing is planned. `generation` fences late workers off: acknowledging, resolving, reopening and re-planning (also
    a fallback) raise it, so that (generation, cycle, step, repeat) names one step in the whole life of the page.
    `fallbacks` counts policies fallen back to, `turn` picks the target of round-robin steps (the caller counts the
    policy's pages), `asked` says that an acknowledged page waits for the responder's answer.
    """

    state: State = State.TRIGGERED
    generation: int = 0
    cycle: int = 0
    step: int = 0
    repeat: int = 0
    due_at: datetime | None = None
    fallbacks: int = 0
    turn: int = 0
    asked: bool = False


class MoveKind(StrEnum):
    """What a move does.

    `TAKE_STEP` and `RETRY_CYCLE` notify `Move.targets` (the latter is the first step of a further cycle); `FALLBACK`
    hands over to the policy `Move.fallback`, whose first step is due at once; `EXHAUSTED` ends it, the caller pages the
    catch-all; `ASK_RESPONDER` asks who has it whether they are still on it; `ACK_TIMEOUT` takes it away from them and
    escalates from step one, due at once; `REST` ends what is for information, asking nobody; `NOTHING` changes nothing.
    """

    TAKE_STEP = "take-step"
    RETRY_CYCLE = "retry-cycle"
    FALLBACK = "fallback"
    EXHAUSTED = "exhausted"
    ASK_RESPONDER = "ask-responder"
    ACK_TIMEOUT = "ack-timeout"
    REST = "rest"
    NOTHING = "nothing"


class Idle(StrEnum):
    """Why a move is `NOTHING`."""

    STALE = "a newer plan has replaced this one"
    NOT_DUE = "not due yet"
    NOT_PLANNED = "nothing is planned"
    ENDED = "resolved or exhausted"


@dataclass(frozen=True, slots=True)
class Move:
    """What to do now. Store `after` on the row; write `cycle`, `step`, `repeat` (from 0) to the step's record.

    `passed_over` are the indexes of steps whose condition does not hold now, to be recorded as such. `late_by` is how
    long after its due time the move is made.
    """

    kind: MoveKind
    at: datetime
    after: Progress
    cycle: int = 0
    step: int = 0
    repeat: int = 0
    targets: tuple[Target, ...] = ()
    passed_over: tuple[int, ...] = ()
    fallback: str | None = None
    late_by: timedelta = timedelta(0)
    why: Idle | None = None

    @property
    def next_at(self) -> datetime | None:
        """When the next move is due; None when nothing more is planned."""
        return self.after.due_at

    @property
    def takes_step(self) -> bool:
        """Whether this move notifies the targets of a step."""
        return self.kind in (MoveKind.TAKE_STEP, MoveKind.RETRY_CYCLE)


def opened(*, now: datetime, turn: int = 0) -> Progress:
    """A new page: step one is due at once."""
    return Progress(due_at=now, turn=turn)


def acknowledged(progress: Progress, policy: Policy, *, now: datetime) -> Progress:
    """Somebody has taken it: the escalation stops, the ack timeout (if any) starts. Raises NotAllowed."""
    return _taken(progress, Action.ACKNOWLEDGE, policy, now)


def taken_over(progress: Progress, policy: Policy, *, now: datetime) -> Progress:
    """Somebody else has it now: as acknowledged, from acknowledged. Raises NotAllowed."""
    return _taken(progress, Action.TAKE_OVER, policy, now)


def active(progress: Progress, policy: Policy, *, now: datetime) -> Progress:
    """The responder did something, or answered "still on it": the ack timeout starts anew; other states stay."""
    if progress.state is not State.ACKNOWLEDGED:
        return progress
    return replace(progress, asked=False, due_at=_ack_deadline(policy, now))


def resolved(progress: Progress) -> Progress:
    """It is over: nothing more is planned. Raises NotAllowed."""
    return _replanned(progress, state_after(progress.state, Action.RESOLVE), None)


def reopened(progress: Progress, *, now: datetime) -> Progress:
    """It fires again: the same page, a new generation, from step one, due at once. Raises NotAllowed."""
    return _from_step_one(progress, state_after(progress.state, Action.REOPEN), now)


def escalated_now(progress: Progress, *, now: datetime) -> Progress:
    """Somebody pressed "escalate now": the next planned move is due at once.

    From acknowledged it starts again at step one; an exhausted page starts a fresh round. Raises NotAllowed.
    """
    state = state_after(progress.state, Action.ESCALATE)
    if progress.state in ESCALATING:
        return _replanned(progress, state, now)
    return _from_step_one(progress, state, now)


def restarted(progress: Progress, *, at: datetime) -> Progress:
    """Other steps are to be taken than were planned (a newer version, another urgency): from the first, due at `at`.

    Raises NotAllowed unless it is escalating.
    """
    if progress.state not in ESCALATING:
        raise NotAllowed(f"restart: nothing escalates while it is {progress.state}")
    return _from_step_one(progress, progress.state, at)


def rested(progress: Progress) -> Progress:
    """It is for information by now, and somebody was told: nothing more is planned. Raises NotAllowed."""
    if progress.state is State.ACKNOWLEDGED:
        return _replanned(progress, progress.state, None)
    return _replanned(progress, state_after(progress.state, Action.EXHAUST), None)


def has_begun(progress: Progress) -> bool:
    """Whether a step was taken since it opened, or was last planned anew."""
    return (progress.cycle, progress.step, progress.repeat, progress.fallbacks) != (0, 0, 0, 0)


def snoozed(progress: Progress, *, until: datetime) -> Progress:
    """Nothing happens before `until`, then the planned move is made. Raises NotAllowed when nothing is planned."""
    if progress.due_at is None:
        raise NotAllowed(f"snooze: nothing is planned while it is {progress.state}")
    return _replanned(progress, progress.state, until)


def next_move(progress: Progress, policy: Policy, *, now: datetime, generation: int | None = None) -> Move:
    """The move to make at `now`, `NOTHING` when none is due.

    `generation` is the one the worker claimed; a differing one means the page was acknowledged, resolved or re-planned
    in the meantime, and nothing is done.
    """
    why = _why_idle(progress, now, generation)
    if why is not None or progress.due_at is None:
        return Move(MoveKind.NOTHING, now, progress, why=why)
    made = _after_silence if progress.state is State.ACKNOWLEDGED else _up_the_ladder
    if policy.rests and (progress.state is State.ACKNOWLEDGED or has_begun(progress)):
        made = _rest
    return replace(made(progress, policy, now), late_by=now - progress.due_at)


def after_unreachable(progress: Progress, policy: Policy, *, now: datetime) -> Move:
    """The move to make at once because the step just taken reached nobody (a gap, or nobody with a contact method).

    `progress` is that step's `Move.after`. Further repeats of that step are left out, the next step is taken now; after
    the last step the next cycle, the fallback or the end comes at once.
    """
    if policy.rests and progress.state is State.EXHAUSTED:
        progress = replace(progress, state=State.TRIGGERED)
    if progress.state not in ESCALATING:
        return Move(MoveKind.NOTHING, now, progress, why=Idle.ENDED)
    if progress.repeat:
        progress = replace(progress, step=progress.step + 1, repeat=0)
    return _up_the_ladder(progress, policy, now)


def advance(
    progress: Progress, policy: Policy, *, now: datetime, reach: Callable[[Move], bool], generation: int | None = None
) -> Iterator[Move]:
    """All moves of this moment, in order: the due one, and as long as nobody was reached the following ones.

    `reach` is called with each move that takes a step and says whether at least one person could be notified. The last
    move reached somebody, or is one of FALLBACK, EXHAUSTED, ACK_TIMEOUT, ASK_RESPONDER or NOTHING. After FALLBACK and
    ACK_TIMEOUT the page is due again at `now`.
    """
    move = next_move(progress, policy, now=now, generation=generation)
    yield move
    while move.takes_step and not reach(move):
        move = after_unreachable(move.after, policy, now=now)
        yield move


def forecast(progress: Progress, policy: Policy, *, now: datetime) -> Iterator[Move]:
    """All moves still to come if nobody does anything, with their times (`Move.at`), until FALLBACK or EXHAUSTED.

    Used for "who is next and when" and for simulations; conditions are judged at each move's own time.
    """
    while progress.due_at is not None:
        move = next_move(progress, policy, now=max(now, progress.due_at))
        yield move
        if move.kind in (MoveKind.FALLBACK, MoveKind.NOTHING):
            return
        progress = move.after


def _why_idle(progress: Progress, now: datetime, generation: int | None) -> Idle | None:
    if generation is not None and generation != progress.generation:
        return Idle.STALE
    if progress.state in (State.RESOLVED, State.EXHAUSTED):
        return Idle.ENDED
    if progress.due_at is None:
        return Idle.NOT_PLANNED
    return Idle.NOT_DUE if progress.due_at > now else None


def _after_silence(progress: Progress, policy: Policy, now: datetime) -> Move:
    """The ack timeout has passed: first the responder is asked, then it escalates again."""
    if progress.asked:
        state = state_after(progress.state, Action.TIME_OUT)
        return Move(MoveKind.ACK_TIMEOUT, now, _from_step_one(progress, state, now))
    return Move(MoveKind.ASK_RESPONDER, now, replace(progress, asked=True, due_at=now + policy.answer_within))


def _up_the_ladder(progress: Progress, policy: Policy, now: datetime) -> Move:
    """Take the step that is due, or the first after it whose condition holds now; after the last one, the end."""
    begins_cycle = (progress.step, progress.repeat) == (0, 0)
    passed_over: dict[int, None] = {}
    for cycle, index, repeat in _positions(progress, policy):
        begins_cycle = begins_cycle or cycle > progress.cycle
        condition = policy.steps[index].condition
        if condition is None or condition.holds(now):
            kind = MoveKind.RETRY_CYCLE if cycle and begins_cycle else MoveKind.TAKE_STEP
            here = replace(progress, cycle=cycle, step=index, repeat=repeat)
            return replace(_step_taken(here, policy, now), kind=kind, passed_over=tuple(passed_over))
        passed_over[index] = None
    return replace(_end_of_policy(progress, policy, now), passed_over=tuple(passed_over))


def _positions(progress: Progress, policy: Policy) -> Iterator[tuple[int, int, int]]:
    """(cycle, step, repeat) of the due step and of the first taking of every later one."""
    repeat = progress.repeat
    first_step = progress.step
    for cycle in range(progress.cycle, policy.repeat + 1):
        for index in range(first_step, len(policy.steps)):
            yield cycle, index, repeat
            repeat = 0
        first_step = repeat = 0


def _step_taken(here: Progress, policy: Policy, now: datetime) -> Move:
    step = policy.steps[here.step]
    after = replace(_position_after(here, policy), due_at=now + step.delay)
    if policy.rests:
        after = replace(after, state=state_after(here.state, Action.EXHAUST), due_at=None)
    return Move(
        MoveKind.TAKE_STEP,
        now,
        after,
        cycle=here.cycle,
        step=here.step,
        repeat=here.repeat,
        targets=_targets(step, here),
    )


def _position_after(here: Progress, policy: Policy) -> Progress:
    if here.repeat < policy.steps[here.step].repeat:
        return replace(here, repeat=here.repeat + 1)
    if here.step + 1 < len(policy.steps):
        return replace(here, step=here.step + 1, repeat=0)
    return replace(here, cycle=here.cycle + 1, step=0, repeat=0)


def _targets(step: Step, here: Progress) -> tuple[Target, ...]:
    """Everybody, or with round-robin one: another one each time the step is taken."""
    if not step.round_robin or not step.targets:
        return step.targets
    times_taken = here.cycle * (step.repeat + 1) + here.repeat
    return (step.targets[(here.turn + times_taken) % len(step.targets)],)


def _rest(progress: Progress, policy: Policy, now: datetime) -> Move:
    """For information: whoever has it is not asked, and nobody further is told."""
    state = progress.state
    ended = state if state is State.ACKNOWLEDGED else state_after(state, Action.EXHAUST)
    return Move(MoveKind.REST, now, replace(progress, state=ended, due_at=None, asked=False))


def _end_of_policy(progress: Progress, policy: Policy, now: datetime) -> Move:
    if policy.rests:
        return _rest(progress, policy, now)
    if policy.fallback is not None and progress.fallbacks < MAX_FALLBACKS:
        falling = replace(progress, fallbacks=progress.fallbacks + 1)
        return Move(MoveKind.FALLBACK, now, _from_step_one(falling, progress.state, now), fallback=policy.fallback)
    ended = replace(progress, state=state_after(progress.state, Action.EXHAUST), due_at=None)
    return Move(MoveKind.EXHAUSTED, now, ended)


def _taken(progress: Progress, action: Action, policy: Policy, now: datetime) -> Progress:
    return _replanned(progress, state_after(progress.state, action), _ack_deadline(policy, now))


def _ack_deadline(policy: Policy, now: datetime) -> datetime | None:
    return None if policy.ack_timeout is None else now + policy.ack_timeout


def _from_step_one(progress: Progress, state: State, now: datetime) -> Progress:
    return replace(_replanned(progress, state, now), cycle=0, step=0, repeat=0)


def _replanned(progress: Progress, state: State, due_at: datetime | None) -> Progress:
    return replace(progress, state=state, due_at=due_at, generation=progress.generation + 1, asked=False)
