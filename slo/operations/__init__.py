"""What can be done in the slo app: one change each, guarded and audited."""

from slo.operations.objectives import ObjectiveDraft, retire_objective, save_objective
from slo.operations.sources import SourceDraft, ensure_defaults, save_source

__all__ = [
    "ObjectiveDraft",
    "SourceDraft",
    "ensure_defaults",
    "retire_objective",
    "save_objective",
    "save_source",
]
