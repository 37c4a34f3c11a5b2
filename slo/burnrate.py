"""How fast a budget is spent, what is left of it, and whether to tell somebody (slo.md §2). Pure.

Counts are exact; comparisons are made on whole numbers and fractions, floats are for showing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from slo.windows import BurnWindow

type Number = int | Decimal
type RuleStateName = Literal["inactive", "firing"]
type BudgetName = Literal["ok", "at-risk", "exhausted"]

AT_RISK = 0.25
"""With less than this share left, a budget is at risk."""
RECOVERY = 0.01
"""A budget must be this far beyond an edge again before people are told that it is better."""
FARTHEST = timedelta(days=3650)
"""An exhaustion farther off than this is none."""


class Reading(NamedTuple):
    """What a window held: events, and how many of its `minutes` are known."""

    good: Number
    total: Number
    known: int
    minutes: int

    @property
    def bad(self) -> Number:
        """Events that were not good."""
        return self.total - self.good

    @property
    def error_ratio(self) -> float | None:
        """Share of bad events; undefined, not zero, without events."""
        return float(self.bad / self.total) if self.total else None

    @property
    def coverage(self) -> float:
        """Share of its minutes that are known."""
        return self.known / self.minutes if self.minutes else 0.0

    def over(self, limit: Fraction) -> bool:
        """Whether the error ratio is above `limit`, strictly and exactly; never without events."""
        return _exact(self.bad) * limit.denominator > limit.numerator * _exact(self.total)


def _exact(count: Number) -> int | Fraction:
    return count if isinstance(count, int) else Fraction(count)


def burn_rate(reading: Reading, *, target: Decimal) -> float | None:
    """How many times faster than sustainable the budget is being spent (1.0 spends it exactly in the period)."""
    return burning(reading, float(1 - target))


def burning(reading: Reading, allowed: float) -> float | None:
    """As `burn_rate`, where `allowed` is the share of events that may be bad."""
    ratio = reading.error_ratio
    return None if ratio is None else ratio / allowed


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget of a period, in events (or slices): how many may be bad, how many were, and what is left."""

    allowed: float
    spent: float
    remaining: float
    """Share of the budget left: 1 is all of it, below 0 is overspent."""


def budget(period: Reading, *, target: Decimal, slices: int | None = None) -> Budget | None:
    """The budget of a period, of its events or, for time slices, of all its `slices`; None while nothing is counted."""
    total, bad = _exact(period.total if slices is None else slices), _exact(period.bad)
    if not total or not (period.total or (slices is not None and period.known)):
        return None
    share = _allowed(target)
    if isinstance(total, int) and isinstance(bad, int):  # as below, without making a fraction at each step
        allowed_parts = share.numerator * total
        spent_parts = share.denominator * bad
        return Budget(allowed_parts / share.denominator, float(bad), (allowed_parts - spent_parts) / allowed_parts)
    allowed = share * total
    return Budget(float(allowed), float(bad), float(1 - bad / allowed))


@lru_cache(maxsize=10_000)
def _allowed(target: Decimal) -> Fraction:
    """The share of events that may be bad."""
    return 1 - Fraction(target)


def exhaustion(*, remaining: float, burn: float | None, period: timedelta, now: datetime) -> datetime | None:
    """When nothing will be left at the pace `burn`; `now` when nothing is; None when it never will be."""
    if remaining <= 0:
        return now
    if burn is None or burn <= 0:
        return None
    ahead = remaining * period.total_seconds() / burn
    return now + timedelta(seconds=ahead) if ahead < FARTHEST.total_seconds() else None


def budget_state(remaining: float, *, before: BudgetName) -> BudgetName:
    """What people are told of a budget. Getting worse is told at the edge, getting better a hundredth beyond it."""
    order: list[BudgetName] = ["ok", "at-risk", "exhausted"]
    worse = order.index(_budget_at(remaining))
    better = order.index(_budget_at(remaining - RECOVERY))
    return order[min(max(order.index(before), worse), better)]


def _budget_at(remaining: float) -> BudgetName:
    if remaining <= 0:
        return "exhausted"
    return "at-risk" if remaining < AT_RISK else "ok"


@dataclass(frozen=True, slots=True)
class Memory:
    """What a rule remembers between two evaluations. `quiet_since`: end of the bucket since which it isn't over."""

    state: RuleStateName = "inactive"
    quiet_since: datetime | None = None
    held: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule's memory from now on, whether its state changed, and why."""

    memory: Memory
    changed: bool = False
    reason: str = ""


INACTIVE = Memory()
_STAYS_INACTIVE = Decision(INACTIVE)


def decide(window: BurnWindow, memory: Memory, *, long: Reading, short: Reading, bucket: datetime) -> Decision:
    """The next state of a rule, by the windows that end with `bucket`.

    It fires when both windows are over. It clears once the short one has been at or under for its own length; without
    data it is held, and without traffic too until the long window has passed without any.
    """
    if memory.state == "inactive":
        if _fires(window, long, short):
            return Decision(Memory("firing"), changed=True, reason="both windows are over")
        return _STAYS_INACTIVE
    if not short.known:
        return Decision(Memory("firing", memory.quiet_since, "no_data"))
    if not long.total:
        return Decision(INACTIVE, changed=True, reason="no_traffic")
    if not short.total:
        return Decision(Memory("firing", memory.quiet_since, "no_traffic"))
    if short.over(window.limit):
        return Decision(Memory("firing"))
    quiet_since = memory.quiet_since or bucket
    if bucket - quiet_since >= window.short:
        return Decision(INACTIVE, changed=True, reason="the short window has stayed under")
    return Decision(Memory("firing", quiet_since))


def _fires(window: BurnWindow, long: Reading, short: Reading) -> bool:
    if long.bad < max(1, window.rule.min_bad) or long.total < window.rule.min_events:
        return False
    return long.over(window.limit) and short.over(window.limit)
