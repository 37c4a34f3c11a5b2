"""What was spent outside all incidents: in bursts that show in the burn-down as steps, and bit by bit.

Read off the points of the burn-down, so a burst is known to one of its steps (three hours of 30 days).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from slo.models import Objective
from slo.promises import Promise
from slo.queries.history import HistoryPoint
from slo.queries.outlook import promise_of

LEAST = 0.05
"""Of the budget: less is no burst."""
FAST = 3.0
"""Times faster than even spending: slower is no burst."""
MOST = 3

type Stretches = Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Burst:
    """Spending outside all incidents, somewhere between `start` and `end`; `share` is of the period's budget.

    `why` says why there was no incident.
    """

    start: datetime
    end: datetime
    bad: float
    share: float
    why: str

    @property
    def within(self) -> timedelta:
        """How long the stretch is in which it happened."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Outside:
    """The dearest bursts, at most `MOST`, as they came; `rest` is what was bad outside incidents beside them."""

    bursts: tuple[Burst, ...]
    rest: float
    rest_share: float | None


def outside(
    objective: Objective, points: Sequence[HistoryPoint], incidents: Stretches, *, bad: float, allowed: float | None
) -> Outside:
    """Of the `bad` events outside `incidents`, those that came at once; asks the database nothing."""
    if not allowed:
        return Outside((), bad, None)
    found = _joined([one for one in pairwise(points) if _fast(*one, objective, incidents, allowed)])
    bursts = [_burst(objective, start, end, allowed) for start, end in found]
    dearest = sorted(bursts, key=lambda one: -one.bad)[:MOST]
    rest = max(0.0, bad - sum(one.bad for one in dearest))
    return Outside(tuple(sorted(dearest, key=lambda one: one.start)), rest, rest / allowed)


def _fast(
    before: HistoryPoint, after: HistoryPoint, objective: Objective, incidents: Stretches, allowed: float
) -> bool:
    bad, total = _bad(before, after), after.total - before.total
    even = total * float(1 - objective.target)
    apart = not any(start < after.at and end > before.at for start, end in incidents)
    return apart and bad >= LEAST * allowed and bad >= FAST * even


def _bad(before: HistoryPoint, after: HistoryPoint) -> float:
    return float((after.total - before.total) - (after.good - before.good))


def _joined(steps: Sequence[tuple[HistoryPoint, HistoryPoint]]) -> list[tuple[HistoryPoint, HistoryPoint]]:
    found: list[tuple[HistoryPoint, HistoryPoint]] = []
    for before, after in steps:
        if found and found[-1][1].at == before.at:
            found[-1] = (found[-1][0], after)
        else:
            found.append((before, after))
    return found


def _burst(objective: Objective, before: HistoryPoint, after: HistoryPoint, allowed: float) -> Burst:
    bad = _bad(before, after)
    return Burst(before.at, after.at, bad, bad / allowed, _why(promise_of(objective), objective, bad, after.at))


def _why(promised: Promise, objective: Objective, bad: float, end: datetime) -> str:
    least = min((window.rule.min_bad for window in promised.windows), default=0)
    if bad < least:
        return f"Too few events: a rule needs at least {least} bad ones."
    if end <= objective.created_at:
        return "Nobody watched it yet: this is from history that was read afterwards, which pages nobody."
    return "No alert rule fired: it was too short or too slow for each of them."
