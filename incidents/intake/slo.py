"""Transitions of objectives, taken exactly once.

What is not yet taken is found by an anti-join, never by a cursor over ids, for ids commit out of order. One objective
is held, all its open transitions are taken in order, and each is ticked off in the transaction of what it led to.
"""

from datetime import datetime

import structlog
from django.db import OperationalError, transaction

from incidents import timeline
from incidents.firing import Firing
from incidents.models import Alert, HandledTransition, Incident, TimelineEntry
from incidents.operations import clear_alert, raise_alert
from slo.models import AlertTransition, Objective

log = structlog.get_logger(__name__)

SOURCE = "slo"
STARTS = frozenset({"firing", "blind"})


def take_transitions(*, now: datetime, limit: int = 100) -> int:
    """Take what up to `limit` objectives have to say; answers how many transitions were taken."""
    waiting = AlertTransition.objects.filter(handled=None).order_by().values_list("objective_id", flat=True).distinct()
    return sum(_taken(objective_id, now) for objective_id in waiting[:limit])


def _taken(objective_id: int, now: datetime) -> int:
    try:
        with transaction.atomic():
            return _take_objective(objective_id, now)
    except OperationalError:
        raise
    except Exception:  # what one objective says must not keep the others from being heard
        log.exception("transitions could not be taken; they stay and are tried again", objective=objective_id)
        return 0


def _take_objective(objective_id: int, now: datetime) -> int:
    held = Objective.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    objective = held.select_related("definition__component__owner").filter(pk=objective_id).first()
    if objective is None:
        return 0  # another worker has it
    waiting = AlertTransition.objects.filter(objective=objective, handled=None).order_by("at", "pk")
    for transition in waiting:
        incident, outcome = _act(objective, transition, now)
        HandledTransition.objects.create(transition=transition, at=now, incident=incident, outcome=outcome[:300])
    return len(waiting)


def _act(objective: Objective, transition: AlertTransition, now: datetime) -> tuple[Incident | None, str]:
    if transition.kind == AlertTransition.Kind.BUDGET:
        return _budget(objective, transition, now)
    key = f"{SOURCE}:{objective.pk}:{transition.rule or transition.kind}"
    if transition.to_state in STARTS:
        raised = raise_alert(firing=_firing(objective, transition, key), now=now)
        return raised.incident, raised.outcome
    alert = clear_alert(key=key, now=now, words=_cleared(objective, transition))
    return (alert.incident, f"cleared {key}") if alert else (None, f"nothing was open under {key}")


def _firing(objective: Objective, transition: AlertTransition, key: str) -> Firing:
    blind = transition.kind == AlertTransition.Kind.BLIND
    return Firing(
        key=key,
        source=SOURCE,
        summary=f"{objective.label}: {'no data' if blind else _burning(transition)}",
        rule=Alert.Rule.INFO if blind else transition.severity,
        component=objective.definition.component,
        objective_id=objective.pk,
        details=_details(transition),
        links=[{"url": objective.get_absolute_url(), "title": objective.label}],
    )


def _burning(transition: AlertTransition) -> str:
    if transition.burn_long is None:
        return "the error budget burns too fast"
    return f"the error budget burns {transition.burn_long:.1f} times too fast"


def _cleared(objective: Objective, transition: AlertTransition) -> str:
    if transition.kind == AlertTransition.Kind.BLIND:
        return f"{objective.label}: data flows again"
    return f"{objective.label}: no longer burns ({transition.rule}). {transition.reason}".strip()


def _details(transition: AlertTransition) -> dict[str, object]:
    return {
        "transition": transition.pk,
        "rule": transition.rule,
        "burn": transition.burn_long,
        "burn_short": transition.burn_short,
        "budget_remaining": transition.budget_remaining,
        "good": None if transition.good is None else str(transition.good),
        "bad": None if transition.bad is None else str(transition.bad),
        "reason": transition.reason,
        "at": transition.at.isoformat(),
    }


def _budget(objective: Objective, transition: AlertTransition, now: datetime) -> tuple[Incident | None, str]:
    """A budget that crosses a line is no alert of its own: it is said where somebody is dealing with it."""
    words = (
        f"{objective.label}: error budget {transition.from_state} → {transition.to_state}. {transition.reason}".strip()
    )
    open_ones = Incident.objects.filter(component=objective.definition.component_id).exclude(
        state=Incident.State.RESOLVED
    )
    incident = open_ones.order_by("severity", "opened_at").first()
    if incident is not None:
        timeline.write(incident.pk, TimelineEntry.Kind.BUDGET, words, at=now, data=_details(transition))
    return incident, words
