"""What would become of an alert: the very code that pages, run in a transaction that is always rolled back."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet

from incidents.firing import Firing
from incidents.models import Incident, Notification, Page, TimelineEntry
from incidents.operations.alerts import raise_alert
from incidents.operations.informing import inform
from incidents.operations.known import Known
from incidents.paging.advance import claim, move_on

MOST_MOVES = 200
FURTHEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Call:
    """One message to one person: by which channel, when, and by which of their rules."""

    at: datetime
    person: str
    person_ref: str
    channel: str
    rule: str


class Move(NamedTuple):
    """Something that happens, in words."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Engaged:
    """A team (or the catch-all) that would be engaged: why, each move in words with its time, every call."""

    role: str
    team: str
    team_ref: str
    routing: str
    held_until: datetime | None
    moves: list[Move]
    calls: list[Call]
    exhausted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Simulated:
    """What would happen if nobody did anything. `joined` and `symptom_of` name an open incident it would belong to."""

    outcome: str
    severity: int
    severity_reason: str
    joined: str = ""
    symptom_of: str = ""
    teams_blocked: int | None = None
    people_blocked: int | None = None
    engaged: list[Engaged] = field(default_factory=list)
    told: list[Call] = field(default_factory=list)
    said: list[Move] = field(default_factory=list)
    complete: bool = True


class _Undo(Exception):
    """Rolls the simulation back."""


def simulate(*, firing: Firing, at: datetime, alone: bool = True) -> Simulated:
    """What `firing` at the moment `at` would lead to, move by move, until everybody was asked; nothing is sent.

    Schedules, policies and windows are asked for the moment of each step. `alone` leaves what is open now out of it:
    else the alert may join an open incident, or be a symptom of one.
    """
    found: Simulated | None = None
    try:
        with transaction.atomic():
            found = _run(replace(firing, key=f"simulation:{uuid4()}"), at, alone)
            raise _Undo
    except _Undo:
        pass
    assert found is not None  # noqa: S101  # `_Undo` is raised after it
    return found


def _run(firing: Firing, at: datetime, alone: bool) -> Simulated:
    known = Known(at, simulated=True, alone=alone)
    raised = raise_alert(firing=firing, now=at, known=known)
    incident = Incident.objects.select_related("root").get(pk=raised.incident.pk)
    opened = raised.opened and incident.root is None
    complete = all(_moves(incident, at)) if opened else True
    inform(incident.pk, now=at)
    pages = incident.pages.select_related("team", "person", "policy_version__policy").order_by("pk")
    return Simulated(
        outcome=raised.outcome,
        severity=incident.severity,
        severity_reason=incident.severity_reason,
        joined="" if raised.opened else incident.label,
        symptom_of=str(incident.root) if incident.root else "",
        teams_blocked=incident.teams_blocked,
        people_blocked=incident.people_blocked,
        engaged=[_engaged(page, at) for page in pages] if opened else [],
        told=[_call(note) for note in _sent(incident).filter(kind=Notification.Kind.TOLD, created_at__gte=at)],
        said=[Move(entry.at, entry.words) for entry in incident.timeline.filter(at__gte=at).order_by("at", "pk")],
        complete=complete,
    )


def _moves(incident: Incident, at: datetime) -> Iterator[bool]:
    """Make every move of its pages at its own time; False where there are more than are looked at."""
    for _ in range(MOST_MOVES):
        planned = incident.pages.exclude(next_step_at=None).exclude(state="acknowledged").order_by("next_step_at")
        page = planned.first()
        if page is None or page.next_step_at is None:
            return
        if page.next_step_at > at + FURTHEST:
            yield False
            return
        move_on(claim(now=page.next_step_at, limit=1, only=page.pk), page.next_step_at)
        yield True
    yield False


def _engaged(page: Page, at: datetime) -> Engaged:
    entries = TimelineEntry.objects.filter(page=page, at__gte=at).order_by("at", "pk")
    return Engaged(
        role=page.get_role_display(),
        team=page.team.label if page.team else "",
        team_ref=page.team.ref if page.team else "",
        routing=page.routing,
        held_until=page.held_until,
        moves=[Move(entry.at, entry.words) for entry in entries],
        calls=[_call(note) for note in page.notifications.select_related("person").order_by("due_at", "pk")],
        exhausted_at=page.exhausted_at,
    )


def _sent(incident: Incident) -> QuerySet[Notification]:
    return Notification.objects.filter(incident=incident).select_related("person").order_by("due_at", "pk")


def _call(note: Notification) -> Call:
    return Call(note.due_at, note.person.label, note.person.ref, note.channel, note.rule)
