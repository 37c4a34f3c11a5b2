"""The status page as it is shown and answered: what is broken now, what is planned, ninety days of each capability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from catalog.models import Component, System
from catalog.queries.windows import Occurrence, next_of, occurrences_of, planned_windows
from incidents.models import Incident, Severity
from incidents.queries import status as queries
from incidents.queries.promptness import Promptness, promptness
from incidents.queries.status import Capability, DayOf
from slo.queries import FleetRow

DAYS = 90
AHEAD = timedelta(days=30)
PLANNED_AT_MOST = 20
PROMISES_SHOWN = 3
DOWN, DEGRADED, WORKS, UNKNOWN = "down", "degraded", "works", "unknown"
DRAWN = {DOWN: "down", DEGRADED: "part", WORKS: "ok", UNKNOWN: "nil"}


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a capability: `state` is down, degraded, works or unknown."""

    day: date
    state: str
    incidents: int

    @property
    def words(self) -> str:
        """As it is read out."""
        many = f", {self.incidents} incident{'s' if self.incidents > 1 else ''}" if self.incidents else ""
        return f"{self.day:%a %d %b}: {self.state}{many}"

    @property
    def cell(self) -> tuple[str, str]:
        """As it is drawn."""
        return self.words, DRAWN[self.state]


@dataclass(frozen=True, slots=True)
class Line:
    """A capability: how it is now and how each of the last days was, oldest first."""

    key: str
    thing: System | Component
    state: str
    days: Sequence[Day]
    promises: Sequence[FleetRow] = ()
    """What is promised of it: what burns first, then least budget left."""

    @property
    def shown(self) -> Sequence[FleetRow]:
        """As many promises as are read at a glance."""
        return self.promises[:PROMISES_SHOWN]

    @property
    def more(self) -> Sequence[FleetRow]:
        """The others."""
        return self.promises[PROMISES_SHOWN:]

    @property
    def cells(self) -> list[tuple[str, str]]:
        """For the drawing."""
        return [day.cell for day in self.days]

    @property
    def touched(self) -> list[Day]:
        """The days that were not fine, newest first."""
        return [day for day in reversed(self.days) if day.state in {DOWN, DEGRADED}]

    @property
    def label(self) -> str:
        """The drawing in a sentence."""
        known = sum(day.state != UNKNOWN for day in self.days)
        down, part = (sum(day.state == state for day in self.days) for state in (DOWN, DEGRADED))
        return f"{self.thing.label}, {known} days: {down} down, {part} degraded"


@dataclass(frozen=True, slots=True)
class Status:
    """All of it, at one moment."""

    now: datetime
    broken: Sequence[Incident]
    planned: Sequence[Occurrence]
    lines: Sequence[Line]
    unconfirmed: Sequence[Incident] = ()
    """Resolved by hand, while an alert still fires."""
    answering: Promptness | None = None
    """How fast the pager is; None where that was not asked for."""

    @property
    def state(self) -> str:
        """The worst of now: down with a P1, degraded with a P2 or P3, or where an end is not confirmed; else works."""
        if not self.broken and self.unconfirmed:
            return DEGRADED
        return state_of(min((incident.severity for incident in self.broken), default=None))

    @property
    def headline(self) -> str:
        """Is it me or the platform, in a sentence."""
        names = _names(self.broken)
        if not names and self.unconfirmed:
            return f"Resolved, not confirmed yet: {_some(_names(self.unconfirmed))}."
        if not names:
            return "Everything works."
        return f"Not as promised: {_some(names)}."  # a name may be a plural itself, so no verb goes with it

    @property
    def fine(self) -> int:
        """How many capabilities work."""
        return sum(line.state == WORKS for line in self.lines)


def status(*, now: datetime, whole: bool = True) -> Status:
    """What is told at `now`; seven questions, however many incidents there were.

    Without `whole`, five: what is promised, and how fast the pager answers, is left out.
    """
    zone = timezone.get_current_timezone_name()
    today = timezone.localtime(now).date()
    first = today - timedelta(days=DAYS - 1)
    since = datetime.combine(first, time(), tzinfo=ZoneInfo(zone))
    wanted, told = queries.capabilities(), queries.broken_now(unconfirmed=True)
    broken, unconfirmed = [one for one in told if one.is_open], [one for one in told if not one.is_open]
    touched = queries.days_of(wanted, since=since, now=now, zone=zone)
    worst = _worst_now(broken, unconfirmed)
    promised = queries.promises_of(wanted) if whole else {}
    lines = [
        Line(
            one.key, one.thing, state_of(worst.get(one.key)), _days(one, touched[one.key], first),
            promised.get(one.key, ()),
        )
        for one in wanted
    ]  # fmt: skip
    lines.sort(key=lambda line: worst.get(line.key, 9))
    return Status(now, broken, planned(now), lines, unconfirmed, promptness(now=now) if whole else None)


def planned(now: datetime) -> list[Occurrence]:
    """Maintenance that runs now or begins within thirty days, the first first."""
    found: list[Occurrence] = []
    for window in planned_windows(now)[: PLANNED_AT_MOST * 5]:
        running = next(occurrences_of(window, now, now + timedelta(microseconds=1)), None)
        coming = running or next_of(window, now)
        if coming is not None and coming.start <= now + AHEAD:
            found.append(coming)
    return sorted(found, key=lambda one: one.start)[:PLANNED_AT_MOST]


def state_of(severity: int | None) -> str:
    """What an incident of this severity makes of what it is about."""
    if severity is None:
        return WORKS
    return DOWN if severity == Severity.P1 else DEGRADED


def _names(incidents: Sequence[Incident]) -> list[str]:
    return list(dict.fromkeys(one.component.label if one.component else one.title for one in incidents))


def _some(names: Sequence[str]) -> str:
    more = len(names) - 2
    return " and ".join(names) if more <= 0 else f"{', '.join(names[:2])} and {more} more"


def _worst_now(broken: Sequence[Incident], unconfirmed: Sequence[Incident]) -> Mapping[str, int]:
    """By key of the capability; what was resolved and is not confirmed is no outage any more."""
    found: dict[str, int] = {}
    for incident in (*broken, *unconfirmed):
        component = incident.component
        severity = incident.severity if incident.is_open else max(incident.severity, Severity.P2)
        if component is not None:
            for key in (f"s{component.system_id}", f"c{component.pk}"):
                found[key] = min(found.get(key, 9), severity)
    return found


def _days(capability: Capability, touched: Mapping[date, DayOf], first: date) -> list[Day]:
    known = timezone.localtime(capability.since).date()
    days = (first + timedelta(days=n) for n in range(DAYS))
    return [
        Day(day, state_of(touched[day].severity), touched[day].incidents)
        if day in touched
        else Day(day, WORKS if day >= known else UNKNOWN, 0)
        for day in days
    ]
