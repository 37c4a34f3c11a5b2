"""What objectives told in the demo's past: that a rule fires, and that it doesn't any more, taken as the product does.

The transitions are written here, for the ledger of these days is read only after the demo has begun; what they lead to
comes of the operation that takes them.
"""

from datetime import datetime

from incidents.intake.slo import take_transitions
from incidents.models import Incident
from portal.lib.durations import words
from slo.models import AlertTransition, Objective, RuleState
from slo.queries.outlook import promise_of
from slo.windows import BurnWindow

FIRING, INACTIVE = RuleState.State.FIRING.value, RuleState.State.INACTIVE.value


def fire(*, objective: str, burn: float, now: datetime) -> Incident:
    """Have its first rule fire, `burn` times too fast over both windows, and answer the incident that it led to."""
    found, window = _of(objective)
    long, short = (f"{burn:.1f}× over {words(one)}" for one in (window.long, window.short))
    reason = f"{long} and {short}, more than {float(window.factor):.4g}×."
    told = _tell(found, window, (INACTIVE, FIRING), burn, reason, now)
    if told.handled.incident is None:
        raise ValueError(f"{objective} led to no incident")
    return told.handled.incident


def clear(*, objective: str, now: datetime) -> None:
    """Have that rule come to rest, unless it has."""
    found, window = _of(objective)
    last = found.transitions.filter(kind=AlertTransition.Kind.BURN).order_by("at", "pk").last()
    if last is None or last.to_state != FIRING:
        return
    limit = f"{float(window.factor):.4g}×"
    reason = f"For {words(window.short)} it has not burned faster than {limit}; now 0.0×."
    _tell(found, window, (FIRING, INACTIVE), 0.0, reason, now)


def _tell(
    objective: Objective, window: BurnWindow, states: tuple[str, str], burn: float, reason: str, now: datetime
) -> AlertTransition:
    told = AlertTransition.objects.create(
        objective=objective,
        kind=AlertTransition.Kind.BURN,
        rule=window.rule.name,
        severity=window.rule.severity,
        from_state=states[0],
        to_state=states[1],
        at=now,
        bucket=now.replace(second=0, microsecond=0),
        burn_long=burn,
        burn_short=burn,
        reason=reason,
    )
    take_transitions(now=now)
    told.refresh_from_db()
    return told


def _of(name: str) -> tuple[Objective, BurnWindow]:
    found = Objective.objects.select_related("definition__component", "policy").get(name=name, retired_at=None)
    return found, promise_of(found).windows[0]
