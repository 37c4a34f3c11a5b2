"""What can be done in the slo app: one change each, guarded and audited."""

from slo.drafts import ObjectiveDraft
from slo.operations.budget_policies import (
    BudgetPolicyDraft,
    delete_budget_policy,
    save_budget_policy,
    set_team_policy,
)
from slo.operations.exclusions import (
    ExclusionSpec,
    ExclusionWithdrawn,
    NoSuchExclusion,
    change_exclusion,
    declare_exclusion,
    reconcile,
    withdraw_exclusion,
)
from slo.operations.objectives import ChangedMeanwhile, NameTaken, Saved, retire_objective, save_objective
from slo.operations.policies import delete_policy, save_policy
from slo.operations.sources import SourceDraft, check_sources, ensure_defaults, save_source

__all__ = [
    "BudgetPolicyDraft",
    "ChangedMeanwhile",
    "ExclusionSpec",
    "ExclusionWithdrawn",
    "NameTaken",
    "NoSuchExclusion",
    "ObjectiveDraft",
    "Saved",
    "SourceDraft",
    "change_exclusion",
    "check_sources",
    "declare_exclusion",
    "delete_budget_policy",
    "delete_policy",
    "ensure_defaults",
    "reconcile",
    "retire_objective",
    "save_budget_policy",
    "save_objective",
    "save_policy",
    "save_source",
    "set_team_policy",
    "withdraw_exclusion",
]
