"""What error-budget policies say of a budget: their thresholds as evaluation reads them, and its words."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from portal.lib.errors import Missing
from slo.burnrate import BudgetName, budget_state
from slo.models import BudgetPolicy
from slo.thresholds import Threshold, lowest_crossed, parse_thresholds


class NoSuchBudgetPolicy(Missing):
    """There is no budget policy of that name."""


@lru_cache(maxsize=1_000)
def _thresholds(policy_id: int, changed: datetime) -> tuple[Threshold, ...]:
    return parse_thresholds(BudgetPolicy.objects.get(pk=policy_id).thresholds)


def thresholds_of(policies: Iterable[int | None]) -> dict[int, tuple[Threshold, ...]]:
    """The thresholds of error-budget policies, by primary key; read again only when a policy has changed."""
    wanted = {pk for pk in policies if pk is not None}
    if not wanted:
        return {}
    found = BudgetPolicy.objects.filter(pk__in=wanted).values_list("pk", "updated_at")
    return {pk: _thresholds(pk, changed) for pk, changed in found}


def standing(
    agreed: Sequence[Threshold], remaining: float, *, before: BudgetName, had: float | None
) -> tuple[BudgetName, Threshold | None]:
    """What people are told of a budget, and the lowest threshold it is below.

    Under a policy it is at risk when one of its thresholds is crossed; without, when little is left.
    """
    told = budget_state(remaining, before=before)
    if not agreed:
        return told, None
    crossed = lowest_crossed(agreed, remaining, before=had)
    return ("exhausted" if told == "exhausted" else "at-risk" if crossed else "ok"), crossed


def edge(had: float | None, now: float | None) -> str:
    """The threshold a transition is about, as a share: the one crossed now, or the one left behind."""
    edge = now if now is not None else had
    return "" if edge is None else f"{edge:g}"


def left(remaining: float, agreed: Sequence[Threshold], had: float | None, crossed: Threshold | None) -> str:
    """What a transition of the budget says, with what is agreed on where another threshold is the lowest crossed."""
    said = f"{remaining:.1%} of the error budget is left."
    if not agreed or (crossed.remaining if crossed else None) == had:
        return said
    if crossed is None:
        return f"{said} None of the thresholds of its policy is crossed any more."
    hold = " Deployments are held." if crossed.holds else ""
    return f"{said} Agreed on below {crossed.remaining:.0%}: {crossed.action.rstrip('.')}.{hold}"
