"""The promises an incident is about, with how they burn; the page reads it guarded, see `incidents.panels`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from incidents.happened import happening
from incidents.models import Incident
from portal.lib import durations
from slo import charts, queries
from slo.models import Objective
from slo.queries import FleetRow, costs
from slo.queries.costs import ObjectiveCost
from slo.queries.fleet import promise_of, row
from slo.windows import BurnWindow

BEFORE = timedelta(minutes=45)
AFTER = timedelta(minutes=15)
AT_MOST = 2
ROLES = ("faint", "main")


@dataclass(frozen=True, slots=True)
class Budget:
    """An objective that raised an alert here, and its burn around the incident; no chart where it can't be read."""

    row: FleetRow
    chart: charts.Figure | None


class Concerned:
    """The objectives of an incident's component and those whose alerts are in it, read once for both parts."""

    def __init__(self, incident: Incident, alerting: Sequence[int]) -> None:
        """`alerting` are the keys of the objectives whose alerts are in it."""
        self.incident, self.alerting = incident, alerting

    @cached_property
    def objectives(self) -> list[Objective]:
        """Those of its own alerts first."""
        return costs.concerned(component_id=self.incident.component_id, alerting=self.alerting)

    def budgets(self, *, now: datetime) -> list[Budget]:
        """Objectives whose alerts are in this incident; at most two."""
        theirs = [one for one in self.objectives if one.pk in self.alerting][:AT_MOST]
        charted = dict(zip(theirs, _charts(theirs, self.incident, now=now), strict=True))
        return [Budget(row(objective), chart) for objective, chart in charted.items()]

    def costs(self, *, now: datetime) -> list[ObjectiveCost]:
        """What it cost, by objective, the dearest first; empty where nothing counts."""
        return costs.of_incident(happening(self.incident), self.objectives, now=now)


def _charts(objectives: Sequence[Objective], incident: Incident, *, now: datetime) -> list[charts.Figure | None]:
    firsts = [next(iter(promise_of(objective).windows), None) for objective in objectives]
    wanted = [
        (objective, (first.short, first.long) if first else ())
        for objective, first in zip(objectives, firsts, strict=True)
    ]
    since, until = incident.opened_at - BEFORE, min(now, (incident.resolved_at or now) + AFTER)
    found = queries.burn_histories(wanted, since=since, until=until, points=120)
    return [_chart(first, read, incident) if first else None for first, read in zip(firsts, found, strict=True)]


def _chart(
    first: BurnWindow, read: Mapping[timedelta, list[tuple[datetime, float | None]]], incident: Incident
) -> charts.Figure | None:
    if not any(value is not None for points in read.values() for _, value in points):
        return None
    windows = zip(ROLES, (first.short, first.long), strict=True)
    lines = [charts.Line(durations.words(window), read[window], role) for role, window in windows]
    factor = float(first.factor)
    limit = charts.Threshold(factor, f"{factor:.3g}× {first.rule.title}")
    return charts.burn_rate(lines, thresholds=[limit], marks=[charts.Mark(incident.opened_at, "opened")])
