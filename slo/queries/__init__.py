"""What can be asked of the slo app. Nothing here writes."""

from slo.queries.fleet import (
    FleetFilter,
    FleetRow,
    FleetTotals,
    children_of,
    fleet,
    fleet_totals,
    objectives_of,
    of_component,
)
from slo.queries.history import (
    DayCounts,
    HistoryPoint,
    Spent,
    burn_histories,
    burn_history,
    by_day,
    gaps,
    history,
    spent_between,
    spent_by_day,
)
from slo.queries.objective import (
    ObjectiveDetail,
    RuleReading,
    TransitionRow,
    by_name,
    detail,
    last_evaluation,
    transitions,
)
from slo.queries.sources import SourceRow, sources

__all__ = [
    "DayCounts",
    "FleetFilter",
    "FleetRow",
    "FleetTotals",
    "HistoryPoint",
    "ObjectiveDetail",
    "RuleReading",
    "SourceRow",
    "Spent",
    "TransitionRow",
    "burn_histories",
    "burn_history",
    "by_day",
    "by_name",
    "children_of",
    "detail",
    "fleet",
    "fleet_totals",
    "gaps",
    "history",
    "last_evaluation",
    "objectives_of",
    "of_component",
    "sources",
    "spent_between",
    "spent_by_day",
    "transitions",
]
