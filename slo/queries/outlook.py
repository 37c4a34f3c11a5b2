"""What lies ahead within the period: what lies beyond it says nothing, for by then old spending is forgiven."""

from collections.abc import Collection
from datetime import datetime, timedelta

from portal.lib.durations import words
from slo.burnrate import exhaustion
from slo.models import Objective
from slo.promises import Promise, promise
from slo.windows import BurnWindow, parse_rules

NOMINAL = {
    Objective.Calendar.WEEK: 7,
    Objective.Calendar.MONTH: 30,
    Objective.Calendar.QUARTER: 91,
    Objective.Calendar.YEAR: 365,
}


SLOW = "6 h"


def ahead(objective: Objective) -> tuple[datetime | None, str]:
    """When nothing will be left, and of how long the pace is that it is reckoned by.

    That of the last 6 hours; while a rule fires and it burns faster than that, the pace of the first rule's long
    window: who is being paged wants to know how long it may go on so.
    """
    stood = objective.standing
    hot = bool(stood.firing) and stood.burn is not None and stood.burn > (stood.burn_slow or 0)
    if not hot or not stood.remaining or stood.remaining < 0 or stood.evaluated_at is None:
        return stood.exhausts_at, SLOW
    length = promise_of(objective).period.length(stood.bucket or stood.evaluated_at)
    at = exhaustion(remaining=stood.remaining, burn=stood.burn, period=length, now=stood.evaluated_at)
    return at, burn_window(objective)


def burn_window(objective: Objective) -> str:
    """Which window its burn rate now is of, such as `1 h`; empty where nothing was read."""
    windows = objective.standing.readings
    return words(timedelta(seconds=windows[0]["long_s"])) if windows and "long_s" in windows[0] else ""


def promise_of(objective: Objective) -> Promise:
    """The period and burn windows of one objective, by its policy as joined."""
    return promise(
        rules=parse_rules(objective.policy.rules),
        window_days=objective.window_days,
        calendar=objective.calendar,
        time_zone=objective.time_zone,
        target=objective.target,
    )


def window_of(objective: Objective, rules: Collection[str] = ()) -> BurnWindow | None:
    """The first of its alert rules that is named among `rules`, or else the first; None where it has none."""
    windows = promise_of(objective).windows
    return next((one for one in windows if one.rule.name in rules), next(iter(windows), None))


def gone_at(objective: Objective, *, now: datetime) -> datetime | None:
    """When the budget is used up, as `ahead` has it; None where it lasts for this period, or is gone."""
    stood = objective.standing
    at, _ = ahead(objective)
    if stood.remaining is None or stood.remaining <= 0:
        return None
    days = objective.window_days or NOMINAL[Objective.Calendar(objective.calendar)]
    if at is None or at > now + timedelta(days=days):
        return None
    return max(at, now)
