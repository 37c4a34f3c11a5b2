"""What a review says by itself, worked out when it is read: an incident that opened again is told of as it is now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Prefetch

from catalog.models import Person
from incidents import budgets, panels
from incidents.models import Alert, Incident, Notification, Page, StatusUpdate, TimelineEntry
from incidents.queries import timeline_of
from incidents.queries.reviews import similar
from incidents.responses import DECIDING
from slo.queries.costs import ObjectiveCost

Kind = TimelineEntry.Kind
TOLD = frozenset({
    Kind.OPENED, Kind.REOPENED, Kind.SEVERITY, Kind.ACKNOWLEDGED, Kind.ACK_TIMEOUT, Kind.ESCALATED, Kind.EXHAUSTED,
    Kind.UNREACHABLE, Kind.FALLBACK, Kind.RESOLVED, Kind.NOTE, Kind.UPDATE, Kind.HANDED_OVER, Kind.ROLE, Kind.SYMPTOM,
    Kind.FLAPPING, Kind.HELD, Kind.PAGED, Kind.SNOOZED, Kind.ALERT_CLEARED,
})  # fmt: skip
"""What of a timeline tells the story; the rest stands on the incident's page."""
MOST_ENTRIES = 200
"""Of a longer story the beginning and the end are told, for in its middle it only went on."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry of the timeline, as it was last put right. Of a status update `state` says how far they were, in words;
    `left_out` counts the entries before it that are not told.
    """

    at: datetime
    kind: str
    by: str
    words: str
    state: str = ""
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """Who took a page, and how long after its opening, or after the reopening that called `again`; None: nobody did."""

    by: Person | None
    after: timedelta | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """A step that called somebody: when, and whom."""

    at: datetime
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Paged:
    """A team or a person who was called: whom messages went to, when, and who took it after how long.

    `people` are all of them, `calls` who was called by which step. `taken_by` and `taken_after` are of its first
    opening; `later` has one for each reopening.
    """

    whom: str
    role: str
    at: datetime
    people: tuple[Person, ...]
    taken_by: Person | None
    taken_after: timedelta | None
    later: Sequence[Taken] = ()
    calls: Sequence[Called] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an incident without anybody writing it down. Durations are None where there is no such moment.

    The definitions are those of `incidents.analytics`, which tells of many.

    `open_for` leaves out the time between an end and a reopening; `minutes_blocked` are developer-minutes: the people
    who depend on the component, for as long as it was open. None where nobody looked who depends on it.
    """

    incident: Incident
    to_acknowledge: timedelta | None
    to_restore: timedelta | None
    open_for: timedelta
    minutes_blocked: int | None
    paged: Sequence[Paged]
    timeline: Sequence[Moment]
    more_entries: int
    costs: panels.Panel[ObjectiveCost]
    similar: panels.Panel[Incident]
    acknowledged_by: Person | None
    """Who answered first: `to_acknowledge` after the opening."""
    pages: Sequence[Page]
    """With their notifications prefetched, as `access` wants them."""


def facts_of(incident: Incident, *, now: datetime) -> Facts:
    """About ten questions, however much happened."""
    entries = list(timeline_of(incident))
    told = _told(entries)
    pages = list(_pages(incident))
    open_for = sum((end - start for start, end in open_stretches(incident, entries, now=now)), timedelta())
    people = incident.people_blocked
    alerting = Alert.objects.filter(incident=incident, objective__isnull=False).order_by("pk")
    promises = dict.fromkeys((pk for pk in alerting.values_list("objective", flat=True) if pk is not None), ())
    return Facts(
        incident=incident,
        to_acknowledge=_after(incident.opened_at, _answered(incident, entries)),
        to_restore=_after(incident.opened_at, incident.resolved_at),
        open_for=open_for,
        minutes_blocked=None if people is None else round(people * open_for.total_seconds() / 60),
        paged=[_paged(page, entries) for page in pages],
        timeline=_shortened(told),
        more_entries=max(0, len(told) - MOST_ENTRIES),
        costs=panels.guarded("Costs", lambda: budgets.Concerned(incident, promises).costs(now=now)),
        similar=panels.guarded("Similar", lambda: similar(incident)),
        acknowledged_by=_answerer(incident, entries),
        pages=pages,
    )


def open_stretches(
    incident: Incident, entries: Iterable[TimelineEntry], *, now: datetime
) -> list[tuple[datetime, datetime]]:
    """When it was open, `[from, to)`, oldest first: from its opening, or a reopening, to the end that came next."""
    found: list[tuple[datetime, datetime]] = []
    since: datetime | None = incident.opened_at
    for entry in entries:
        if entry.kind == Kind.RESOLVED and since is not None:
            found.append((since, max(since, entry.at)))
            since = None
        elif entry.kind == Kind.REOPENED and since is None:
            since = entry.at
    if since is not None:
        found.append((since, max(since, incident.resolved_at or now)))
    return found


def _answered(incident: Incident, entries: Iterable[TimelineEntry]) -> datetime | None:
    """When a person first answered: took it, or ended it without that, as `incidents.analytics` has it."""
    ended = (entry.at for entry in entries if entry.kind == Kind.RESOLVED and entry.person_id is not None)
    moments = [at for at in (incident.acknowledged_at, next(ended, None)) if at is not None]
    return min(moments, default=None)


def _answerer(incident: Incident, entries: Iterable[TimelineEntry]) -> Person | None:
    if not incident.generation:
        return incident.acknowledged_by
    said = (entry for entry in entries if entry.person_id is not None and _answers(entry))
    first = next(said, None)
    return first.person if first else None


def _answers(entry: TimelineEntry) -> bool:
    """A responder's own page answers for that team alone."""
    if entry.kind == Kind.RESOLVED:
        return True
    return entry.kind == Kind.ACKNOWLEDGED and (entry.page is None or entry.page.role in DECIDING)


def _pages(incident: Incident) -> Iterable[Page]:
    outbox = Prefetch("notifications", Notification.objects.select_related("person").order_by("created_at", "pk"))
    return incident.pages.select_related("team", "person", "acknowledged_by").prefetch_related(outbox).order_by("pk")


def _paged(page: Page, entries: Sequence[TimelineEntry]) -> Paged:
    notes = [note for note in page.notifications.all() if note.kind == Notification.Kind.PAGE]
    people: Mapping[int, Person] = {note.person_id: note.person for note in notes}
    whom = page.team.label if page.team else page.person.label if page.person else page.get_role_display()
    first, *later = _taken(page, entries)
    return Paged(
        whom=whom,
        role=page.get_role_display(),
        at=notes[0].created_at if notes else page.opened_at,
        people=tuple(people.values()),
        taken_by=first.by,
        taken_after=first.after,
        later=later,
        calls=_calls(notes),
    )


def _calls(notes: Iterable[Notification]) -> list[Called]:
    """A person who is told by several methods is called once a step."""
    steps: dict[object, tuple[datetime, dict[int, Person]]] = {}
    for note in notes:
        _, people = steps.setdefault(note.step_id or note.created_at, (note.created_at, {}))
        people[note.person_id] = note.person
    return [Called(at, tuple(people.values())) for at, people in steps.values()]


def _taken(page: Page, entries: Sequence[TimelineEntry]) -> list[Taken]:
    """One for the page's opening, and one for each reopening after it, which starts a clock of its own."""
    starts = [entry.at for entry in entries if entry.kind == Kind.REOPENED and entry.at > page.opened_at]
    if not starts:
        return [Taken(page.acknowledged_by, _after(page.opened_at, page.acknowledged_at))]
    taking = [entry for entry in entries if entry.kind == Kind.ACKNOWLEDGED and entry.page_id == page.pk]
    found = []
    for start, stop in zip([page.opened_at, *starts], [*starts, None], strict=True):
        its = next((one for one in taking if start <= one.at and (stop is None or one.at < stop)), None)
        found.append(Taken(its.person, its.at - start, start != page.opened_at) if its else Taken(None, None, True))
    return found


def _told(entries: Sequence[TimelineEntry]) -> list[Moment]:
    edits = {entry.about_id: entry.words for entry in entries if entry.kind == Kind.EDITED}
    return [
        Moment(entry.at, entry.kind, entry.actor_name, edits.get(entry.pk, entry.words), _state(entry))
        for entry in entries
        if entry.kind in TOLD
    ]


def _state(entry: TimelineEntry) -> str:
    said = entry.data.get("state") if entry.kind == Kind.UPDATE else None
    return str(dict(StatusUpdate.State.choices).get(said, "")) if said else ""


def _shortened(told: Sequence[Moment]) -> list[Moment]:
    if len(told) <= MOST_ENTRIES:
        return list(told)
    first, last = told[: MOST_ENTRIES // 2], told[-(MOST_ENTRIES // 2) :]
    return [*first, replace(last[0], left_out=len(told) - MOST_ENTRIES), *last[1:]]


def _after(start: datetime, end: datetime | None) -> timedelta | None:
    return None if end is None else max(timedelta(), end - start)
