"""What a week was: of one team, or (without) of the platform; a bounded number of questions, whatever its size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from catalog.models import Component, ScoreDay, Team
from catalog.queries import QueueFilter, trouble_counts
from catalog.queries.campaigns import moved
from incidents import analytics
from incidents.analytics import Calls
from incidents.asking import wanted
from incidents.models import ActionItem, Incident
from incidents.queries.analytics import OVERALL, Wanted
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
class Load:
    """How often somebody was called in the week, `nights` of these at night and `weekends` at the weekend of theirs:
    `incidents.analytics.Disturbed`.
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
    """A day of the week with its incidents, all calls, and those of them at somebody's night."""

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
    """Incidents that opened in the week and are the team's own: `Figures.incidents` of `incidents.analytics`."""
    helped: int
    """Incidents of others that opened in the week and that the team was called into."""
    incidents: tuple[Line, ...]
    """The worst of both, at most SHOWN, with component and who answered."""
    answered: int
    """How many of the openings somebody answered: `Figures.taken`."""
    median_answer: timedelta | None
    """Time to acknowledge of these, the median: `Figures.taken`; None where there is none."""
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
    def left_out(self) -> int:
        """Incidents of the week beside those that are shown."""
        return self.opened + self.helped - len(self.incidents)

    @property
    def quiet(self) -> bool:
        """Whether nothing happened and nothing is to do."""
        happened = self.opened or self.helped or self.loads
        return not (happened or self.worrying or self.due or self.unowned or self.care or self.gaps)


def week_before(monday: date, zone: ZoneInfo) -> Week:
    """The week that ends as `monday` begins there."""
    start = datetime.combine(monday - timedelta(days=7), time(), tzinfo=zone)
    return Week(start, datetime.combine(monday, time(), tzinfo=zone), zone)


def gather(team: Team | None, week: Week, *, now: datetime) -> Facts:
    """What the week was, and how things stand now; what analytics count is counted by them."""
    opened = _opened(team, week)
    asked = _asked(team, week, now)
    figures = analytics.figures(asked, (OVERALL,))[OVERALL][0]
    people = analytics.people(replace(asked, months=_midnights(week)))
    worrying = [one for one in map(row, fleet(FleetFilter(team=team.ref if team else ""))) if one.state in WORRYING]
    before, latest = _levels(team, week)
    steps = moved(week.days[0] - timedelta(days=1), team=team)
    items = _items(team, now)
    return Facts(
        team=team,
        week=week,
        opened=figures.incidents,
        helped=len(opened) - figures.incidents,
        incidents=tuple(_line(one) for one in opened[:SHOWN]),
        answered=figures.taken.count,
        median_answer=timedelta(seconds=figures.taken.median) if figures.taken.median is not None else None,
        days=_days(opened, people.months, week),
        objectives=tuple(worrying[:SHOWN]),
        worrying=len(worrying),
        promised=fleet(FleetFilter(team=team.ref if team else "")).count(),
        loads=tuple(_load(one) for one in people.loads[:SHOWN]),
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


def _asked(team: Team | None, week: Week, now: datetime) -> Wanted:
    ref = team.ref if team else ""
    return wanted(since=week.start, until=week.end, now=now, zone=week.zone.key, team=ref)


def _opened(team: Team | None, week: Week) -> list[Incident]:
    """Those that analytics count, and of a team also those that it was called into; the worst first."""
    found = Incident.objects.filter(opened_at__gte=week.start, opened_at__lt=week.end, is_drill=False, root=None)
    if team is not None:
        found = found.filter(Q(owner=team) | Q(pages__team=team)).distinct()
    shown: QuerySet[Incident] = found.select_related("component", "owner", "acknowledged_by")
    return sorted(shown, key=lambda one: (one.severity, one.opened_at))


def _line(one: Incident) -> Line:
    taken, over = one.acknowledged_at, one.resolved_at
    return Line(one, taken - one.opened_at if taken else None, over - one.opened_at if over else None)


def _load(one: analytics.Load) -> Load:
    held = one.disturbed
    return Load(one.person.label, held.pages, held.at_night, held.at_weekends)


def _midnights(week: Week) -> list[datetime]:
    """Calls are counted by the day instead of by the month."""
    return [datetime.combine(day, time(), tzinfo=week.zone) for day in week.days]


def _days(opened: Sequence[Incident], calls: Sequence[Calls], week: Week) -> tuple[Day, ...]:
    began = [one.opened_at.astimezone(week.zone).date() for one in opened]
    return tuple(Day(day, began.count(day), one.pages, one.at_night) for day, one in zip(week.days, calls, strict=True))


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
