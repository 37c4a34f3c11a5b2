"""What a week was, of one team, or of the platform: the shapes that `incidents.digest.gathering` fills."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from catalog.models import Team
from incidents.models import ActionItem, Incident
from slo.queries.fleet import FleetRow

SHOWN = 10
"""Lines of a list at most; how many there are beside them is said."""


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
    """The most called first, at most SHOWN."""
    paged: int
    """How many people were called."""
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
    def spent(self) -> bool:
        """Whether one of the budgets is more than at risk; the loudest are among `objectives`."""
        return any(one.state != "at_risk" for one in self.objectives)

    @property
    def coming(self) -> int:
        """How many action items are due in the week to come, not overdue yet."""
        return self.due - self.overdue

    @property
    def others_paged(self) -> int:
        """People who were called beside those of `loads`."""
        return self.paged - len(self.loads)

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


def last_week(zone: ZoneInfo, *, now: datetime) -> Week:
    """The last whole week there."""
    today = now.astimezone(zone).date()
    return week_before(today - timedelta(days=today.weekday()), zone)
