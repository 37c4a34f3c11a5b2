"""What the incidents app shows around every page and on a component's page."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Min
from django.http import HttpRequest
from django.urls import reverse

from catalog.models import Component
from incidents import queries
from incidents.models import Incident, SweepStamp

PAGING_SWEEPS = ("advance_due", "deliver_due")
HISTORY = 5


def open_incidents(_request: HttpRequest) -> Mapping[str, object]:
    """How many are open, and the worst of them."""
    counts = queries.open_counts()
    return {"count": sum(counts.values()), "worst": min(counts, default=None), "url": reverse("incidents:list")}


def swept_at(_request: HttpRequest) -> datetime | None:
    """When the slower of the two paging sweeps last came by."""
    at: datetime | None = SweepStamp.objects.filter(name__in=PAGING_SWEEPS).aggregate(at=Min("at"))["at"]
    return at


def incidents_of(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object]:
    """A component's incidents: open ones, and the last few that ended."""
    found = Incident.objects.filter(component=component).select_related("acknowledged_by")
    is_open = _open(component)
    ended = list(found.filter(state=Incident.State.RESOLVED).order_by("-number")[:HISTORY])
    return {
        "component": component,
        "open": is_open,
        "ended": ended,
        "count": len(is_open),
        "now": now,
        "user": request.user,
    }


def worst_open(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """The notice on top: the component's worst open incident; None when all is quiet."""
    found = _open(component)
    return {"incident": found[0], "now": now} if found else None


def _open(component: Component) -> list[Incident]:
    """Worst first; asked once for both panels of a page, which get the same row of the component."""
    kept: dict[str, list[Incident]] = vars(component)
    if "portico_open_incidents" not in kept:
        kept["portico_open_incidents"] = queries.open_incidents_of(component)
    return kept["portico_open_incidents"]
