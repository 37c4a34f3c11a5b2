"""A policy as the machine walks it: steps, whom they name, and when they apply. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from incidents.oncall.wallclock import EVERY_DAY, Window, opening


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

    Equal times are the whole day; when `end < start` the window runs over midnight and belongs to the day on which it
    starts.
    """

    zone: str
    days: frozenset[int] = EVERY_DAY
    start: time = time(0)
    end: time = time(0)

    def holds(self, at: datetime) -> bool:
        """Whether the step applies at `at` (aware)."""
        return opening((Window(self.start, self.end, self.days),), at, self.zone).is_open


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

    One that `rests` is for information: the first step that reaches somebody is taken once, and nothing follows it, not
    even when somebody has taken it.
    """

    steps: tuple[Step, ...]
    repeat: int = 0
    fallback: str | None = None
    ack_timeout: timedelta | None = None
    answer_within: timedelta = timedelta(minutes=10)
    rests: bool = False
