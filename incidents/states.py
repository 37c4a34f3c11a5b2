"""The states of incidents and pages, and which action leads from which to which. Pure.

`triggered → acknowledged → resolved`, and `reopened` when it fires again; a page that everybody was asked about and
nobody has taken is `exhausted` until somebody does.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where an incident or one of its pages stands; `EXHAUSTED` is for pages: all were asked, nobody has taken it."""

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


_LEADS_TO: dict[Action, dict[State, State]] = {
    Action.ACKNOWLEDGE: dict.fromkeys(UNTAKEN, State.ACKNOWLEDGED),
    Action.TAKE_OVER: {State.ACKNOWLEDGED: State.ACKNOWLEDGED},
    Action.ESCALATE: {
        State.TRIGGERED: State.TRIGGERED,
        State.REOPENED: State.REOPENED,
        State.ACKNOWLEDGED: State.TRIGGERED,
        State.EXHAUSTED: State.TRIGGERED,
    },
    Action.TIME_OUT: {State.ACKNOWLEDGED: State.TRIGGERED},
    Action.EXHAUST: dict.fromkeys(ESCALATING, State.EXHAUSTED),
    Action.RESOLVE: dict.fromkeys(OPEN, State.RESOLVED),
    Action.REOPEN: {State.RESOLVED: State.REOPENED},
}


def allowed(state: State, action: Action) -> bool:
    """Whether `action` is possible in `state`.

    A second acknowledgement is not: the same person's second tap changes nothing (the caller answers "you have it"),
    another person takes over.
    """
    return state in _LEADS_TO[action]


def state_after(state: State, action: Action) -> State:
    """The state that `action` leads to. Raises NotAllowed where it is not possible."""
    if not allowed(state, action):
        raise NotAllowed(f"{action}: not possible while it is {state}")
    return _LEADS_TO[action][state]
