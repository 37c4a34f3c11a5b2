"""Error-budget policies as data: the shares left at which something is agreed on (slo.md §7). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slo.burnrate import RECOVERY

MOST = 10
LOWEST = -10.0
LONGEST_ACTION = 500


class BadThreshold(ValueError):
    """A threshold can't be used; the message says which and what to write."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Below `remaining` (0.25: with less than a quarter left; 0: with nothing) `action` is agreed on.

    `holds`: deployments are to wait.
    """

    remaining: float
    action: str
    holds: bool = False

    def crossed(self, remaining: float) -> bool:
        """Whether so much left is below it; nothing left is below 0."""
        return remaining < self.remaining or (self.remaining <= 0 and remaining <= self.remaining)


def parse_thresholds(given: Iterable[Mapping[str, Any]]) -> tuple[Threshold, ...]:
    """The thresholds of a policy as a BudgetPolicy stores them, highest first. Raises BadThreshold."""
    found = sorted((_parsed(dict(one)) for one in given), key=lambda one: -one.remaining)
    if not 1 <= len(found) <= MOST:
        raise BadThreshold(f"give 1 to {MOST} thresholds")
    if len({one.remaining for one in found}) < len(found):
        raise BadThreshold("each threshold needs a share of its own")
    return tuple(found)


def _parsed(given: dict[str, Any]) -> Threshold:
    unknown = set(given) - {"remaining", "action", "holds"}
    if unknown:
        raise BadThreshold(f"unknown {', '.join(sorted(unknown))}; a threshold is remaining, action and holds")
    share, action, holds = given.get("remaining"), str(given.get("action") or "").strip(), given.get("holds", False)
    if isinstance(share, bool) or not isinstance(share, int | float) or not LOWEST <= share < 1:
        raise BadThreshold("remaining is the share left, such as 0.25 for a quarter or 0 for nothing; below 1")
    if not 0 < len(action) <= LONGEST_ACTION:
        raise BadThreshold(f"say in action what is to be done below {share:g}, in at most {LONGEST_ACTION} characters")
    if not isinstance(holds, bool):
        raise BadThreshold("holds is true or false")
    return Threshold(float(share), action, holds)


def stored(thresholds: Sequence[Threshold]) -> list[dict[str, Any]]:
    """As a BudgetPolicy stores them."""
    return [{"remaining": one.remaining, "action": one.action, "holds": one.holds} for one in thresholds]


def lowest_crossed(
    thresholds: Sequence[Threshold], remaining: float, *, before: float | None
) -> Threshold | None:  # fmt: skip
    """The lowest threshold that what is left is below, or None. They come highest first.

    `before` is the share of the one it was below until now. Getting worse is told at the edge, getting better
    `burnrate.RECOVERY` beyond it.
    """
    had = 0 if before is None else sum(one.remaining >= before for one in thresholds)
    worse, better = (sum(one.crossed(left) for one in thresholds) for left in (remaining, remaining - RECOVERY))
    level = min(max(had, worse), better)
    return thresholds[level - 1] if level else None


def in_force(thresholds: Sequence[Threshold], crossed: float | None) -> tuple[Threshold, ...]:
    """Those at or above the lowest one crossed, highest first: what is agreed on for now."""
    return () if crossed is None else tuple(one for one in thresholds if one.remaining >= crossed)
