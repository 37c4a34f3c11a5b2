"""Causes and symptoms: what breaks because something upstream broke is shown there, and nobody is paged for it.

A symptom is an incident with a `root`: it keeps its alerts, its timeline and its state, and has no page under way. The
caller holds the alerts (`locking.lock_alerts`), which makes it the only one that holds several incidents at once.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from catalog.graph import upstream
from catalog.models import Component
from incidents import timeline
from incidents.escalation import OPEN
from incidents.models import Incident, Severity, TimelineEntry
from incidents.operations.closing import end_pages
from incidents.operations.locking import locked_incident, locked_pages
from portal.lib import conf


def begins_within() -> timedelta:
    """How long after its cause a symptom may begin (and how long before it)."""
    return conf.minutes("PORTAL_CAUSE_MINUTES", 30)


def grace() -> timedelta:
    """How long a symptom may go on firing once its cause has ended, before it pages."""
    return conf.minutes("PORTAL_SYMPTOM_GRACE_MINUTES", 5)


def cause_of(component: Component | None, *, now: datetime, but: int | None = None) -> Incident | None:
    """The open P1 or P2, held, that began lately on something `component` depends on, directly or not; the worst,
    then the oldest. `but` is the incident that asks.
    """
    if component is None:
        return None
    found = _candidates(now).values_list("pk", "component_id")
    candidates = {number: place for number, place in found if number != but}
    if not candidates:
        return None
    above = upstream(component.pk)
    numbers = [number for number, place in candidates.items() if place in above]
    for number in (
        Incident.objects.filter(pk__in=numbers).order_by("severity", "opened_at").values_list("pk", flat=True)
    ):
        held = locked_incident(number)
        if held.is_open and held.root_id is None and held.severity <= Severity.P2:
            return held
    return None


def become_symptom(incident: Incident, cause: Incident, *, now: datetime) -> None:
    """A held incident of which nobody is paged (any more): it shows at its cause, and its owner is told."""
    incident.root = cause
    incident.inform_at = now
    incident.save(update_fields=["root", "inform_at"])
    where = incident.about or "no component"
    timeline.write(incident.pk, TimelineEntry.Kind.SYMPTOM, f"A symptom of {cause}: nobody is paged for it.", at=now)
    words = f"{where} shows symptoms ({incident.label}): {incident.title}"
    timeline.write(cause.pk, TimelineEntry.Kind.SYMPTOM, words[:500], at=now, data={"incident": incident.pk})


def adopt_symptoms(cause: Incident, broken: Collection[int], *, now: datetime) -> list[Incident]:
    """Symptoms often come first: untaken incidents of what broke with `cause` (held) join it, their escalations stop.

    `broken` are ids of the components in its blast radius. Those that somebody has taken stay as they are.
    """
    if not broken or cause.severity > Severity.P2 or cause.root_id is not None:
        return []
    untaken = Incident.objects.filter(state=Incident.State.TRIGGERED, root=None, component__in=broken, is_drill=False)
    found = _began_lately(untaken, now).exclude(pk=cause.pk).order_by("pk")
    return [one for number in found.values_list("pk", flat=True) if (one := _adopt(number, cause, now)) is not None]


def still_firing(cause: Incident) -> QuerySet[Incident]:
    """Its open symptoms."""
    return cause.symptoms.exclude(state=Incident.State.RESOLVED)


def _adopt(number: int, cause: Incident, now: datetime) -> Incident | None:
    symptom = locked_incident(number)
    pages = locked_pages(symptom)
    untaken = symptom.state == Incident.State.TRIGGERED and all(page.acknowledged_by_id is None for page in pages)
    if not untaken or symptom.root_id is not None or symptom.source == "manual":
        return None
    end_pages([page for page in pages if page.state in OPEN], now=now)
    become_symptom(symptom, cause, now=now)
    symptom.symptoms.update(root=cause)  # a symptom of a symptom belongs to the root
    return symptom


def _candidates(now: datetime) -> QuerySet[Incident]:
    roots = Incident.objects.filter(root=None, severity__lte=Severity.P2, component__isnull=False, is_drill=False)
    return _began_lately(roots.exclude(state=Incident.State.RESOLVED), now)


def _began_lately(rows: QuerySet[Incident], now: datetime) -> QuerySet[Incident]:
    since = now - begins_within()
    return rows.filter(Q(opened_at__gte=since) | Q(reopened_at__gte=since))
