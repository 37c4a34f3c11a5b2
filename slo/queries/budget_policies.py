"""Error-budget policies and who goes by them."""

from django.db.models import Prefetch, QuerySet

from slo.agreements import NoSuchBudgetPolicy
from slo.models import BudgetPolicy, Objective, TeamBudgetPolicy


def budget_policies() -> QuerySet[BudgetPolicy]:
    """By name, each with `objectives` (not retired) and `teams` prefetched."""
    objectives = Objective.objects.filter(retired_at=None).order_by("name")
    teams = TeamBudgetPolicy.objects.select_related("team").order_by("team__ref")
    return BudgetPolicy.objects.prefetch_related(Prefetch("objectives", objectives), Prefetch("teams", teams))


def budget_policy(name: str) -> BudgetPolicy:
    """The policy of that name, as `budget_policies` has them. Raises NoSuchBudgetPolicy."""
    found = None if "\x00" in name else budget_policies().filter(name=name).first()
    if found is None:
        raise NoSuchBudgetPolicy(f"There is no budget policy {name!r}.")
    return found


def policy_name_of_team(team_id: int) -> str:
    """The name of the policy a team goes by; empty where there is none."""
    return TeamBudgetPolicy.objects.filter(team=team_id).values_list("policy__name", flat=True).first() or ""
