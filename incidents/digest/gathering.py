"""What a week was, of some teams and of the platform: asked once for all of them, however many and however large."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, F, OuterRef, Q, When

from catalog.models import Component, ScoreDay, Team
from catalog.queries.campaigns import moved_by_owner
from catalog.queries.troubles import WHOLE, counts_by_team
from incidents import analytics
from incidents.analytics import Calls, Figures, People
from incidents.asking import wanted
from incidents.digest.facts import SHOWN, Day, Facts, Gap, Line, Load, Week
from incidents.models import ActionItem, Incident, Page
from incidents.oncall.directory import LoadSchedules, read_schedules
from incidents.queries.analytics import Wanted
from incidents.queries.reach import reach_by
from incidents.queries.reviews import action_items, today
from slo.models import Objective
from slo.queries import fleet
from slo.queries.fleet import FOLLOWED, STATES, FleetRow, row

WORRYING = ("burning", "exhausted", "at_risk")
PLATFORM = None
"""In place of the key of a team: all of it."""

type Key = int | None


def gather(team: Team | None, week: Week, *, now: datetime) -> Facts:
    """What the week was, of a team or (None) of the platform, and how things stand now."""
    return gather_all([team], week, now=now)[0]


def gather_all(
    about: Sequence[Team | None], week: Week, *, now: datetime, load: LoadSchedules = read_schedules
) -> list[Facts]:
    """The same of several, in that order; what analytics count is counted by them. `load` as for `coverage`."""
    asked = _Asked(about, week, now)
    opened, objectives, promised = _opened(asked), _worrying(asked), _promised(asked)
    figures, people = _figures(asked), _people(asked)
    levels, steps, items = _levels(asked), _steps(asked), _items(asked)
    care, gaps = _care(asked), _gaps(asked, load)
    unowned = Component.objects.filter(retired_at=None, owner=None).count() if asked.whole else 0

    def facts(team: Team | None) -> Facts:
        key = team.pk if team else PLATFORM
        counted, called, due = figures[key], people[key], items[key]
        before, latest = levels.get(key, (None, None))
        return Facts(
            team=team,
            week=week,
            opened=counted.incidents,
            helped=len(opened[key]) - counted.incidents,
            incidents=tuple(_line(one) for one in opened[key][:SHOWN]),
            answered=counted.taken.count,
            median_answer=timedelta(seconds=counted.taken.median) if counted.taken.median is not None else None,
            days=_days(opened[key], called.months, week),
            objectives=tuple(objectives[key][:SHOWN]),
            worrying=len(objectives[key]),
            promised=promised[key],
            loads=tuple(_load(one) for one in called.loads[:SHOWN]),
            paged=len(called.loads),
            items=tuple(due[:SHOWN]),
            due=len(due),
            overdue=sum(one.due_on < today(now) for one in due),
            today=today(now),
            unowned=0 if team else unowned,
            care=care[key],
            gaps=gaps[key],
            levels=latest,
            levels_before=before,
            up=steps[key]["up"],
            down=steps[key]["down"],
        )

    return [facts(team) for team in about]


class _Asked:
    """Which teams by key, and whether the platform (`whole`) is among what is asked about."""

    def __init__(self, about: Sequence[Team | None], week: Week, now: datetime) -> None:
        self.teams = {team.pk: team for team in about if team is not None}
        self.whole = any(team is None for team in about)
        self.week, self.now = week, now

    def owned_by(self, field: str) -> Q:
        """What `field`, a team, leaves: of the platform all."""
        return Q() if self.whole else Q(**{f"{field}__in": list(self.teams)})

    def of_analytics(self) -> Wanted:
        """Those that analytics count, by the day instead of by the month."""
        week = self.week
        midnights = [datetime.combine(day, time(), tzinfo=week.zone) for day in week.days]
        teams = () if self.whole else [team.ref for team in self.teams.values()]
        asked = wanted(since=week.start, until=week.end, now=self.now, zone=week.zone.key)
        return Wanted(asked.since, asked.until, asked.now, midnights, teams=teams)

    def sorted[T](self, rows: Iterable[tuple[Key, T]]) -> Mapping[Key, list[T]]:
        """By whose they are; the platform's are all."""
        found: dict[Key, list[T]] = {PLATFORM: [], **{pk: [] for pk in self.teams}}
        for owner, one in rows:
            found[PLATFORM].append(one)
            if owner in self.teams:
                found[owner].append(one)
        return found


def _opened(asked: _Asked) -> Mapping[Key, list[Incident]]:
    """Those that analytics count, and of a team also those that it was called into; the worst first."""
    week = asked.week
    opened = Incident.objects.filter(opened_at__gte=week.start, opened_at__lt=week.end, is_drill=False, root=None)
    theirs = Page.objects.filter(team__in=list(asked.teams))
    if not asked.whole:
        opened = opened.filter(asked.owned_by("owner") | Q(pk__in=theirs.values("incident")))
    called = ArraySubquery(theirs.filter(incident=OuterRef("pk")).order_by().values("team"))
    rows = opened.annotate(called=called).select_related("component", "owner", "acknowledged_by")
    worst_first = sorted(rows, key=lambda one: (one.severity, one.opened_at))
    found: dict[Key, list[Incident]] = {PLATFORM: [*worst_first]}
    for pk in asked.teams:
        found[pk] = [one for one in worst_first if pk in {one.owner_id, *one.called}]
    return found


def _figures(asked: _Asked) -> Mapping[Key, Figures]:
    overall, by_team = analytics.figures_by_team(asked.of_analytics())
    none = analytics.nothing("", "")
    return {PLATFORM: overall or none, **{pk: by_team.get(pk, none) for pk in asked.teams}}


def _people(asked: _Asked) -> Mapping[Key, People]:
    everybody, by_team = analytics.people_by_team(asked.of_analytics(), asked.teams)
    found: dict[Key, People] = {PLATFORM: everybody}
    return found | by_team


def _worrying(asked: _Asked) -> Mapping[Key, list[FleetRow]]:
    found = fleet().filter(asked.owned_by("definition__component__owner"))
    found = found.filter(standing__state__in=[STATES[name] for name in WORRYING])
    return asked.sorted((one.definition.component.owner_id, row(one)) for one in found)


def _promised(asked: _Asked) -> Mapping[Key, int]:
    """How many objectives there are."""
    owner = "definition__component__owner"
    found = Objective.objects.filter(FOLLOWED, asked.owned_by(owner), retired_at=None).order_by()
    counts = asked.sorted(found.values_list(owner).annotate(n=Count("pk")))
    return {key: sum(some) for key, some in counts.items()}


def _line(one: Incident) -> Line:
    taken, over = one.acknowledged_at, one.resolved_at
    return Line(one, taken - one.opened_at if taken else None, over - one.opened_at if over else None)


def _load(one: analytics.Load) -> Load:
    held = one.disturbed
    return Load(one.person.label, held.pages, held.at_night, held.at_weekends)


def _days(opened: Sequence[Incident], calls: Sequence[Calls], week: Week) -> tuple[Day, ...]:
    began = [one.opened_at.astimezone(week.zone).date() for one in opened]
    return tuple(Day(day, began.count(day), one.pages, one.at_night) for day, one in zip(week.days, calls, strict=True))


def _items(asked: _Asked) -> Mapping[Key, list[ActionItem]]:
    """Open ones, overdue or due within a week."""
    teams = None if asked.whole else list(asked.teams)
    found = action_items(state=ActionItem.State.OPEN, teams=teams, now=asked.now)
    return asked.sorted(
        (one.component.owner_id if one.component else one.review.incident.owner_id, one)
        for one in found.filter(due_on__lte=today(asked.now) + timedelta(days=7))
    )


def _care(asked: _Asked) -> Mapping[Key, int]:
    """Open cases of the queue of what needs care."""
    refs = {pk: team.ref for pk, team in asked.teams.items()}
    counts = counts_by_team(refs.values(), whole=asked.whole, now=asked.now)
    found: dict[Key, int] = {pk: counts[ref] for pk, ref in refs.items()}
    return found | ({PLATFORM: counts[WHOLE]} if asked.whole else {})


def _gaps(asked: _Asked, load: LoadSchedules) -> Mapping[Key, tuple[Gap, ...]]:
    """Of teams that own something; the catch-all is not counted on."""
    owners = Team.objects.filter(retired_at=None, components__isnull=False, components__retired_at=None).distinct()
    policy = Case(When(paging__policy__retired_at=None, then=F("paging__policy")))
    teams = {one.pk: one for one in owners.filter(asked.owned_by("pk")).annotate(policy=policy).order_by("name", "pk")}
    reached = reach_by({pk: one.policy for pk, one in teams.items()}, now=asked.now, load=load)
    holes = [(pk, one) for pk, one in reached.items() if one.always is False]
    found = asked.sorted((pk, Gap(teams[pk], one.policy, *(one.hole or (None, None)))) for pk, one in holes)
    return {key: tuple(some) for key, some in found.items()}


def _steps(asked: _Asked) -> Mapping[Key, Mapping[str, int]]:
    """How many components went up and down since the week began."""
    teams: Collection[int] | None = None if asked.whole else asked.teams
    by_owner = asked.sorted(moved_by_owner(asked.week.days[0] - timedelta(days=1), owners=teams).items())
    return {key: {way: sum(one[way] for one in some) for way in ("up", "down")} for key, some in by_owner.items()}


def _levels(asked: _Asked) -> Mapping[Key, tuple[tuple[int, ...] | None, tuple[int, ...] | None]]:
    """As the week began, and as it is; days that nobody counted are looked past for a few days."""
    first = asked.week.days[0]
    whose = Q(team__in=list(asked.teams)) | (Q(team=None) if asked.whole else Q(pk=None))
    rows = ScoreDay.objects.filter(whose, day__gte=first - timedelta(days=7)).order_by("day")
    found: defaultdict[Key, list[ScoreDay]] = defaultdict(list)
    for one in rows:
        found[one.team_id].append(one)
    return {key: _before_and_now(some, first) for key, some in found.items()}


def _before_and_now(rows: Sequence[ScoreDay], first: date) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    before = [one for one in rows if one.day <= first]
    return (
        tuple(int(n) for n in before[-1].levels) if before else None,
        tuple(int(n) for n in rows[-1].levels) if rows else None,
    )
