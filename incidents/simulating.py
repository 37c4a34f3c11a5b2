"""What would become of an alert: the very code that pages, run in a transaction that is always rolled back."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet

from incidents.channels.ways import ways
from incidents.firing import Firing
from incidents.models import Incident, Notification, Page, TimelineEntry
from incidents.operations.alerts import Raised, raise_alert
from incidents.operations.informing import inform
from incidents.operations.known import Known
from incidents.paging.rehearsing import rehearse


@dataclass(frozen=True, slots=True)
class Call:
    """One message to one person: by which channel, when, and by which of their rules."""

    at: datetime
    person: str
    person_ref: str
    channel: str
    rule: str

    @property
    def way(self) -> str:
        """The channel as people call it."""
        known = ways.get(self.channel)
        return known.title if known else self.channel


class Move(NamedTuple):
    """Something that happens, in words."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Engaged:
    """A team (or the catch-all) that would be engaged: why, each move in words with its time, every call.

    `handed` are those of the moves with which another policy takes over.
    """

    role: str
    team: str
    team_ref: str
    routing: str
    held_until: datetime | None
    moves: list[Move]
    calls: list[Call]
    exhausted_at: datetime | None
    handed: list[Move] = field(default_factory=list)


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
    return _undone(lambda: _run(firing, at, alone=alone))


def chain(*, firing: Firing, at: datetime) -> list[Engaged]:
    """Of the same only who would be engaged, with what is open now left out."""
    return _undone(lambda: _chain(_opened(firing, at, alone=True)[1], at)[0])


def _undone[T](act: Callable[[], T]) -> T:
    """What it answers, with all that it wrote taken back."""
    found: list[T] = []
    with suppress(_Undo), transaction.atomic():
        found.append(act())
        raise _Undo
    return found[0]


def _opened(firing: Firing, at: datetime, *, alone: bool) -> tuple[Raised, Incident]:
    simulated = replace(firing, key=f"simulation:{uuid4()}")
    raised = raise_alert(firing=simulated, now=at, known=Known(at, simulated=True, alone=alone))
    return raised, Incident.objects.select_related("root").get(pk=raised.incident.pk)


def _run(firing: Firing, at: datetime, *, alone: bool) -> Simulated:
    raised, incident = _opened(firing, at, alone=alone)
    goes_on = raised.opened and incident.root is None
    engaged, complete = _chain(incident, at) if goes_on else ([], True)
    inform(incident.pk, now=at)
    return Simulated(
        outcome=raised.outcome,
        severity=incident.severity,
        severity_reason=incident.severity_reason,
        joined="" if raised.opened else incident.label,
        symptom_of=str(incident.root) if incident.root else "",
        teams_blocked=incident.teams_blocked,
        people_blocked=incident.people_blocked,
        engaged=engaged,
        told=[_call(note) for note in _sent(incident).filter(kind=Notification.Kind.TOLD, created_at__gte=at)],
        said=[Move(entry.at, entry.words) for entry in incident.timeline.filter(at__gte=at).order_by("at", "pk")],
        complete=complete,
    )


def _chain(incident: Incident, at: datetime) -> tuple[list[Engaged], bool]:
    """Every move of its pages; and whether that is all of them."""
    complete = rehearse(incident, since=at)
    pages = list(incident.pages.select_related("team").order_by("pk"))
    said: defaultdict[int | None, list[Move]] = defaultdict(list)
    handed: defaultdict[int | None, list[Move]] = defaultdict(list)
    for entry in TimelineEntry.objects.filter(page__in=pages, at__gte=at).order_by("at", "pk"):
        said[entry.page_id].append(Move(entry.at, entry.words))
        if entry.kind == TimelineEntry.Kind.FALLBACK:
            handed[entry.page_id].append(said[entry.page_id][-1])
    calls: defaultdict[int | None, list[Call]] = defaultdict(list)
    for note in Notification.objects.filter(page__in=pages).select_related("person").order_by("due_at", "pk"):
        calls[note.page_id].append(_call(note))
    return [_engaged(page, said[page.pk], calls[page.pk], handed[page.pk]) for page in pages], complete


def _engaged(page: Page, moves: list[Move], calls: list[Call], handed: list[Move]) -> Engaged:
    return Engaged(
        role=page.get_role_display(),
        team=page.team.label if page.team else "",
        team_ref=page.team.ref if page.team else "",
        routing=page.routing,
        held_until=page.held_until,
        moves=moves,
        calls=calls,
        exhausted_at=page.exhausted_at,
        handed=handed,
    )


def _sent(incident: Incident) -> QuerySet[Notification]:
    return Notification.objects.filter(incident=incident).select_related("person").order_by("due_at", "pk")


def _call(note: Notification) -> Call:
    return Call(note.due_at, note.person.label, note.person.ref, note.channel, note.rule)
