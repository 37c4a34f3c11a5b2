"""Incidents, their pages and timelines, as pages and API show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from catalog.models import Component, Person
from incidents.models import Alert, Incident, Page, TimelineEntry
from portal.lib.errors import Missing


class NoSuchIncident(Missing):
    """There is no incident with this number."""


@dataclass(frozen=True, slots=True)
class NextMove:
    """What happens next on a page if nobody does anything: whom it will ask, in words, and when."""

    page: Page
    at: datetime
    words: str
    people: tuple[Person, ...]


def incident_by_number(number: int) -> Incident:
    """With component, owner and takers loaded. Raises NoSuchIncident."""
    raise NotImplementedError


def incidents(
    *,
    state: str = "",
    severities: Sequence[int] = (),
    team: str = "",
    component: str = "",
    text: str = "",
    since: datetime | None = None,
) -> QuerySet[Incident]:
    """Newest first, filtered. `state` is open, triggered, acknowledged, resolved or empty for all.

    `team` (the owner) and `component` are references, `text` is looked for in titles.
    """
    raise NotImplementedError


def open_incident_of(component: Component) -> Incident | None:
    """The worst open incident of a component."""
    raise NotImplementedError


def pages_of(incident: Incident) -> list[Page]:
    """Its pages with `steps` and `notifications` (and their `tries`) prefetched, in the order they were opened."""
    raise NotImplementedError


def timeline_of(incident: Incident) -> QuerySet[TimelineEntry]:
    """Oldest first."""
    raise NotImplementedError


def alerts_of(incident: Incident) -> QuerySet[Alert]:
    """Still firing first."""
    raise NotImplementedError


def next_moves(page: Page, *, now: datetime, limit: int = 5) -> list[NextMove]:
    """What is still to come on a page, soonest first; empty when nothing is planned."""
    raise NotImplementedError


def untaken_pages_for(person: Person) -> QuerySet[Page]:
    """Open pages nobody has, of this person's teams or sent to them: what to acknowledge."""
    raise NotImplementedError


def open_counts() -> dict[int, int]:
    """Severity to number of open incidents."""
    raise NotImplementedError
