"""What an alert policy would have done, replayed over minutes that were counted (slo.md §6). Pure.

The rules decide as `burnrate.decide` does on every minute, see `slo.replaying`; here is what that comes to for people.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from operator import and_, eq, gt

from slo.burnrate import Budget, Reading, budget
from slo.minutes import MINUTE, Minutes
from slo.replaying import Counts, RuleFiring, firings
from slo.windows import BurnWindow, Period, Severity

OUTAGE_MINUTES = 2
"""So many minutes in a row with traffic of which nothing was good are a total outage."""
LONGEST = timedelta(days=90)
"""The longest stretch that is replayed at once."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that really happened to the objective: an incident. `real`: it proves that an alert was called for.

    An incident is real where a person took it, or where something else than this objective's own alerts opened it.
    """

    label: str
    start: datetime
    end: datetime | None
    real: bool = True
    url: str = ""
    title: str = ""
    severity: int = 5


@dataclass(frozen=True, slots=True)
class Alert:
    """What people would have been sent: rules that fire at once are one alert, a page where any of them pages.

    `early` is by how much it came before the first incident it overlaps (negative: after). `for_nothing`: it overlaps
    no real incident, and there was no total outage in it.
    """

    severity: Severity
    start: datetime
    paged_at: datetime | None
    end: datetime | None
    firings: tuple[RuleFiring, ...]
    incidents: tuple[Happening, ...] = ()
    early: timedelta | None = None
    outage: bool = False
    for_nothing: bool = False


@dataclass(frozen=True, slots=True)
class PeriodBudget:
    """The budget of one period, as it stood at `end`; `budget` is None where nothing was counted."""

    start: datetime
    end: datetime
    held: Reading
    budget: Budget | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """What would have been between `start` and `end`."""

    start: datetime
    end: datetime
    alerts: tuple[Alert, ...]
    missed: tuple[Happening, ...]
    """Real incidents that no alert overlaps."""
    paging: timedelta
    """How long a page rule would have fired, together."""
    firing: timedelta
    """How long any rule would have fired, together."""
    periods: tuple[PeriodBudget, ...]
    remaining: tuple[tuple[datetime, float | None], ...] = field(default=())
    """What would have been left of the budget, over time."""
    known: float = 0.0
    """Share of the minutes that are known."""

    @property
    def pages(self) -> int:
        """How many pages it would have sent."""
        return sum(alert.severity == "page" for alert in self.alerts)

    @property
    def tickets(self) -> int:
        """How many tickets it would have opened."""
        return len(self.alerts) - self.pages

    @property
    def for_nothing(self) -> int:
        """How many of the alerts were for nothing."""
        return sum(alert.for_nothing for alert in self.alerts)


def nothing_left_out(_start: datetime, _end: datetime) -> timedelta:
    """Every minute counts."""
    return timedelta()


def replay(
    minutes: Minutes,
    *,
    windows: Iterable[BurnWindow],
    period: Period,
    target: Decimal,
    start: datetime,
    end: datetime,
    slice_length: timedelta | None = None,
    unit: timedelta = MINUTE,
    left_out: Callable[[datetime, datetime], timedelta] = nothing_left_out,
    happened: Sequence[Happening] = (),
    points: int = 0,
) -> Backtest:
    """Replay `windows` over the minutes that end in `(start, end]`; every rule begins inactive.

    `minutes` must reach back from `start` by the longest window (and by `period`, for its budgets); what it lacks
    counts as nothing counted yet. `slice_length` is given for budgets in time slices; `unit` is how much time one
    bucket makes known, and `left_out` how much of a stretch is excluded. `points` are how many moments of `remaining`
    are wanted. Raises ValueError for a stretch that is empty or longer than `LONGEST`.
    """
    if not start < end <= start + LONGEST:
        raise ValueError("a backtest needs a stretch of at most 90 days")
    first, last = minutes.place(start), minutes.place(end)
    rules = tuple(windows)
    near = minutes.between(max(0, first - max((one.long // MINUTE for one in rules), default=0)), last)
    counts, stretch = Counts(near), (near.place(start), near.place(end))
    fired = sorted(
        (one for window in rules for one in firings(counts, window, *stretch, target)),
        key=lambda one: (one.start, one.rule),
    )
    alerts = _judged(near, _alerts(fired), happened)
    overlapped = {one.label for alert in alerts for one in alert.incidents}
    budgets = _Budgets(minutes, period, target, slice_length, unit, left_out)
    return Backtest(
        start=start,
        end=end,
        alerts=alerts,
        missed=tuple(one for one in happened if one.real and one.label not in overlapped),
        paging=_together((f for f in fired if f.severity == "page"), end),
        firing=_together(fired, end),
        periods=tuple(budgets.periods(start, end)),
        remaining=tuple(budgets.line(start, end, points)) if points else (),
        known=(minutes.known[last] - minutes.known[first]) * (unit / (end - start)),
    )


def _alerts(firings: Sequence[RuleFiring]) -> Iterator[Alert]:
    """Rules that fire at once are one alert; firings come by start."""
    held: list[RuleFiring] = []
    until: datetime | None = None
    for one in firings:
        if held and until is not None and one.start > until:
            yield _alert(held, until)
            held = []
        until = one.end if not held else None if until is None or one.end is None else max(until, one.end)
        held.append(one)
    if held:
        yield _alert(held, until)


def _alert(held: Sequence[RuleFiring], until: datetime | None) -> Alert:
    paged = min((one.start for one in held if one.severity == "page"), default=None)
    return Alert("page" if paged else "ticket", held[0].start, paged, until, tuple(held))


def _judged(minutes: Minutes, alerts: Iterable[Alert], happened: Sequence[Happening]) -> tuple[Alert, ...]:
    """The alerts with what really happened meanwhile."""
    found = list(alerts)
    dead = _dead(minutes) if found else b""
    return tuple(_beside(alert, minutes, dead, happened) for alert in found)


def _beside(alert: Alert, minutes: Minutes, dead: bytes, happened: Sequence[Happening]) -> Alert:
    end = alert.end or minutes.end
    beside = tuple(
        one for one in happened if one.start <= end and (one.end is None or one.end >= alert.start)
    )  # fmt: skip
    real = [one for one in beside if one.real]
    since = minutes.place(alert.start) - OUTAGE_MINUTES
    outage = dead.find(bytes([1]) * OUTAGE_MINUTES, max(0, since), minutes.place(end) + 1) >= 0
    early = min((one.start for one in real or beside), default=None)
    return replace(
        alert,
        incidents=beside,
        early=early - alert.start if early else None,
        outage=outage,
        for_nothing=not real and not outage,
    )


def _dead(minutes: Minutes) -> bytes:
    """1 at every element whose minute had traffic of which nothing was good."""
    busy = map(gt, minutes.total[1:], minutes.total)
    return b"\0" + bytes(map(and_, busy, map(eq, minutes.good[1:], minutes.good)))


def _together(firings: Iterable[RuleFiring], end: datetime) -> timedelta:
    """How long at least one of them fired; they come by start."""
    whole, until = timedelta(), None
    for one in firings:
        stop = one.end or end
        since = one.start if until is None else max(one.start, until)
        whole += max(timedelta(), stop - since)
        until = stop if until is None else max(until, stop)
    return whole


class _Budgets:
    """Budgets of periods, out of the same minutes."""

    def __init__(
        self,
        minutes: Minutes,
        period: Period,
        target: Decimal,
        slice_length: timedelta | None,
        unit: timedelta,
        left_out: Callable[[datetime, datetime], timedelta],
    ) -> None:
        self.minutes, self.period, self.target = minutes, period, target
        self.slice_length, self.unit, self.left_out = slice_length, unit, left_out

    def periods(self, start: datetime, end: datetime) -> Iterator[PeriodBudget]:
        """Those that the stretch touches, oldest first: calendar units, or rolling ones back to back from its end."""
        found, until = [], end
        while until > start:
            begin = self.period.bounds(until - MINUTE)[0] if self.period.days is None else self.period.bounds(until)[0]
            found.append(self._of(begin, until))
            until = begin
        return reversed(found)

    def line(self, start: datetime, end: datetime, points: int) -> Iterator[tuple[datetime, float | None]]:
        """What was left at about `points` moments, the last of them the end."""
        step = max(MINUTE, (end - start) / points // MINUTE * MINUTE)
        for n in range((end - start) // step, -1, -1):
            at = end - step * n
            left = self._of(self.period.bounds(at)[0], at).budget
            yield at, left.remaining if left else None

    def _of(self, begin: datetime, end: datetime) -> PeriodBudget:
        places = self.minutes.place(begin), self.minutes.place(end)
        held = self.minutes.reading(*places, minutes=(end - begin - self.left_out(begin, end)) // self.unit)
        slices = None if self.slice_length is None else self._slices(end, self.slice_length)
        return PeriodBudget(begin, end, held, budget(held, target=self.target, slices=slices))

    def _slices(self, end: datetime, length: timedelta) -> int:
        """How many slices the whole period has that ends with, or holds, the minute that ends at `end`."""
        start, stop = self.period.bounds(end - MINUTE if self.period.days is None else end)
        return (stop - start - self.left_out(start, stop)) // length
