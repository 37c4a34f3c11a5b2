"""The promises an incident is about, with how they burn; whatever fails here must not keep the incident's page shut."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, transaction

from incidents.happened import happening
from incidents.models import Incident
from portal.lib import durations
from slo import charts, queries
from slo.models import Objective
from slo.queries import FleetRow, costs
from slo.queries.costs import ObjectiveCost
from slo.queries.fleet import row

log = structlog.get_logger(__name__)

BEFORE = timedelta(minutes=45)
AFTER = timedelta(minutes=15)
AT_MOST = 2
ROLES = ("faint", "main")


@dataclass(frozen=True, slots=True)
class Budget:
    """An objective that raised an alert here, and its burn around the incident; no chart where it can't be read."""

    row: FleetRow
    chart: charts.Figure | None


def of_incident(incident: Incident, *, now: datetime) -> list[Budget]:
    """Objectives whose alerts are in this incident, at most two; empty where none are, or where reading them fails."""
    wanted = Objective.objects.filter(alerts__incident=incident).distinct()[:AT_MOST]
    try:
        with transaction.atomic():  # a failing query would otherwise spoil the page's own
            objectives = queries.fleet().filter(pk__in=[objective.pk for objective in wanted])
            return [Budget(row(objective), _chart(objective, incident, now=now)) for objective in objectives]
    except (DatabaseError, ArithmeticError, ValueError, LookupError):
        log.exception("the budgets of an incident could not be read", incident=incident.number)
        return []


def costs_of(incident: Incident, *, now: datetime) -> list[ObjectiveCost]:
    """What it cost, by objective, the dearest first; empty where nothing counts, or where reading it fails."""
    try:
        with transaction.atomic():
            alerting = [pk for pk in incident.alerts.values_list("objective_id", flat=True) if pk]
            return costs.of_incident(
                happening(incident), component_id=incident.component_id, alerting=alerting, now=now
            )
    except (DatabaseError, ArithmeticError, ValueError, LookupError):
        log.exception("the costs of an incident could not be read", incident=incident.number)
        return []


def _chart(objective: Objective, incident: Incident, *, now: datetime) -> charts.Figure | None:
    detail = queries.detail(objective, now=now)
    if not detail.rules:
        return None
    first = detail.rules[0]
    since, until = incident.opened_at - BEFORE, min(now, (incident.resolved_at or now) + AFTER)
    read = queries.burn_history(objective, windows=[first.short, first.long], since=since, until=until, points=120)
    if not any(value is not None for points in read.values() for _, value in points):
        return None
    lines = [
        charts.Line(durations.words(w), read[w], role) for w, role in zip((first.short, first.long), ROLES, strict=True)
    ]
    limit = charts.Threshold(first.factor, f"{first.factor:.3g}× {first.title}")
    return charts.burn_rate(lines, thresholds=[limit], marks=[charts.Mark(incident.opened_at, "opened")])
