"""What the incidents app shows around every page and on a component's page."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.urls import reverse

from catalog.access import reader_may_write
from catalog.models import Component, Person
from incidents import queries
from incidents.models import Incident
from incidents.pauses import pause_at
from incidents.queries import changes
from portal.lib.clock import now_of
from portal.lib.reading import known
from slo.queries import last_evaluation

PAGING_SWEEPS = ("advance_due", "deliver_due")
HISTORY = 5
LATE = timedelta(minutes=2)


def open_incidents(request: HttpRequest) -> Mapping[str, object]:
    """How many are open, and the worst of them."""
    counts = _pulse(request).open
    return {"count": sum(counts.values()), "worst": min(counts, default=None), "url": reverse("incidents:list")}


def pause(request: HttpRequest) -> Mapping[str, object] | None:
    """The pause of all paging, while there is one: until when, and why."""
    found = pause_at(now_of(request)) if _pulse(request).paused else None
    if found is None:
        return None
    return {"until": found.ends_at, "reason": found.reason, "by": found.begun_by, "url": reverse("incidents:pause")}


def inbox(request: HttpRequest) -> Mapping[str, object] | None:
    """How many messages still want the reader."""
    person: Person | None = getattr(request.user, "person", None)
    if person is None:
        return None
    return {"count": _pulse(request).unread, "url": reverse("incidents:inbox")}


def evaluated_at(request: HttpRequest) -> datetime | None:
    """When objectives were last evaluated; asked along with what else the frame tells, unless it looks late."""
    told = _pulse(request)
    if told.evaluated_at is None and told.idle_at is None:
        return None
    if told.evaluated_at is not None and now_of(request) - told.evaluated_at < LATE:
        return told.evaluated_at
    last = last_evaluation()
    return last.at if last else None


def swept_at(request: HttpRequest) -> datetime | None:
    """When the slower of the two paging sweeps last came by."""
    return _pulse(request).swept_at


def _pulse(request: HttpRequest) -> queries.Pulse:
    """Asked once a request, for both are told around every page."""
    kept: dict[str, queries.Pulse] = vars(request)
    if "portico_pulse" not in kept:
        kept["portico_pulse"] = queries.pulse(
            PAGING_SWEEPS, now=now_of(request), reader=getattr(request.user, "person", None)
        )
    return kept["portico_pulse"]


def incidents_of(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object]:
    """A component's incidents: open ones, and the last few that ended."""
    is_open, ended = _open_and_ended(component)
    return {
        "component": component,
        "open": is_open,
        "ended": ended,
        "said": f"{len(is_open)} open",  # below the tab are those that ended, too
        "now": now,
        "user": request.user,
    }


def changes_of(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object]:
    """The last changes that pipelines told of it."""
    told = changes.changes_of(component, most=HISTORY)
    return {"component": component, "changes": told, "now": now, "known": known(request)}


def drill_of(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """The button of a fire drill, for those who are signed in; how the last one went is loaded on its own."""
    if not request.user.is_authenticated or component.retired_at is not None:
        return None
    owned = component.owner is not None
    may = reader_may_write(request, [component.owner]) if owned else reader_is_admin(request)
    return {"component": component, "may_write": may}


def reader_is_admin(request: HttpRequest) -> bool:
    """Whether a platform admin looks at a page."""
    person: Person | None = getattr(request.user, "person", None)
    return person is not None and person.platform_admin


def worst_open(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """The notice on top: the component's worst open incident; None when all is quiet."""
    found, _ = _open_and_ended(component)
    return {"incident": found[0], "now": now} if found else None


def _open_and_ended(component: Component) -> tuple[list[Incident], list[Incident]]:
    """The worst first, the last few first; asked once for both panels of a page, which get the same component."""
    kept: dict[str, tuple[list[Incident], list[Incident]]] = vars(component)
    if "portico_incidents" not in kept:
        kept["portico_incidents"] = queries.incidents_beside(component, ended=HISTORY)
    return kept["portico_incidents"]
