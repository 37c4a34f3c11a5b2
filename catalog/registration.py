"""What the catalog itself shows on pages of components and teams by way of the registries: planned maintenance."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.http import HttpRequest

from catalog import registries
from catalog.models import Component, Team
from catalog.queries.windows import next_of, planned_windows, windows_at
from catalog.views.windows import may_plan

SHOWN = 3
SOON = timedelta(days=30)


def running_notice(component: Component, _request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """What holds now."""
    found = windows_at([component.pk], now).get(component.pk)
    return {"found": found} if found else None


def planned_of_component(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """What is planned for it, and by its team for all it owns."""
    rows = planned_windows(now).filter(component=component)
    if component.owner_id:
        rows = rows | planned_windows(now).filter(team=component.owner_id)
    coming = [one for row in rows[:50] if (one := next_of(row, now))]
    may = may_plan(request, component)
    if not coming and not may:
        return None
    first = sorted(coming, key=lambda one: one.start)[:SHOWN]
    return {"coming": first, "may": may, "where": f"component={component.ref}", "team": component.owner_ref}


def planned_of_team(team: Team, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """What is planned for all it owns, or for any of it."""
    rows = planned_windows(now).filter(team=team) | planned_windows(now).filter(component__owner=team)
    coming = [one for row in rows[:50] if (one := next_of(row, now))]
    may = may_plan(request, team)
    if not coming and not may:
        return None
    first = sorted(coming, key=lambda one: one.start)[:SHOWN]
    return {"coming": first, "may": may, "where": f"team={team.ref}", "team": team.ref}


registries.component_panels["maintenance-now"] = registries.Panel(
    "catalog/parts/maintenance_now.html", running_notice, place="top", order=5
)
registries.component_panels["maintenance"] = registries.Panel(
    "catalog/parts/maintenance_next.html", planned_of_component, place="side", order=60
)
registries.team_panels["maintenance"] = registries.Panel(
    "catalog/parts/maintenance_next.html", planned_of_team, place="side", order=60
)
