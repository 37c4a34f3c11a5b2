"""Escalation: which states a page may be in, what the next move is, and when.

A pure state machine. It is handed the page's `Progress`, the version of the `Policy` the page opened with, and `now`;
it answers with a `Move` that says whom to notify, what to record and the `Progress` to store. It never reads a clock
and knows neither the database nor who is on call: a step's targets are resolved by the caller at the moment of the step.

The life of a page::

    opened() ─► step 1 ─delay─► step 2 … last step ─delay─► again from step 1, `repeat` times
                                                       └──► the fallback policy, when there is one
                                                       └──► exhausted: recorded, and the catch-all is paged

Everything ends in acknowledged, resolved or exhausted. A sweep that comes late takes the due step once, now, and plans
the next one from now: no step is skipped, none is taken twice. Rules: incidents.md §2 (states) and §4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_FALLBACKS = 3
"""How many times one page may move on to a fallback policy; ends a ring of policies that name each other."""


class State(StrEnum):
    """Where an incident or one of its pages stands. `EXHAUSTED` is for pages: everybody was asked, nobody has taken it."""

    TRIGGERED = "triggered"
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    RESOLVED = "resolved"


UNTAKEN = frozenset({State.TRIGGERED, State.REOPENED, State.EXHAUSTED})
"""Open, and no named person has it."""

OPEN = UNTAKEN | {State.ACKNOWLEDGED}

ESCALATING = frozenset({State.TRIGGERED, State.REOPENED})
"""Open, and somebody more will be asked."""


class Action(StrEnum):
    """What people and the machine can do to a page or an incident."""

    ACKNOWLEDGE = "acknowledge"
    TAKE_OVER = "take-over"
    ESCALATE = "escalate"
    TIME_OUT = "time-out"
    EXHAUST = "exhaust"
    RESOLVE = "resolve"
    REOPEN = "reopen"


class NotAllowed(Exception):
    """The action is not possible in this state; the message says both."""


class TargetKind(StrEnum):
    """What a step's target names; the caller turns it into people at the moment of the step."""

    SCHEDULE = "schedule"
    PERSON = "person"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to notify: `ref` is the caller's key of the schedule, person or team."""

    kind: TargetKind
    ref: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A step applies only on `days` (Monday is 0) and from `start` to `end` by the clock of `zone`.

    Without `start` and `end` the whole day counts; when `end <= start` the window runs over midnight and belongs to the
    day on which it starts.
    """

    zone: str
    days: frozenset[int] = frozenset(range(7))
    start: time | None = None
    end: time | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the step applies at `at` (aware)."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: notify `targets`, then wait `delay`; taken `repeat` further times before the next step.

    With `round_robin` one target is notified instead of all, a different one from page to page (`Progress.turn`).
    """

    targets: tuple[Target, ...]
    delay: timedelta
    repeat: int = 0
    condition: Condition | None = None
    round_robin: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """One immutable version of a team's escalation policy.

    The steps are gone through once and then `repeat` further times. Then the policy named by `fallback` takes over, or
    the page is exhausted. A page acknowledged and without any activity for `ack_timeout` asks the responder, and
    escalates again when there is no answer within `answer_within`.
    """

    steps: tuple[Step, ...]
    repeat: int = 0
    fallback: str | None = None
    ack_timeout: timedelta | None = None
    answer_within: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a page has come: what the row stores.

    `cycle`, `step` and `repeat` (all from 0) name the move that is due *next*, at `due_at`; no `due_at` means that
    nothing is planned. `generation` fences late workers off: acknowledging, resolving, reopening and re-planning raise
    it. `fallbacks` counts policies fallen back to, `turn` picks the target of round-robin steps (the caller counts the
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
    escalates from step one, due at once; `NOTHING` changes nothing.
    """

    TAKE_STEP = "take-step"
    RETRY_CYCLE = "retry-cycle"
    FALLBACK = "fallback"
    EXHAUSTED = "exhausted"
    ASK_RESPONDER = "ask-responder"
    ACK_TIMEOUT = "ack-timeout"
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


def allowed(state: State, action: Action) -> bool:
    """Whether `action` is possible in `state`.

    A second acknowledgement is not: the same person's second tap changes nothing (the caller answers "you have it"),
    another person takes over.
    """
    raise NotImplementedError


def state_after(state: State, action: Action) -> State:
    """The state that `action` leads to. Raises NotAllowed where it is not possible."""
    raise NotImplementedError


def opened(*, now: datetime, turn: int = 0) -> Progress:
    """A new page: step one is due at once."""
    return Progress(due_at=now, turn=turn)


def acknowledged(progress: Progress, policy: Policy, *, now: datetime) -> Progress:
    """Somebody has taken it: the escalation stops, the ack timeout (if any) starts. Raises NotAllowed."""
    raise NotImplementedError


def taken_over(progress: Progress, policy: Policy, *, now: datetime) -> Progress:
    """Somebody else has it now: as acknowledged, from acknowledged. Raises NotAllowed."""
    raise NotImplementedError


def active(progress: Progress, policy: Policy, *, now: datetime) -> Progress:
    """The responder did something (or answered "still on it"): the ack timeout starts anew. Other states are unchanged."""
    raise NotImplementedError


def resolved(progress: Progress) -> Progress:
    """It is over: nothing more is planned. Raises NotAllowed."""
    raise NotImplementedError


def reopened(progress: Progress, *, now: datetime) -> Progress:
    """It fires again: the same page, a new generation, from step one, due at once. Raises NotAllowed."""
    raise NotImplementedError


def escalated_now(progress: Progress, *, now: datetime) -> Progress:
    """Somebody pressed "escalate now": the next planned move is due at once.

    From acknowledged it starts again at step one; an exhausted page starts a fresh round. Raises NotAllowed.
    """
    raise NotImplementedError


def snoozed(progress: Progress, *, until: datetime) -> Progress:
    """Nothing happens before `until`, then the planned move is made. Raises NotAllowed when nothing is planned."""
    raise NotImplementedError


def next_move(progress: Progress, policy: Policy, *, now: datetime, generation: int | None = None) -> Move:
    """The move to make at `now`, `NOTHING` when none is due.

    `generation` is the one the worker claimed; a differing one means the page was acknowledged, resolved or re-planned
    in the meantime, and nothing is done.
    """
    raise NotImplementedError


def after_unreachable(progress: Progress, policy: Policy, *, now: datetime) -> Move:
    """The move to make at once because the step just taken reached nobody (a gap, or nobody with a contact method).

    `progress` is that step's `Move.after`. Further repeats of that step are left out, the next step is taken now; after
    the last step the next cycle, the fallback or the end comes at once.
    """
    raise NotImplementedError


def advance(
    progress: Progress, policy: Policy, *, now: datetime, reach: Callable[[Move], bool], generation: int | None = None
) -> Iterator[Move]:
    """All moves of this moment, in order: the due one, and as long as nobody was reached the following ones.

    `reach` is called with each move that takes a step and says whether at least one person could be notified. The last
    move reached somebody, or is one of FALLBACK, EXHAUSTED, ACK_TIMEOUT, ASK_RESPONDER or NOTHING. After FALLBACK and
    ACK_TIMEOUT the page is due again at `now`.
    """
    raise NotImplementedError


def forecast(progress: Progress, policy: Policy, *, now: datetime) -> Iterator[Move]:
    """All moves still to come if nobody does anything, with their times (`Move.at`), until FALLBACK or EXHAUSTED.

    Used for "who is next and when" and for simulations; conditions are judged at each move's own time.
    """
    raise NotImplementedError
