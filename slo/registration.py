"""What the slo app adds to the frame and to pages of the catalog; read once, when all apps are loaded."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest

from catalog import registries
from catalog.models import Component
from slo import queries


def objectives_of(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object]:
    """A component's promises, loudest first."""
    rows = queries.of_component(component.pk)
    return {"component": component, "rows": rows, "objectives": len(rows), "now": now, "user": request.user}


def evaluated_at(_request: HttpRequest) -> datetime | None:
    """When objectives were last evaluated."""
    last = queries.last_evaluation()
    return last.at if last else None


registries.navigation["slos"] = registries.NavEntry("SLOs", "slo:list", "target-arrow", 30)
registries.navigation["sources"] = registries.NavEntry("Data sources", "slo:sources", "database", 95, "Administration")
registries.frame["evaluated-at"] = evaluated_at
registries.component_panels["objectives"] = registries.Panel(
    "slo/parts/component.html", objectives_of, order=10, title="SLOs", count="objectives"
)
