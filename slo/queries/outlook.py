"""What lies ahead within the period: what lies beyond it says nothing, for by then old spending is forgiven."""

from datetime import datetime, timedelta

from slo.models import Objective

NOMINAL = {
    Objective.Calendar.WEEK: 7,
    Objective.Calendar.MONTH: 30,
    Objective.Calendar.QUARTER: 91,
    Objective.Calendar.YEAR: 365,
}


def gone_at(objective: Objective, *, now: datetime) -> datetime | None:
    """When the budget is used up at the pace of the last 6 hours; None where it lasts for this period, or is gone."""
    stood = objective.standing
    at = stood.exhausts_at
    if stood.remaining is None or stood.remaining <= 0:
        return None
    days = objective.window_days or NOMINAL[Objective.Calendar(objective.calendar)]
    if at is None or at > now + timedelta(days=days):
        return None
    return max(at, now)
