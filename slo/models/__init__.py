"""The slo app's tables. Those of the ledger are read and written by `slo.ledger` alone."""

from slo.models.alerts import AlertTransition, RuleState
from slo.models.ledger import Cursor, CursorGroup, Ledger, LedgerDay, LedgerMinute, SeriesState, Sweep
from slo.models.objectives import AlertPolicy, Definition, Objective, Standing
from slo.models.sources import DataSource

__all__ = [
    "AlertPolicy",
    "AlertTransition",
    "Cursor",
    "CursorGroup",
    "DataSource",
    "Definition",
    "Ledger",
    "LedgerDay",
    "LedgerMinute",
    "Objective",
    "RuleState",
    "SeriesState",
    "Standing",
    "Sweep",
]
