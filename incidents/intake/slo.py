"""Transitions of objectives, taken exactly once.

What is not yet taken is found by an anti-join, never by a cursor over ids, for ids commit out of order. One objective
is held, all its open transitions are taken in order, and each is ticked off in the transaction of what it led to.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, transaction
from django.db.models import Min

from catalog.models import Membership
from incidents import breaches, timeline
from incidents.firing import Firing
from incidents.models import Alert, HandledTransition, Incident, TimelineEntry
from incidents.operations import clear_alert, raise_alert
from incidents.operations.telling import tell
from slo.models import AlertTransition, Objective

log = structlog.get_logger(__name__)

SOURCE = "slo"
STARTS = frozenset({"firing", "blind"})
PAUSE = timedelta(seconds=5)
PAUSE_AT_MOST = timedelta(minutes=5)


@dataclass(slots=True)
class Poisoned:
    """Objectives whose transitions failed in this process: how often, and when to try again.

    Kept in memory, for it saves work and decides nothing: a new process tries everything once.
    """

    failures: dict[int, int] = field(default_factory=dict)
    not_before: dict[int, datetime] = field(default_factory=dict)

    def resting(self, now: datetime) -> list[int]:
        """Those whose pause has not ended."""
        return [pk for pk, at in self.not_before.items() if at > now]

    def failed(self, objective_id: int, now: datetime) -> None:
        """Tried again after a growing pause."""
        count = self.failures.get(objective_id, 0)
        self.failures[objective_id] = count + 1
        self.not_before[objective_id] = now + min(PAUSE * 2 ** min(count, 10), PAUSE_AT_MOST)

    def well(self, objective_id: int) -> None:
        """It went through."""
        self.failures.pop(objective_id, None)
        self.not_before.pop(objective_id, None)


poisoned = Poisoned()


def take_transitions(*, now: datetime, limit: int = 100) -> int:
    """Take what up to `limit` objectives have to say, longest waiting first; answers how many transitions were taken.

    Those that failed rest a while, so that however many they are, the others have their turn.
    """
    waiting = AlertTransition.objects.filter(handled=None).exclude(objective_id__in=poisoned.resting(now))
    oldest = waiting.values("objective_id").annotate(since=Min("at")).order_by("since", "objective_id")
    return sum(_taken(row["objective_id"], now) for row in oldest[:limit])


def _taken(objective_id: int, now: datetime) -> int:
    try:
        with transaction.atomic():
            taken = _take_objective(objective_id, now)
    except OperationalError:
        raise
    except Exception:  # what one objective says must not keep the others from being heard
        log.exception("transitions could not be taken; they stay and are tried again", objective=objective_id)
        poisoned.failed(objective_id, now)
        return 0
    poisoned.well(objective_id)
    return taken


def _take_objective(objective_id: int, now: datetime) -> int:
    held = Objective.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    objective = held.select_related("definition__component__owner", "policy").filter(pk=objective_id).first()
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
    alert = clear_alert(key=key, now=now, words=breaches.cleared(objective, transition))
    return (alert.incident, f"cleared {key}") if alert else (None, f"nothing was open under {key}")


def _firing(objective: Objective, transition: AlertTransition, key: str) -> Firing:
    blind = transition.kind == AlertTransition.Kind.BLIND
    return Firing(
        key=key,
        source=SOURCE,
        title=breaches.title(objective, blind=blind),
        summary=breaches.summary(objective, transition),
        figures=breaches.figures(transition),
        rule=Alert.Rule.INFO if blind else transition.severity,
        component=objective.definition.component,
        objective_id=objective.pk,
        details=_details(transition),
        links=[{"url": objective.get_absolute_url(), "title": objective.label}],
        accepted_at=transition.at,
    )


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
    words = breaches.budget(objective, transition)
    its = Incident.objects.filter(component=objective.definition.component_id, is_drill=False)
    open_ones = its.exclude(state=Incident.State.RESOLVED)
    incident = open_ones.order_by("severity", "opened_at").first()
    if incident is not None:
        timeline.write(incident.pk, TimelineEntry.Kind.BUDGET, words, at=now, data=_details(transition))
    if transition.rule:
        _tell_owner(objective, transition, words, incident, now)
    return incident, words


def _tell_owner(
    objective: Objective, transition: AlertTransition, words: str, incident: Incident | None, now: datetime
) -> None:
    """A threshold of an error-budget policy was crossed: the owner's leads are told; without one, everybody in it."""
    owner = objective.definition.component.owner
    if owner is None:
        return
    people = [one for one in owner.memberships.select_related("person").order_by("pk") if one.person]
    leads = [one for one in people if one.role == Membership.Role.LEAD]
    for one in leads or people:
        if one.person and one.person.retired_at is None:
            tell(
                person=one.person,
                subject=breaches.budget_subject(objective, transition),
                text=words,
                key=f"budget-{transition.pk}",
                now=now,
                incident=incident,
            )
