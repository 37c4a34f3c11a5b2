"""What the incident pages show, read once and shaped for drawing: rows of the list, the board of one incident."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Count, Prefetch, Q, QuerySet

from catalog.graph import BlastRadius, blast_radius
from catalog.models import Component, Person, Team
from incidents import queries
from incidents.models import Alert, Incident, Page, TimelineEntry, Urgency
from incidents.models.notification import channel_words
from incidents.oncall.directory import LoadSchedules
from incidents.policies import policy_for, urgency
from incidents.queries import NextMove

KINDS: dict[str, tuple[str, str]] = {
    # kind of entry: icon, tone
    "opened": ("flame", "bad"),
    "reopened": ("flame", "bad"),
    "alert": ("arrows-join-2", "none"),
    "alert-cleared": ("check", "good"),
    "severity": ("arrow-up", "warn"),
    "routed": ("arrow-right", "none"),
    "paged": ("bell-ringing", "bad"),
    "unreachable": ("user-off", "bad"),
    "fallback": ("arrow-right", "warn"),
    "exhausted": ("alert-octagon", "bad"),
    "sent": ("send", "none"),
    "send-failed": ("circle-x", "warn"),
    "acknowledged": ("circle-check", "good"),
    "asked": ("user-question", "warn"),
    "ack-timeout": ("clock-exclamation", "warn"),
    "escalated": ("player-skip-forward", "accent"),
    "resolved": ("circle-check", "good"),
    "note": ("message-circle", "accent"),
    "symptom": ("arrows-join-2", "none"),
    "flapping": ("activity", "warn"),
    "held": ("tool", "none"),
    "told": ("mail", "none"),
    "update": ("send", "accent"),
    "role": ("user-circle", "none"),
    "task": ("list-check", "none"),
    "link": ("link", "none"),
    "snoozed": ("zzz", "warn"),
    "handed-over": ("switch-horizontal", "accent"),
    "budget": ("chart-line", "warn"),
    "fault": ("alert-triangle", "bad"),
}
FILTERS: dict[str, frozenset[str]] = {
    "notes": frozenset({
        "note", "acknowledged", "resolved", "escalated", "severity", "update", "role", "task", "link", "snoozed",
        "handed-over",
    }),
    "pages": frozenset({
        "paged", "unreachable", "fallback", "exhausted", "sent", "send-failed", "acknowledged", "asked", "ack-timeout",
        "routed", "held", "told", "snoozed", "handed-over",
    }),
    "alerts": frozenset({"opened", "reopened", "alert", "alert-cleared", "budget", "symptom", "flapping"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `state` is a key of the `state` tag, `words` what stands beside its icon."""

    incident: Incident
    state: str
    words: str

    @property
    def taken_after(self) -> timedelta | None:
        """See `Incident.taken_after`."""
        return self.incident.taken_after

    @property
    def lasted(self) -> timedelta | None:
        """From opening to resolution; None while it is open."""
        incident = self.incident
        return incident.resolved_at - incident.opened_at if incident.resolved_at else None


@dataclass(frozen=True, slots=True)
class Called:
    """One person a page has gone to, by which channels, and how that went."""

    person: Person
    sent: str
    failed: bool
    later: bool = False
    """Asked first by a later step than whoever stands before: not together with them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One team (or person) on the board: has it answered, who was asked, what comes next."""

    page: Page
    called: tuple[Called, ...]
    next: NextMove | None
    steps: int
    mine: bool

    @property
    def label(self) -> str:
        """Who is engaged."""
        if self.page.team:
            return self.page.team.label
        return self.page.person.label if self.page.person else "Catch-all"

    @property
    def hot(self) -> bool:
        """Nobody has it."""
        return self.page.is_untaken

    @property
    def snoozed_until(self) -> datetime | None:
        """Until when nobody is called for it; None where it was not put off, or something else happened since."""
        page = self.page
        return page.snoozed_until if page.snoozed_until and page.snoozed_until == page.next_step_at else None

    @property
    def exhausted(self) -> bool:
        """Everybody was asked and nobody has taken it."""
        return self.page.state == "exhausted"


@dataclass(frozen=True, slots=True)
class BlockedTeam:
    """A team (None: unowned things) and what of its own can't work: one name, and how many more."""

    team: Team | None
    first: str
    more: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """What can't work without the component."""

    radius: BlastRadius
    teams: tuple[BlockedTeam, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A timeline entry with how it is drawn."""

    row: TimelineEntry
    icon: str
    tone: str
    words: str
    edited_at: datetime | None = None
    pinned: bool = False

    @property
    def is_said(self) -> bool:
        """Whether somebody wrote it in their own words."""
        return self.row.kind in {TimelineEntry.Kind.NOTE, TimelineEntry.Kind.UPDATE}


def rows(incidents: QuerySet[Incident]) -> list[Row]:
    """Lines for these incidents, with their pages in one further query."""
    pages = Prefetch("pages", Page.objects.select_related("team", "person"))
    still = Count("symptoms", filter=~Q(symptoms__state=Incident.State.RESOLVED))
    found = incidents.select_related("component", "owner", "acknowledged_by").prefetch_related(pages)
    found = found.annotate(symptoms_open=still)
    return [_row(incident) for incident in found]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one severity."""

    severity: int
    rows: list[Row]


def by_severity(found: Iterable[Row]) -> list[Group]:
    """Rows in order of severity, as they come, by severity."""
    return [Group(key, list(some)) for key, some in groupby(found, key=lambda row: row.incident.severity)]


def answers(
    pages: Iterable[Page], *, mine: frozenset[int], now: datetime, load: LoadSchedules | None = None
) -> list[Answer]:
    """The board: unanswered teams first. `mine` are the pages the reader may take; for `load` see `next_moves_of`."""
    shown = list(pages)
    moves = queries.next_moves_of([page for page in shown if page.next_step_at], now=now, limit=1, load=load)
    made = [_answer(page, moves.get(page.pk, []), mine=page.pk in mine) for page in shown]
    return sorted(made, key=lambda answer: (not answer.hot, answer.page.pk))


def timeline(incident: Incident, *, show: str = "") -> list[Entry]:
    """What is pinned, then the newest first; `show` is a key of FILTERS, or empty for all.

    An edit is no line of its own: its note says what the last edit says.
    """
    entries = queries.timeline_of(incident).select_related("person").reverse()
    if show in FILTERS:
        entries = entries.filter(Q(kind__in=FILTERS[show]) | Q(about__isnull=False))
    edits: dict[int, TimelineEntry] = {}
    pins: dict[int, bool] = {}
    read: list[TimelineEntry] = []
    for row in entries:  # the newest first, so that the first about something is the last that was said of it
        if row.about_id is None:
            read.append(row)
        elif row.kind == TimelineEntry.Kind.EDITED:
            edits.setdefault(row.about_id, row)
        else:
            pins.setdefault(row.about_id, row.kind == TimelineEntry.Kind.PINNED)
    calm = incident.is_information
    shown = [_entry(row, edits.get(row.pk), pinned=pins.get(row.pk, False), calm=calm) for row in read]
    return sorted(shown, key=lambda one: not one.pinned)


def alerts(incident: Incident) -> list[Alert]:
    """Still firing first."""
    return list(queries.alerts_of(incident))


def blocked(incident: Incident) -> Blocked | None:
    """Who can't work; None without a component, or when nothing depends on it."""
    if incident.component_id is None:
        return None
    radius = blast_radius(incident.component_id)
    if not radius.components:
        return None
    return Blocked(radius, _blocked_teams(radius))


def _blocked_teams(radius: BlastRadius) -> tuple[BlockedTeam, ...]:
    hurt = Component.objects.select_related("owner").in_bulk([h.component_id for h in radius.components])
    owned: dict[Team | None, list[str]] = {}
    for part in radius.components:
        component = hurt[part.component_id]
        owned.setdefault(component.owner, []).append(component.label)
    made = (BlockedTeam(team, names[0], len(names) - 1) for team, names in owned.items())
    return tuple(sorted(made, key=lambda blocked: -blocked.more))


def _entry(row: TimelineEntry, edit: TimelineEntry | None, *, pinned: bool, calm: bool) -> Entry:
    kind = TimelineEntry.Kind.TOLD if calm and row.kind == TimelineEntry.Kind.PAGED else row.kind
    drawn = KINDS.get(kind, ("circle-dot", "none"))
    return Entry(row, *drawn, edit.words if edit else row.words, edit.at if edit else None, pinned)


def _row(incident: Incident) -> Row:
    waiting = [page for page in incident.pages.all() if page.is_untaken]
    if not incident.is_open:
        return Row(incident, "resolved", "Resolved")
    if incident.state == Incident.State.ACKNOWLEDGED:
        names = ", ".join(page.team.label for page in waiting if page.team)
        return Row(incident, "unanswered", f"Taken, {names} not yet") if names else Row(incident, "taken", "Taken")
    if waiting and incident.is_information:
        return Row(incident, "none", "For information")
    if any(page.state == "exhausted" for page in waiting):
        return Row(incident, "unanswered", "Nobody has taken it")
    if waiting and urgency(incident.severity) == Urgency.LOW:  # it wakes nobody, so it looks like no alarm
        return Row(incident, "nobody", "Not taken yet")
    return Row(incident, "paging", "Paging") if waiting else Row(incident, "waiting", "Told, waits")


def _answer(page: Page, moves: Sequence[NextMove], *, mine: bool) -> Answer:
    steps = len(policy_for(page).steps) if page.policy_version else 0
    return Answer(page, _called(page), moves[0] if moves else None, steps, mine and page.is_untaken)


def _called(page: Page) -> tuple[Called, ...]:
    by_person: dict[int, Counter[tuple[str, str]]] = {}
    people: dict[int, Person] = {}
    first: dict[int, int | None] = {}
    for note in page.notifications.all():
        people[note.person_id] = note.person
        first.setdefault(note.person_id, note.step_id)
        by_person.setdefault(note.person_id, Counter())[note.channel, note.get_state_display().lower()] += 1
    return tuple(
        Called(
            people[pk],
            ", ".join(_said(*kind, count) for kind, count in sent.items()),
            any("failed" in s for _, s in sent),
            later=first[pk] != first[before],
        )
        for (pk, sent), before in zip(by_person.items(), [*list(by_person)[:1], *by_person], strict=False)
    )


def _said(channel: str, state: str, count: int) -> str:
    word = channel_words(channel)
    return f"{word} ×{count}: {state}" if count > 1 else f"{word}: {state}"
