"""The slo app's tables. Those of the ledger are read and written by `slo.ledger` alone."""

from slo.models.alerts import AlertTransition, RuleState
from slo.models.exclusions import AppliedExclusion, Exclusion
from slo.models.ledger import Cursor, CursorGroup, Ledger, LedgerDay, LedgerMinute, SeriesState, Sweep
from slo.models.objectives import (
    AlertCondition,
    AlertPolicy,
    BudgetPolicy,
    Definition,
    Indicator,
    Objective,
    Standing,
    TeamBudgetPolicy,
)
from slo.models.replicas import ReplicaChange
from slo.models.sources import DataSource

__all__ = [
    "AlertCondition",
    "AlertPolicy",
    "AlertTransition",
    "AppliedExclusion",
    "BudgetPolicy",
    "Cursor",
    "CursorGroup",
    "DataSource",
    "Definition",
    "Exclusion",
    "Indicator",
    "Ledger",
    "LedgerDay",
    "LedgerMinute",
    "Objective",
    "ReplicaChange",
    "RuleState",
    "SeriesState",
    "Standing",
    "Sweep",
    "TeamBudgetPolicy",
]
