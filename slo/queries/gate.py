"""Whether a component may be deployed now, for CI (slo.md §7)."""

from collections.abc import Collection
from dataclasses import dataclass

from catalog.models import Component
from slo import gates
from slo.gates import Reason
from slo.models import BudgetPolicy, Objective
from slo.thresholds import Threshold, in_force, parse_thresholds


@dataclass(frozen=True, slots=True)
class GateObjective:
    """One objective of the component. `remaining` is None while nothing is known, which holds nothing."""

    name: str
    title: str
    url: str
    remaining: float | None
    budget: str
    """ok, at-risk or exhausted."""
    policy: str
    """The error-budget policy it goes by; empty where there is none."""
    crossed: tuple[Threshold, ...]
    """Its thresholds that the budget is below, highest first."""

    @property
    def holds(self) -> bool:
        """Whether one of them holds deployments."""
        return any(one.holds for one in self.crossed)


@dataclass(frozen=True, slots=True)
class Gate:
    """`allow` unless there is a reason not to."""

    component: str
    reasons: tuple[Reason, ...]
    objectives: tuple[GateObjective, ...]

    @property
    def allow(self) -> bool:
        """Whether nothing holds deployments."""
        return not self.reasons


def gate(component: Component, *, leave_out: Collection[str] = ()) -> Gate:
    """The gate of a component as of the last evaluation; `leave_out` names other apps' reasons not to look for."""
    found = Objective.objects.filter(definition__component=component, retired_at=None).select_related(
        "standing", "budget_policy", "definition__component__owner__budget_policy__policy"
    )
    objectives = tuple(_objective(one) for one in found.order_by("name"))
    reasons = [_reason(one) for one in objectives if one.holds]
    for name, holds in gates.registry.items():
        if name not in leave_out:
            reasons.extend(holds(component.pk))
    return Gate(component.ref, tuple(reasons), objectives)


def policy_of(objective: Objective) -> BudgetPolicy | None:
    """The error-budget policy it goes by: its own, else its owner team's. Joined, it asks nothing."""
    if objective.budget_policy:
        return objective.budget_policy
    owner = objective.definition.component.owner
    given = getattr(owner, "budget_policy", None)
    return given.policy if given else None


def crossed_of(objective: Objective) -> tuple[Threshold, ...]:
    """The thresholds of its policy that its budget is below, highest first."""
    policy = policy_of(objective)
    return in_force(parse_thresholds(policy.thresholds), objective.standing.threshold) if policy else ()


def _objective(one: Objective) -> GateObjective:
    policy = policy_of(one)
    return GateObjective(
        name=one.name,
        title=one.label,
        url=one.get_absolute_url(),
        remaining=one.standing.remaining,
        budget=one.standing.budget,
        policy=policy.name if policy else "",
        crossed=crossed_of(one),
    )


def _reason(one: GateObjective) -> Reason:
    lowest = next(threshold for threshold in reversed(one.crossed) if threshold.holds)
    left = "" if one.remaining is None else f" ({one.remaining:.1%} left)"
    return Reason(f"{one.title}: below {lowest.remaining:.0%} of the error budget{left}: {lowest.action}", one.url)
