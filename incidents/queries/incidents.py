"""Incidents, their pages and timelines, as pages and API show them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from catalog.models import Component, Membership, Person
from incidents.escalation import Move, MoveKind, forecast
from incidents.models import (
    Alert,
    Follower,
    Incident,
    IncidentLink,
    IncidentRole,
    Notification,
    Page,
    PagingPause,
    SweepStamp,
    Task,
    TimelineEntry,
)
from incidents.oncall.directory import LoadSchedules, people_at
from incidents.policies import asked_last, policy_for, progress_of
from incidents.queries import contacts
from portal.lib.errors import Missing
from slo.models import Sweep

UNREAD, PAUSED, EVALUATED, IDLE = -1, -2, -3, -4
"""What stands in the place of a severity where the inbox is counted, and where the pause and evaluation are told."""
SOURCES = """
WITH RECURSIVE seen AS (
    (SELECT source FROM incidents_incident ORDER BY source LIMIT 1)
    UNION ALL
    SELECT (SELECT i.source FROM incidents_incident i WHERE i.source > seen.source ORDER BY i.source LIMIT 1)
      FROM seen WHERE seen.source IS NOT NULL
)
SELECT source FROM seen WHERE source IS NOT NULL ORDER BY source
"""
RELATED = ("component", "owner", "acknowledged_by", "resolved_by")
WORDS = {
    MoveKind.FALLBACK: "the fallback policy takes over",
    MoveKind.REST: "nobody else is told",
    MoveKind.EXHAUSTED: "everybody was asked: the catch-all is paged",
    MoveKind.ASK_RESPONDER: "whoever took it is asked whether they are still on it",
    MoveKind.ACK_TIMEOUT: "it escalates again from step 1",
}


class NoSuchIncident(Missing):
    """There is no incident with this number."""


@dataclass(frozen=True, slots=True)
class NextMove:
    """What happens next on a page if nobody does anything: whom it will ask, in words, and when."""

    page: Page
    at: datetime
    words: str
    people: tuple[Person, ...]

    def words_for(self, reader: Person) -> str:
        """As `words`, to one of those who may be asked: `step 3: Linh, Mateusz and you again`."""
        others = [person.label for person in self.people if person != reader]
        if len(others) == len(self.people):
            return self.words
        step = "" if self.page.is_by_name else f"{self.words.partition(':')[0]}: "
        return f"{step}{', '.join(others)} and you again" if others else f"{step}you again"


@dataclass(frozen=True, slots=True)
class Pulse:
    """Severity to number of open incidents, when the slowest of the sweeps last came by, how many messages of the
    reader's inbox want them, whether all paging is paused, and when objectives were last evaluated, or looked for.
    """

    open: Mapping[int, int]
    swept_at: datetime | None
    unread: int = 0
    paused: bool = False
    evaluated_at: datetime | None = None
    idle_at: datetime | None = None


HAS: Mapping[str, QuerySet[Any]] = {
    "roles": IncidentRole.objects.filter(incident=OuterRef("pk"), until=None),
    "tasks": Task.objects.filter(incident=OuterRef("pk")),
    "links": IncidentLink.objects.filter(incident=OuterRef("pk")),
    "symptoms": Incident.objects.filter(root=OuterRef("pk")),
}
"""What an incident has or not, by the name of `has_…`."""


def incident_by_number(number: int, *, reader: Person | None = None, to_show: bool = False) -> Incident:
    """With component, owner, takers and root loaded, `followers_count`, and whether `reader` is one (`following`).

    `to_show` tells too what it has of what it may have (`HAS`), so that its page asks for nothing that isn't there; not
    for what is about to change. Raises NoSuchIncident.
    """
    followers = Follower.objects.filter(incident=OuterRef("pk"))
    counted = followers.order_by().values("incident").annotate(n=Count("pk")).values("n")
    mine = Exists(followers.filter(person=reader)) if reader else Value(False)
    rows = Incident.objects.select_related(*RELATED, "root")
    rows = rows.annotate(followers_count=Coalesce(Subquery(counted), 0), following=mine)
    if to_show:
        rows = rows.annotate(**{f"has_{name}": Exists(asked) for name, asked in HAS.items()})
    found = rows.filter(pk=number).first()
    if found is None:
        raise NoSuchIncident(f"There is no incident {number}.")
    return found


def incidents(
    *,
    state: str = "",
    severities: Sequence[int] = (),
    team: str = "",
    component: str = "",
    source: str = "",
    text: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    teams_called: Collection[int] | None = None,
    drills: bool | None = False,
) -> QuerySet[Incident]:
    """Newest first, filtered. `state` is open, triggered, acknowledged, resolved or empty for all.

    `team` (the owner) and `component` are references, `text` is looked for in titles, `since` and `until` hold for the
    opening; `teams_called` leaves those that a page of one of these teams is open in, or was. Fire drills are left out;
    with `drills` True they alone are shown, with None both.
    """
    given: dict[str, object] = {
        "severity__in": list(severities),
        "owner__ref": team,
        "component_ref": component,
        "source": source,
        "title__icontains": text.strip(),
        "opened_at__gte": since,
        "opened_at__lt": until,
    }
    found = Incident.objects.select_related(*RELATED).filter(**{name: value for name, value in given.items() if value})
    if drills is not None:
        found = found.filter(is_drill=drills)
    if teams_called is not None:
        called = Page.objects.filter(incident=OuterRef("pk"), team__in=teams_called)
        found = found.filter(Exists(called))
    if state == "open":
        found = found.exclude(state=Incident.State.RESOLVED)
    elif state:
        found = found.filter(state=state)
    return found.order_by("-opened_at", "-number")


def sources_seen() -> list[str]:
    """Where incidents that are no drills come from, by name; found by hopping over the index, for there are few."""
    with connection.cursor() as cursor:
        cursor.execute(SOURCES)
        return [source for (source,) in cursor.fetchall() if source != "drill"]


def open_incidents_of(component: Component) -> list[Incident]:
    """The open incidents of a component, the worst first."""
    found = Incident.objects.filter(component=component, is_drill=False).exclude(state=Incident.State.RESOLVED)
    return list(found.select_related(*RELATED).order_by("severity", "opened_at"))


def incidents_beside(component: Component, *, ended: int) -> tuple[list[Incident], list[Incident]]:
    """The open incidents of a component, the worst first, and the last few that ended; one question."""
    its = Incident.objects.filter(component=component, is_drill=False)
    last = its.filter(state=Incident.State.RESOLVED).order_by("-number").values("number")[:ended]
    shown = its.filter(~Q(state=Incident.State.RESOLVED) | Q(number__in=last)).select_related(*RELATED)
    found: tuple[list[Incident], list[Incident]] = ([], [])
    for one in shown.order_by("severity", "opened_at"):
        found[one.state == Incident.State.RESOLVED].append(one)
    found[1].sort(key=attrgetter("number"), reverse=True)
    return found


def pages_of(incident: Incident) -> list[Page]:
    """Its pages in the order they were opened, with `notifications` prefetched and `asked_last`; two queries."""
    outbox = Notification.objects.select_related("person")
    related = ("team", "person", "policy_version__policy", "acknowledged_by", "incident")
    return list(
        incident.pages.select_related(*related)
        .annotate(asked_last=asked_last())
        .prefetch_related(Prefetch("notifications", outbox))
        .order_by("pk")
    )


def timeline_of(incident: Incident) -> QuerySet[TimelineEntry]:
    """Oldest first."""
    return incident.timeline.select_related("person", "page__team").order_by("at", "pk")


def alerts_of(incident: Incident) -> QuerySet[Alert]:
    """Still firing first."""
    return incident.alerts.select_related("component", "objective").order_by(
        F("cleared_at").desc(nulls_first=True), "-last_seen_at"
    )


def next_moves(page: Page, *, now: datetime, limit: int = 5) -> list[NextMove]:
    """What is still to come on a page, soonest first; empty when nothing is planned.

    Whom a step will ask is looked up for the moment of that step.
    """
    return next_moves_of([page], now=now, limit=limit)[page.pk]


def next_moves_of(
    pages: Collection[Page], *, now: datetime, limit: int = 5, load: LoadSchedules | None = None
) -> dict[int, list[NextMove]]:
    """`next_moves` by key of the page, in the same few queries for any number of pages.

    `load` reads schedules where they are wanted, for a page that has read some already.
    """
    found: dict[int, list[NextMove]] = {page.pk: [] for page in pages}
    planned = [
        (page, move)
        for page in pages
        for move in islice(forecast(progress_of(page), policy_for(page), now=now), limit)
        if move.kind is not MoveKind.NOTHING
    ]
    asked = people_at([(move.targets, move.at) for _, move in planned], load=load)
    for (page, move), people in zip(planned, asked, strict=True):
        found[page.pk].append(_said(page, move, people))
    return found


def untaken_pages_for(person: Person) -> QuerySet[Page]:
    """Open pages nobody has, of this person's teams or sent to them: what to acknowledge."""
    teams = Membership.objects.filter(person=person).values("team")
    sent_to = Notification.objects.filter(person=person, page=OuterRef("pk"))
    untaken = Page.objects.filter(state__in=Page.UNTAKEN).exclude(incident__state=Incident.State.RESOLVED)
    mine = untaken.filter(Q(team__in=teams) | Q(person=person) | Exists(sent_to))
    return mine.select_related("incident__component", "team").order_by("incident__severity", "opened_at")


def open_counts() -> dict[int, int]:
    """Severity to number of open incidents."""
    there = Incident.objects.filter(is_drill=False).exclude(state=Incident.State.RESOLVED)
    return dict(there.values_list("severity").annotate(n=Count("pk")).order_by("severity"))


def pulse(sweeps: Collection[str], *, now: datetime, reader: Person | None = None) -> Pulse:
    """What the frame around every page tells, in one question."""
    nothing = Value(None, output_field=DateTimeField())
    is_open = Incident.objects.filter(is_drill=False).exclude(state=Incident.State.RESOLVED).order_by()
    counted = is_open.values("severity").annotate(n=Count("pk"), at=nothing).values_list("severity", "n", "at")
    swept = SweepStamp.objects.filter(name__in=sweeps).order_by().values_list(Value(0), Value(0), "at")
    paused = PagingPause.objects.filter(starts_at__lte=now, ends_at__gt=now).order_by()
    evaluated = Sweep.objects.filter(name__in=("evaluate", "idle")).order_by()
    which = Case(When(name="idle", then=Value(IDLE)), default=Value(EVALUATED))
    parts: list[QuerySet[Any, Any]] = [
        swept,
        paused.annotate(n=Value(0)).values_list(Value(PAUSED), "n", "ends_at"),
        evaluated.annotate(which=which, n=Value(0)).values_list("which", "n", "at"),
    ]
    if reader is not None:
        theirs = contacts.inbox(reader, unread=True).order_by().values("person")
        parts.append(theirs.annotate(n=Count("pk"), at_=nothing).values_list(Value(UNREAD), "n", "at_"))
    rows = list(counted.union(*parts, all=True).order_by())
    return Pulse(
        {severity: n for severity, n, _ in rows if n and severity != UNREAD},
        min((at for severity, _, at in rows if at and severity == 0), default=None),
        sum(n for severity, n, _ in rows if severity == UNREAD),
        any(severity == PAUSED for severity, *_ in rows),
        next((at for severity, _, at in rows if severity == EVALUATED), None),
        next((at for severity, _, at in rows if severity == IDLE), None),
    )


def _said(page: Page, move: Move, people: tuple[Person, ...]) -> NextMove:
    if move.takes_step:
        names = ", ".join(person.label for person in people) or "nobody on call"
        words = names if page.is_by_name else f"step {move.step + 1}: {names}"
    else:
        words = WORDS.get(move.kind, move.kind.value)
    return NextMove(page, move.at, words, people)
