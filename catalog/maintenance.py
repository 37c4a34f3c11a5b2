"""What the catalog itself shows on pages of components and teams by way of the registries: planned maintenance."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter

from django.db.models import Q
from django.http import HttpRequest

from catalog import registries
from catalog.models import Component, MaintenanceWindow, Team
from catalog.queries.windows import AN_INSTANT, next_of, occurrences_of, planned_windows
from catalog.views.windows import may_plan

SHOWN, LOOKED_AT = 3, 50


def running_notice(component: Component, _request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """What holds now."""
    rows = _planned_for(component, now)
    found = [one for row in rows for one in occurrences_of(row, now, now + AN_INSTANT)]
    return {"found": found} if found else None


def planned_of_component(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """What is planned for it, and by its team for all it owns."""
    rows = _planned_for(component, now)
    return _told(rows, component, request, now, where=f"component={component.ref}", team=component.owner_ref)


def planned_of_team(team: Team, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """What is planned for all it owns, or for any of it."""
    rows = planned_windows(now).filter(Q(team=team) | Q(component__owner=team)).order_by("starts_at", "pk")
    return _told(rows[:LOOKED_AT], team, request, now, where=f"team={team.ref}", team=team.ref)


def _planned_for(component: Component, now: datetime) -> list[MaintenanceWindow]:
    """Asked once a page, for both panels show it."""
    kept: list[MaintenanceWindow] | None = component.__dict__.get("_planned_windows")
    if kept is None:
        whose = Q(component=component) | (Q(team=component.owner_id) if component.owner_id else Q(pk=None))
        kept = list(planned_windows(now).filter(whose).order_by("starts_at", "pk")[:LOOKED_AT])
        component.__dict__["_planned_windows"] = kept
    return kept


def _told(
    rows: Iterable[MaintenanceWindow],
    target: Component | Team,
    request: HttpRequest,
    now: datetime,
    *,
    where: str,
    team: str,
) -> Mapping[str, object] | None:
    coming = [one for row in rows if (one := next_of(row, now))]
    may = may_plan(request, target)
    if not coming and not may:
        return None
    first = sorted(coming, key=attrgetter("start"))[:SHOWN]
    return {"coming": first, "may": may, "where": where, "team": team}


registries.component_panels["maintenance-now"] = registries.Panel(
    "catalog/parts/maintenance_now.html", running_notice, place="top", order=5
)
registries.component_panels["maintenance"] = registries.Panel(
    "catalog/parts/maintenance_next.html", planned_of_component, place="side", order=60
)
registries.team_panels["maintenance"] = registries.Panel(
    "catalog/parts/maintenance_next.html", planned_of_team, place="side", order=60
)
