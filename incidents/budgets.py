"""The promises an incident is about, with how they burn; the page reads it guarded, see `incidents.panels`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.happened import happening
from incidents.models import Incident
from portal.lib import durations
from slo import charts, queries
from slo.models import Objective
from slo.queries import FleetRow, costs
from slo.queries.costs import ObjectiveCost
from slo.queries.fleet import row

BEFORE = timedelta(minutes=45)
AFTER = timedelta(minutes=15)
AT_MOST = 2
ROLES = ("faint", "main")


@dataclass(frozen=True, slots=True)
class Budget:
    """An objective that raised an alert here, and its burn around the incident; no chart where it can't be read."""

    row: FleetRow
    chart: charts.Figure | None


def of_incident(incident: Incident, alerting: Sequence[int], *, now: datetime) -> list[Budget]:
    """Objectives whose alerts are in this incident, whose keys these are; at most two."""
    objectives = queries.fleet().filter(pk__in=alerting[:AT_MOST])
    return [Budget(row(objective), _chart(objective, incident, now=now)) for objective in objectives]


def costs_of(incident: Incident, alerting: Sequence[int], *, now: datetime) -> list[ObjectiveCost]:
    """What it cost, by objective, the dearest first; empty where nothing counts."""
    return costs.of_incident(happening(incident), component_id=incident.component_id, alerting=alerting, now=now)


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
