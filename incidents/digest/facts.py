"""What a week was: of one team, or (without) of the platform; a bounded number of questions, whatever its size."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from catalog.models import Component, Person, ScoreDay, Team
from catalog.queries import QueueFilter, trouble_counts
from catalog.queries.campaigns import moved
from incidents.analytics import SATURDAY, is_night
from incidents.models import ActionItem, Incident, PageStep
from incidents.queries.reach import reach
from incidents.queries.reviews import action_items, today
from slo.queries import FleetFilter, fleet
from slo.queries.fleet import FleetRow, row

SHOWN = 10
"""Lines of a list at most; how many there are beside them is said."""
WORRYING = frozenset({"burning", "exhausted", "at_risk"})


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days `[start, end)` by the clock of `zone`, from a Monday."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    @property
    def days(self) -> tuple[date, ...]:
        """Monday to Sunday."""
        first = self.start.astimezone(self.zone).date()
        return tuple(first + timedelta(days=n) for n in range(7))


@dataclass(frozen=True, slots=True)
class Line:
    """An incident: how long until a person took it, and how long it lasted; None where nobody did, or it is open."""

    incident: Incident
    answered_after: timedelta | None
    lasted: timedelta | None


@dataclass(frozen=True, slots=True)
class Call:
    """One page of one person: when they were first called for it."""

    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Load:
    """How often somebody was paged in the week; `nights` of these between 22 and 7, `weekends` on Saturday or Sunday,
    by their own clock.
    """

    name: str
    pages: int
    nights: int
    weekends: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A team whose pages reach nobody at some hour of the next four weeks: the first such stretch, if it is known."""

    team: Team
    policy: bool
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the week with its incidents, and pages by day and by night."""

    day: date
    incidents: int
    pages: int
    nights: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The week of a team, or of the platform (`team` None)."""

    team: Team | None
    week: Week
    opened: int
    """Incidents that opened in the week, fire drills left out."""
    incidents: tuple[Line, ...]
    """The worst of them, at most SHOWN, with component and who answered."""
    answered: int
    """How many of them a person has taken, or took."""
    median_answer: timedelta | None
    """From opening to the first acknowledgement, of those taken; None where none was."""
    days: tuple[Day, ...]
    objectives: tuple[FleetRow, ...]
    """Those that burn, are exhausted or at risk now, at most SHOWN."""
    worrying: int
    promised: int
    """Objectives in all."""
    loads: tuple[Load, ...]
    items: tuple[ActionItem, ...]
    """Open action items that are overdue, or due in the week to come, the first due first, at most SHOWN."""
    due: int
    """How many there are."""
    overdue: int
    """How many of these are overdue."""
    today: date
    """When it was asked, in UTC: what was due before is overdue."""
    unowned: int
    """Living components without an owner; of the platform only, for a team's are all owned."""
    care: int
    """Open cases of the queue of what needs care."""
    gaps: tuple[Gap, ...]
    levels: tuple[int, ...] | None
    """Components by level of the scorecard, none to gold, on the last day known; None without."""
    levels_before: tuple[int, ...] | None
    """The same a week before."""
    up: int
    down: int

    @property
    def quiet(self) -> bool:
        """Whether nothing happened and nothing is to do."""
        return not (self.opened or self.worrying or self.loads or self.due or self.unowned or self.care or self.gaps)


def week_before(monday: date, zone: ZoneInfo) -> Week:
    """The week that ends as `monday` begins there."""
    start = datetime.combine(monday - timedelta(days=7), time(), tzinfo=zone)
    return Week(start, datetime.combine(monday, time(), tzinfo=zone), zone)


def gather(team: Team | None, week: Week, *, now: datetime) -> Facts:
    """What the week was, and how things stand now."""
    opened = _opened(team, week)
    calls, people = _calls(team, week)
    worrying = [one for one in map(row, fleet(FleetFilter(team=team.ref if team else ""))) if one.state in WORRYING]
    before, latest = _levels(team, week)
    steps = moved(week.days[0] - timedelta(days=1), team=team)
    items = _items(team, now)
    answers = [(one.acknowledged_at - one.opened_at).total_seconds() for one in opened if one.acknowledged_at]
    return Facts(
        team=team,
        week=week,
        opened=len(opened),
        incidents=tuple(_line(one) for one in opened[:SHOWN]),
        answered=len(answers),
        median_answer=timedelta(seconds=median(answers)) if answers else None,
        days=_days(opened, calls, people, week),
        objectives=tuple(worrying[:SHOWN]),
        worrying=len(worrying),
        promised=fleet(FleetFilter(team=team.ref if team else "")).count(),
        loads=_loads(calls, people),
        items=tuple(items[:SHOWN]),
        due=len(items),
        overdue=sum(one.due_on < today(now) for one in items),
        today=today(now),
        unowned=0 if team else Component.objects.filter(retired_at=None, owner=None).count(),
        care=sum(trouble_counts(QueueFilter(team=(team.ref,) if team else ()), now=now).values()),
        gaps=_gaps(team, now),
        levels=latest,
        levels_before=before,
        up=steps["up"],
        down=steps["down"],
    )


def _opened(team: Team | None, week: Week) -> list[Incident]:
    found = Incident.objects.filter(opened_at__gte=week.start, opened_at__lt=week.end, is_drill=False, root=None)
    if team is not None:
        found = found.filter(Q(owner=team) | Q(pages__team=team)).distinct()
    shown: QuerySet[Incident] = found.select_related("component", "owner", "acknowledged_by")
    return sorted(shown, key=lambda one: (one.severity, one.opened_at))


def _line(one: Incident) -> Line:
    taken, over = one.acknowledged_at, one.resolved_at
    return Line(one, taken - one.opened_at if taken else None, over - one.opened_at if over else None)


def _calls(team: Team | None, week: Week) -> tuple[list[Call], dict[str, Person]]:
    """Every page once for each person it called: the first step that did."""
    steps = PageStep.objects.filter(at__gte=week.start, at__lt=week.end, page__incident__is_drill=False)
    if team is not None:
        steps = steps.filter(page__team=team)
    first: dict[tuple[int, int, str], datetime] = {}
    for page, generation, at, refs in steps.order_by("at").values_list("page", "generation", "at", "people"):
        for ref in refs:
            first.setdefault((page, generation, ref), at)
    calls = [Call(ref, at) for (_, _, ref), at in first.items()]
    return calls, {one.ref: one for one in Person.objects.filter(ref__in={call.person for call in calls})}


def _loads(calls: Sequence[Call], people: dict[str, Person]) -> tuple[Load, ...]:
    by_person: dict[str, list[datetime]] = defaultdict(list)
    for call in calls:
        by_person[call.person].append(_theirs(call, people))
    loads = [
        Load(
            people[ref].label if ref in people else ref.rpartition("/")[2],
            len(times),
            sum(is_night(at) for at in times),
            sum(at.weekday() >= SATURDAY for at in times),
        )
        for ref, times in by_person.items()
    ]
    return tuple(sorted(loads, key=lambda one: (-one.pages, -one.nights, one.name))[:SHOWN])


def _theirs(call: Call, people: dict[str, Person]) -> datetime:
    try:
        return call.at.astimezone(ZoneInfo(people[call.person].time_zone))
    except (KeyError, ValueError):
        return call.at


def _days(opened: Sequence[Incident], calls: Sequence[Call], people: dict[str, Person], week: Week) -> tuple[Day, ...]:
    began = [one.opened_at.astimezone(week.zone).date() for one in opened]
    night = [(call.at.astimezone(week.zone).date(), is_night(_theirs(call, people))) for call in calls]
    return tuple(
        Day(day, began.count(day), sum(at == day for at, _ in night), sum(at == day and dark for at, dark in night))
        for day in week.days
    )


def _items(team: Team | None, now: datetime) -> list[ActionItem]:
    found = action_items(state=ActionItem.State.OPEN, teams=[team.pk] if team else None, now=now)
    return list(found.filter(due_on__lte=today(now) + timedelta(days=7)))


def _gaps(team: Team | None, now: datetime) -> tuple[Gap, ...]:
    """Of teams that own something; the catch-all is not counted on."""
    owners = Team.objects.filter(retired_at=None, components__isnull=False, components__retired_at=None).distinct()
    teams = {one.pk: one for one in (owners.filter(pk=team.pk) if team else owners.order_by("name", "pk"))}
    found = reach(teams, now=now)
    return tuple(
        Gap(teams[pk], one.policy, *(one.hole or (None, None))) for pk, one in found.items() if one.always is False
    )


def _levels(team: Team | None, week: Week) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """As the week began, and as it is; days that nobody counted are looked past for a few days."""
    first = week.days[0]
    rows = list(ScoreDay.objects.filter(team=team, day__gte=first - timedelta(days=7)).order_by("day"))
    before = [one for one in rows if one.day <= first]
    return (
        tuple(int(n) for n in before[-1].levels) if before else None,
        tuple(int(n) for n in rows[-1].levels) if rows else None,
    )


def last_week(zone: ZoneInfo, *, now: datetime) -> Week:
    """The last whole week there."""
    today = now.astimezone(zone).date()
    return week_before(today - timedelta(days=today.weekday()), zone)
