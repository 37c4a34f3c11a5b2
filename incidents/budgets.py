"""The promises an incident is about, with how they burn; the page reads it guarded, see `incidents.panels`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from incidents.happened import happening
from incidents.models import Incident
from portal.lib import durations, words
from slo import charts, queries
from slo.models import Objective
from slo.queries import FleetRow, costs
from slo.queries.costs import ObjectiveCost
from slo.queries.current import Counted, counted
from slo.queries.fleet import row
from slo.queries.outlook import window_of
from slo.windows import BurnWindow

BEFORE = timedelta(minutes=45)
AFTER = timedelta(minutes=15)
AT_MOST = 2
ROLES = ("faint", "main")
TABLE_ROWS = 20

type Points = list[tuple[datetime, float | None]]
type Read = Mapping[timedelta, Points]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Burn around an incident: the figure, its lines by window (short, long), and the same numbers as a table."""

    figure: charts.Figure
    windows: tuple[tuple[timedelta, str], ...]
    factor: float
    rule: str
    table: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Budget:
    """An objective that raised an alert here, with the burn of the rule that did, now and around it.

    Nothing is drawn where it can't be read.
    """

    row: FleetRow
    now: Counted | None
    drawn: Drawn | None


class Concerned:
    """The objectives of an incident's component and those whose alerts are in it, read once for both parts."""

    def __init__(self, incident: Incident, alerting: Mapping[int, Collection[str]]) -> None:
        """`alerting` are the keys of the objectives whose alerts are in it, each with the names of its rules."""
        self.incident, self.alerting = incident, alerting

    @cached_property
    def objectives(self) -> list[Objective]:
        """Those of its own alerts first."""
        return costs.concerned(component_id=self.incident.component_id, alerting=list(self.alerting))

    def budgets(self, *, now: datetime) -> list[Budget]:
        """Objectives whose alerts are in this incident; at most two."""
        theirs = [one for one in self.objectives if one.pk in self.alerting][:AT_MOST]
        windows = [window_of(one, self.alerting[one.pk]) for one in theirs]
        drawings = _drawings(theirs, windows, self.incident, now=now)
        return [
            Budget(row(one), counted(one, self.alerting[one.pk]), drawn)
            for one, drawn in zip(theirs, drawings, strict=True)
        ]

    def costs(self, *, now: datetime) -> list[ObjectiveCost]:
        """What it cost, by objective, the dearest first; empty where nothing counts."""
        return costs.of_incident(happening(self.incident), self.objectives, now=now)


def _drawings(
    objectives: Sequence[Objective], rules: Sequence[BurnWindow | None], incident: Incident, *, now: datetime
) -> list[Drawn | None]:
    wanted = [
        (objective, (rule.short, rule.long) if rule else ()) for objective, rule in zip(objectives, rules, strict=True)
    ]
    since, until = incident.opened_at - BEFORE, min(now, (incident.resolved_at or now) + AFTER)
    found = queries.burn_histories(wanted, since=since, until=until, points=120)
    return [_drawing(rule, read, incident) if rule else None for rule, read in zip(rules, found, strict=True)]


def _drawing(window: BurnWindow, read: Read, incident: Incident) -> Drawn | None:
    if not any(value is not None for points in read.values() for _, value in points):
        return None
    local = {window: [(timezone.localtime(at), value) for at, value in points] for window, points in read.items()}
    windows = tuple(zip((window.short, window.long), ROLES, strict=True))
    lines = [charts.Line(durations.words(length), local[length], role) for length, role in windows]
    factor = float(window.factor)
    limit = charts.Threshold(factor, f"{factor:.3g}× {window.rule.title}")
    marks = [charts.Mark(timezone.localtime(incident.opened_at), "opened")]
    if incident.resolved_at:
        marks.append(charts.Mark(timezone.localtime(incident.resolved_at), "resolved", "good"))
    figure = charts.burn_rate(lines, thresholds=[limit], marks=marks)
    return Drawn(figure, windows, factor, window.rule.title, _table(local))


def _table(read: Read) -> Mapping[str, Any]:
    """Some twenty moments, newest first, each with what every window burned."""
    at_all = next([at for at, _ in points] for points in read.values())
    columns = [[words.times(value) for _, value in points] for points in read.values()]
    rows = [[f"{at:%-d %b %H:%M}", *burned] for at, *burned in zip(at_all, *columns, strict=True)]
    step = max(1, len(rows) // TABLE_ROWS)
    return {"head": ["When", *(f"over {durations.words(window)}" for window in read)], "rows": rows[::-1][::step]}
