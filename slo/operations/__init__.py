"""What can be done in the slo app: one change each, guarded and audited."""

from slo.drafts import ObjectiveDraft
from slo.operations.objectives import ChangedMeanwhile, NameTaken, Saved, retire_objective, save_objective
from slo.operations.policies import save_policy
from slo.operations.sources import SourceDraft, check_sources, ensure_defaults, save_source

__all__ = [
    "ChangedMeanwhile",
    "NameTaken",
    "ObjectiveDraft",
    "Saved",
    "SourceDraft",
    "check_sources",
    "ensure_defaults",
    "retire_objective",
    "save_objective",
    "save_policy",
    "save_source",
]
