"""What incidents say of how we work: one definition of each figure, for pages, CSV, API, digest and review.

**Which incidents.** Those that opened in the stretch asked for; everything that is told of an incident belongs to the
moment it opened, also when it ended later. Fire drills (`is_drill`) are in no figure. A symptom (`root` set: it joined
a cause upstream) is counted as a symptom and nowhere else, for it is no failure of its own, and its people are blocked
by its cause; only who was called for one was called all the same. Team, component, severity and source are the
incident's own: the owner when it opened, the severity it has now.

**Openings.** An incident opens once, and again each time it reopens (timeline entry `reopened`); each calls people from
step one. What is about answering a call is counted by opening, as `response` objectives do (`incidents.responses`);
what is about the trouble itself by incident.

**Percentiles** are PostgreSQL's `percentile_cont`: of n sorted values the one at place 1 + q * (n - 1), between two
neighbours in proportion. Of nothing there is none, which is never zero. No figure is a mean.

**Months** are calendar months in the time zone asked for; every month of the stretch is told of, empty ones too.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from catalog.models import Component, Person, Team
from incidents.models import Severity
from incidents.oncall.fairness import NIGHT, WEEKEND
from incidents.queries import analytics as queries
from incidents.queries.analytics import GROUPS, Called, Grouped, Wanted
from portal.lib.zones import zone_of

NOISE = timedelta(minutes=5)
SATURDAY = min(WEEKEND.days)
BY = tuple(GROUPS)
NAMED = ("ref", "namespace", "name", "title")


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something takes, in seconds: median and 90th percentile of `count` times; None where there is none."""

    count: int
    median: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one group of incidents (or of all). See the module for which ones are in it."""

    key: str
    """A reference, P1 to P5, a source, a month as 2026-11; empty for all, and for what has no owner or component."""
    label: str
    url: str
    incidents: int
    """How many opened. Source: `Incident`. A reopened one is one."""
    symptoms: int
    """How many joined a cause upstream, beside them."""
    openings: int
    """How often they opened, reopenings counted."""
    still_open: int
    """How many are not resolved yet; they have no time to restore."""
    taken: Spread
    """Time to acknowledge: from an opening to the first answer of a person to it, by opening. An answer takes the
    owner's page or the catch-all's (`acknowledged_at`, for what reopened the timeline entries; a responder's own page
    is none), or resolves the incident without that (`resolved_by`). The clock begins when it opens, not when a page
    goes out: taken before anybody was paged counts as fast as it was, and never below zero. What nobody answered has no
    time, and is in `untaken` or `waiting`.
    """
    untaken: int
    """Openings that ended without an answer: by themselves."""
    waiting: int
    """Openings that are not over and that nobody has answered."""
    restored: Spread
    """Time to restore: from the first opening to the last resolution of an incident (`opened_at`, `resolved_at`), quiet
    time between two openings included, for it was not restored. Not resolved: none."""
    apart: Spread
    """Time between failures: from the opening of the incident before on the same component to this one's opening, also
    where that one opened before the stretch. The one before is among those that team, component, severity and source
    leave. Reopening is no failure of its own; without a component, and for the first one, there is none."""
    blocked: float | None
    """Developer-minutes blocked: people blocked (`people_blocked`, the blast radius when last looked at) times the
    minutes it was open, until now where it still is; quiet time between openings left out. Two incidents at a time that
    block the same people count twice. None where no radius is known."""
    blocked_unknown: int
    """Incidents whose blast radius is not known."""
    paged: int
    """Openings for which somebody was paged (timeline entry `paged`)."""
    noisy: int
    """Noise: openings for which somebody was paged and that were over within five minutes (`NOISE`, that included)
    without anybody's answer."""

    @property
    def noise(self) -> float | None:
        """Share of the openings that paged somebody for nothing; None where none did."""
        return self.noisy / self.paged if self.paged else None

    @property
    def blocked_hours(self) -> float | None:
        """Developer-hours."""
        return None if self.blocked is None else self.blocked / 60


@dataclass(frozen=True, slots=True)
class Escalations:
    """How far pages went, by the team that was called (not the owner). Source: `Page` with its `PageStep` rows; the
    page opened in the stretch. The catch-all's pages are not counted: they are where others ended."""

    key: str
    label: str
    url: str
    pages: int
    """Pages of teams and of people called in whose first step was taken; what maintenance still holds is none."""
    past: int
    """Those that went past step one: a later step or a further round was taken, by time or by hand, also where step one
    reached nobody; or the policy fell back, or ran out. Asking step one again (`repeat`) is not past it."""

    @property
    def share(self) -> float | None:
        """None where there was no page."""
        return self.past / self.pages if self.pages else None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What became of action items whose day, in UTC, lies in the stretch. Source: `ActionItem`. The team is that of the
    component it is about, of what is about none the incident's owner; severity and source are the incident's. What is
    due today or later and not done yet is in no figure; what was done early counts on the day it was due."""

    key: str
    label: str
    url: str
    due: int
    """Done, or still open after their day."""
    in_time: int
    """Done on their day at the latest, as they are due now: an item that was put off is held to its new day."""
    overdue: int
    """Still open after their day."""
    dropped: int
    """Decided against; not in `due`."""

    @property
    def late(self) -> int:
        """Done after their day."""
        return self.due - self.in_time - self.overdue

    @property
    def share(self) -> float | None:
        """Of those that were due, done in time; None where none was."""
        return self.in_time / self.due if self.due else None


@dataclass(frozen=True, slots=True)
class Disturbed:
    """How often one person was called. A call is one step of one page that at least one message of was sent for,
    by however many ways; the moment is that of the first. Source: `Notification` (kind page, state sent), which is kept
    for PORTAL_NOTIFICATIONS_KEPT_DAYS; a bundle is as many calls as it tells of pages.

    Nights and weekends are those of `incidents.oncall.fairness`, by the clock on the person's own wall
    (`Person.time_zone` as it is now), which jumps with daylight saving.
    """

    pages: int
    at_night: int
    """Calls from 22:00 until before 07:00."""
    nights: int
    """Different nights with at least one; a night belongs to the day on which it begins."""
    at_weekends: int
    """Calls on a Saturday or Sunday."""
    weekends: int
    """Different weekends with at least one."""


@dataclass(frozen=True, slots=True)
class Load:
    """Somebody and how often they were called."""

    person: Person
    disturbed: Disturbed


@dataclass(frozen=True, slots=True)
class Calls:
    """How often anybody was called in a month, and how often at night of their own."""

    month: datetime
    pages: int
    at_night: int


@dataclass(frozen=True, slots=True)
class People:
    """Who was called how often, the most often first; and every month of the stretch."""

    loads: tuple[Load, ...]
    months: tuple[Calls, ...]

    @property
    def pages(self) -> int:
        """Calls in all."""
        return sum(one.pages for one in self.months)

    @property
    def at_night(self) -> int:
        """Of them, those at somebody's night."""
        return sum(one.at_night for one in self.months)

    @property
    def nights(self) -> int:
        """Nights of people that were disturbed; two people in one night are two."""
        return sum(one.disturbed.nights for one in self.loads)

    @property
    def weekends(self) -> int:
        """Weekends of people that were disturbed."""
        return sum(one.disturbed.weekends for one in self.loads)


def months_between(since: datetime, until: datetime, *, zone: str) -> list[datetime]:
    """The first moment of every calendar month of that zone which `[since, until)` touches, oldest first."""
    here = ZoneInfo(zone)
    local = since.astimezone(here)
    year, month = local.year, local.month
    found: list[datetime] = []
    while (first := datetime(year, month, 1, tzinfo=here)) < until or not found:
        found.append(first)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def figures(asked: Wanted, by: Collection[str]) -> dict[str, list[Figures]]:
    """By each of `by` (of `BY`, and `overall`): its groups. Months in order and all of them, severities in order, else
    the most incidents first. One question for all, and one for the names of teams and of components each.
    """
    rows: dict[str, list[Figures]] = {name: [] for name in by}
    for one in queries.figures(asked, by, noise=NOISE):
        rows[one.by].append(_figures(one))
    return {name: _ordered(_named(name, some, asked), name, asked) for name, some in rows.items()}


def figures_by_team(asked: Wanted) -> tuple[Figures | None, dict[int, Figures]]:
    """Of all (None where there is nothing to count), and by the key of each team that has some; without names."""
    rows = list(queries.figures(asked, ("team", queries.OVERALL), noise=NOISE))
    overall = next((_figures(one) for one in rows if one.by == queries.OVERALL), None)
    return overall, {one.key: _figures(one) for one in rows if one.by == "team" and one.key is not None}


def escalations(asked: Wanted, by: Collection[str]) -> dict[str, list[Escalations]]:
    """By each of `by`: its groups, most pages first; months and severities in order, those without pages left out."""
    rows: dict[str, list[Escalations]] = {name: [] for name in by}
    for one in queries.escalated(asked, by):
        rows[one.by].append(Escalations(_key(one), "", "", *one.values))
    named = {name: _named(name, some, asked) for name, some in rows.items()}
    in_order = {"month", "severity"}
    return {
        name: sorted(some, key=lambda one: one.key) if name in in_order
        else sorted(some, key=lambda one: (-one.pages, one.label.casefold()))
        for name, some in named.items()
    }  # fmt: skip


def follow_up(asked: Wanted, by: Collection[str]) -> dict[str, list[FollowUp]]:
    """By each of `by`: its groups, most due first; all months, and severities, in order."""
    rows: dict[str, list[FollowUp]] = {name: [] for name in by}
    for one in queries.items(asked, by):
        rows[one.by].append(FollowUp(_key(one), "", "", *one.values))
    found = {name: _named(name, some, asked) for name, some in rows.items()}
    if "month" in found:
        there = {one.key: one for one in found["month"]}
        keys = [(f"{at:%Y-%m}", month_words(at)) for at in asked.months]
        found["month"] = [there.get(key, FollowUp(key, words, "", 0, 0, 0, 0)) for key, words in keys]
    return {
        name: some if name == "month"
        else sorted(some, key=lambda one: (one.key if name == "severity" else "", -one.due, one.label.casefold()))
        for name, some in found.items()
    }  # fmt: skip


def people(asked: Wanted) -> People:
    """Everybody who was called, and every month. Two questions."""
    return people_by_team(asked, ())[0]


def people_by_team(asked: Wanted, teams: Collection[int]) -> tuple[People, dict[int, People]]:
    """As `people`, of all, and of those who were called for each of these teams. Two questions."""
    rows = queries.calls(asked)
    named = Person.objects.in_bulk({one.person for one in rows})
    of_team = {pk: [one for one in rows if one.team == pk] for pk in teams}
    return _people(rows, named, asked), {pk: _people(some, named, asked) for pk, some in of_team.items()}


def _people(rows: Sequence[Called], named: Mapping[int, Person], asked: Wanted) -> People:
    by_person: dict[int, list[int]] = defaultdict(list)
    for one in rows:
        by_person[one.person].append(one.at)
    loads = [Load(named[pk], disturbed(calls, zone_of(named[pk].time_zone))) for pk, calls in by_person.items()]
    starts = [month.timestamp() for month in asked.months]
    counts = [[0, 0] for _ in starts]
    for pk, calls in by_person.items():
        zone = zone_of(named[pk].time_zone)
        for at in calls:
            month = counts[max(0, bisect_right(starts, at) - 1)]
            month[0] += 1
            month[1] += is_night(datetime.fromtimestamp(at, zone))
    months = tuple(Calls(start, *both) for start, both in zip(asked.months, counts, strict=True))
    return People(tuple(sorted(loads, key=lambda one: (-one.disturbed.pages, one.person.label.casefold()))), months)


def disturbed(calls: Iterable[int], zone: ZoneInfo) -> Disturbed:
    """Of these moments, in seconds since the epoch, on that zone's wall clock."""
    pages = at_night = at_weekends = 0
    nights, weekends = set[date](), set[date]()
    for call in calls:
        local = datetime.fromtimestamp(call, zone)
        pages += 1
        day = local.date()
        if is_night(local):
            at_night += 1
            nights.add(day if local.time() >= NIGHT.start else day - timedelta(days=1))
        if day.weekday() in WEEKEND.days:
            at_weekends += 1
            weekends.add(day - timedelta(days=day.weekday() - SATURDAY))
    return Disturbed(pages, at_night, len(nights), at_weekends, len(weekends))


def is_night(local: datetime) -> bool:
    """On that clock: from 22:00 until before 07:00."""
    return local.time() >= NIGHT.start or local.time() < NIGHT.end


def _figures(row: Grouped) -> Figures:
    incidents, symptoms, openings, still_open, *times = row.values
    taken, taken_at, untaken, waiting, restored, restored_at, apart, apart_at, blocked, unknown, paged, noisy = times
    return Figures(
        key=_key(row), label="", url="", incidents=incidents, symptoms=symptoms, openings=openings,
        still_open=still_open, taken=_spread(taken, taken_at), untaken=untaken, waiting=waiting,
        restored=_spread(restored, restored_at), apart=_spread(apart, apart_at), blocked=blocked,
        blocked_unknown=unknown, paged=paged, noisy=noisy,
    )  # fmt: skip


def _spread(count: int, at: Sequence[float | None] | None) -> Spread:
    median, p90 = at or (None, None)
    return Spread(count, median, p90)


def _key(row: Grouped) -> str:
    if row.by == "severity":
        return f"P{row.key}"
    return "" if row.key is None else str(row.key)


def _named[T: (Figures, Escalations, FollowUp)](by: str, rows: Sequence[T], asked: Wanted) -> list[T]:
    """With reference, name and address of what they are of."""
    if by == "team":
        teams = Team.objects.only(*NAMED).in_bulk([int(one.key) for one in rows if one.key])
        found = {str(pk): (team.ref, team.label, team.get_absolute_url()) for pk, team in teams.items()}
        return [_with(one, found.get(one.key, ("", "No team", ""))) for one in rows]
    if by == "component":
        named = Component.objects.filter(ref__in=[one.key for one in rows]).only(*NAMED, "kind")
        things = {one.ref: (one.ref, one.label, one.get_absolute_url()) for one in named}
        return [_with(one, things.get(one.key, (one.key, one.key or "No component", ""))) for one in rows]
    if by == "month":
        months = {str(place): f"{at:%Y-%m}" for place, at in enumerate(asked.months, 1)}
        return [_with(one, (months[one.key], month_words(asked.months[int(one.key) - 1]), "")) for one in rows]
    return [_with(one, (one.key, one.key or "All", "")) for one in rows]


def _with[T: (Figures, Escalations, FollowUp)](row: T, named: tuple[str, str, str]) -> T:
    key, label, url = named
    return replace(row, key=key, label=label, url=url)


def month_words(month: datetime) -> str:
    """`Nov 2026`."""
    return f"{month:%b %Y}"


def _ordered(rows: list[Figures], by: str, asked: Wanted) -> list[Figures]:
    if by == "month":
        there = {one.key: one for one in rows}
        return [there.get(f"{at:%Y-%m}", nothing(f"{at:%Y-%m}", month_words(at))) for at in asked.months]
    if by == "severity":
        there = {one.key: one for one in rows}
        return [there[label] for label in Severity.labels if label in there]
    return sorted(rows, key=lambda one: (-one.incidents, one.label.casefold()))


def nothing(key: str, label: str) -> Figures:
    """The figures of no incidents."""
    none = Spread(0, None, None)
    return Figures(key, label, "", 0, 0, 0, 0, none, 0, 0, none, none, None, 0, 0, 0)
