"""Incidents written down row by row, as the operations leave them; and their figures by a plain definition in Python.

The definition knows no database: it walks the events of one incident after the other, and is compared with SQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog.models import Component, Person, Team
from incidents.models import ContactMethod, Incident, Notification, Page, PageStep, Severity, TimelineEntry
from tests import make
from tests.make import NOW

OPENED, REOPENED, ACKNOWLEDGED, RESOLVED, PAGED = "opened", "reopened", "acknowledged", "resolved", "paged"


@dataclass(frozen=True)
class Event:
    """Something on the timeline, so long after the opening; `by` is the person, None is Portico. `role` of the page."""

    after: timedelta
    kind: str
    by: Person | None = None
    role: str = Page.Role.OWNER


@dataclass
class Told:
    """An incident and its events in order, the opening not among them."""

    opened: datetime
    events: Sequence[Event] = ()
    component: Component | None = None
    owner: Team | None = None
    severity: int = 2
    source: str = "api"
    people: int | None = None
    drill: bool = False
    symptom_of: Incident | None = None
    row: Incident | None = field(default=None, compare=False)

    def write(self) -> Incident:
        """Its rows: the incident, its page where there were any, and its timeline."""
        resolved = self.resolved_at
        reopened = [one for one in self.events if one.kind == REOPENED]
        taken = [one for one in self.events if one.kind == ACKNOWLEDGED and _answers(one)]
        ended = [one for one in self.events if one.kind == RESOLVED]
        self.row = Incident.objects.create(
            title="Runs don't start", component=self.component,
            component_ref=self.component.ref if self.component else "", owner=self.owner, severity=self.severity,
            severity_reason="", state=Incident.State.RESOLVED if resolved else Incident.State.TRIGGERED,
            generation=len(reopened), source=self.source, opened_at=self.opened, resolved_at=resolved,
            acknowledged_at=self.opened + taken[0].after if taken else None,
            resolved_by=ended[-1].by if resolved else None,
            people_blocked=self.people, is_drill=self.drill, root=self.symptom_of,
        )  # fmt: skip
        pages = {role: page_of(self.row, role, self.owner) for role in {one.role for one in self.events}}
        entries = [(Event(timedelta(), OPENED), None), *((one, pages[one.role]) for one in self.events)]
        TimelineEntry.objects.bulk_create(
            TimelineEntry(
                incident=self.row, page=page, at=self.opened + one.after, kind=one.kind, person=one.by, words=one.kind
            )
            for one, page in entries
        )
        return self.row

    @property
    def resolved_at(self) -> datetime | None:
        """The last resolution, unless it reopened after it."""
        found = None
        for one in self.events:
            if one.kind in {RESOLVED, REOPENED}:
                found = self.opened + one.after if one.kind == RESOLVED else None
        return found


def page_of(incident: Incident, role: str = Page.Role.OWNER, team: Team | None = None) -> Page:
    """A page of it, over."""
    held, _ = Page.objects.get_or_create(
        incident=incident, role=role, defaults={"team": team, "state": "resolved", "opened_at": incident.opened_at}
    )
    return held


def called(page: Page, at: datetime, *people: Person, step: int = 0, cycle: int = 0, ways: int = 1) -> PageStep:
    """A step of the page that asked these people, each by so many messages."""
    number = page.steps.count()
    made = PageStep.objects.create(
        page=page, generation=number, cycle=cycle, step=step, repeat=0, at=at, words="asked",
        people=[one.ref for one in people],
    )  # fmt: skip
    for one in people:
        way, _ = ContactMethod.objects.get_or_create(
            person=one, channel="email", address=f"{one.name}@example.org", defaults={"created_at": NOW}
        )
        Notification.objects.bulk_create(
            Notification(
                kind="page", incident_id=page.incident_id, page=page, step=made, person=one, method=way,
                channel="email", address=way.address, rule="x", idempotency_key=f"{made.pk}-{one.pk}-{way_number}",
                state="sent", created_at=at, due_at=at, next_attempt_at=at,
                sent_at=at + way_number * timedelta(minutes=2),
            )
            for way_number in range(ways)
        )  # fmt: skip
    return made


@dataclass
class Expected:
    """What a group comes to, each time in seconds; in no order."""

    incidents: int = 0
    symptoms: int = 0
    openings: int = 0
    still_open: int = 0
    taken: list[float] = field(default_factory=list)
    untaken: int = 0
    waiting: int = 0
    restored: list[float] = field(default_factory=list)
    apart: list[float] = field(default_factory=list)
    blocked: float | None = None
    blocked_unknown: int = 0
    paged: int = 0
    noisy: int = 0


def by_hand(told: Sequence[Told], *, since: datetime, until: datetime, now: datetime) -> Expected:
    """The figures of all of them, as `incidents.analytics` defines them."""
    found = Expected()
    before: dict[int, datetime] = {}
    for one in sorted(told, key=lambda one: (one.opened, one.row.pk if one.row else 0)):
        if one.drill or one.opened >= until:
            continue
        if one.symptom_of is not None:
            found.symptoms += one.opened >= since
            continue
        key = one.component.pk if one.component else None
        last = before.get(key) if key else None
        if key:
            before[key] = one.opened
        if one.opened < since:
            continue
        if last is not None:
            found.apart.append((one.opened - last).total_seconds())
        _one(found, one, now)
    return found


def _one(found: Expected, one: Told, now: datetime) -> None:
    found.incidents += 1
    resolved = one.resolved_at
    if resolved is None:
        found.still_open += 1
    else:
        found.restored.append((resolved - one.opened).total_seconds())
    if one.people is None:
        found.blocked_unknown += 1
    for began, events in _openings(one):
        found.openings += 1
        ended = next((one.opened + event.after for event in events if event.kind == RESOLVED), None)
        answers = [one.opened + event.after for event in events if _answers(event)]
        informs = one.severity == Severity.P5
        paged = any(event.kind == PAGED for event in events) and not informs
        found.paged += paged
        if answers:
            found.taken.append((answers[0] - began).total_seconds())
        elif informs:
            pass  # nobody was to answer
        elif ended is None:
            found.waiting += 1
        else:
            found.untaken += 1
            found.noisy += paged and ended - began <= timedelta(minutes=5)
        if one.people is not None:
            minutes = ((ended or now) - began).total_seconds() / 60
            found.blocked = (found.blocked or 0.0) + minutes * one.people


def _openings(one: Told) -> list[tuple[datetime, list[Event]]]:
    found: list[tuple[datetime, list[Event]]] = [(one.opened, [])]
    for event in one.events:
        if event.kind == REOPENED:
            found.append((one.opened + event.after, []))
        else:
            found[-1][1].append(event)
    return found


def _answers(event: Event) -> bool:
    if event.kind == RESOLVED:
        return event.by is not None
    return event.kind == ACKNOWLEDGED and event.role in {Page.Role.OWNER, Page.Role.CATCH_ALL}


def percentile(values: Sequence[float], q: float) -> float | None:
    """Of n sorted ones that at place 1 + q * (n - 1), between two neighbours in proportion."""
    if not values:
        return None
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def cast() -> tuple[Person, Person, Team, Component, Component]:
    """Ada in Berlin and Ben in Chicago, of Build & CI, which owns the runners and the registry."""
    ada = make.person("ada", time_zone="Europe/Berlin")
    ben = make.person("ben", time_zone="America/Chicago")
    team = make.team("build-ci", ada, ben)
    return ada, ben, team, make.component("ci-runners", owner=team), make.component("registry", owner=team)
