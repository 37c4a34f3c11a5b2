"""What an alert policy would have done, replayed over minutes that were counted (slo.md §6). Pure.

The same decisions as `burnrate.decide` makes minute by minute, found without asking it for every one. Running sums only
grow, so for a block of minutes the most bad ones that a window can have held, and the fewest of all, are four look-ups;
only blocks that may be over are compared by the minute, as lists, and only while a rule fires is it followed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, repeat
from operator import add, and_, eq, gt, mul, sub

from slo.burnrate import INACTIVE, Budget, Decision, Memory, Reading, budget, decide
from slo.windows import BurnWindow, Period, Severity

MINUTE = timedelta(minutes=1)
OUTAGE_MINUTES = 2
"""So many minutes in a row with traffic of which nothing was good are a total outage."""
LEAST_BLOCK, MOST_BLOCK = 8, 64
LONGEST = timedelta(days=90)
"""The longest stretch that is replayed at once."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """Running sums of a ledger, one a minute: element `n` is as of `start + n` minutes. The lists are equally long.

    Counts are whole numbers of `1/scale` events. The carried ones are None where nothing was carried.
    """

    start: datetime
    good: Sequence[int]
    total: Sequence[int]
    known: Sequence[int]
    carried_good: Sequence[int] | None = None
    carried_total: Sequence[int] | None = None
    scale: int = 1

    @property
    def end(self) -> datetime:
        """The moment of the last sums."""
        return self.start + (len(self.total) - 1) * MINUTE

    def place(self, at: datetime) -> int:
        """The element that stands for `at`; before the first there is nothing yet, so that is the first."""
        return min(max(0, (at - self.start) // MINUTE), len(self.total) - 1)

    def at(self, place: int) -> datetime:
        """The moment an element stands for."""
        return self.start + place * MINUTE

    def between(self, begin: int, end: int) -> "Minutes":
        """The elements from `begin` to `end` alone."""
        late, cut = (self.carried_good, self.carried_total), slice(begin, end + 1)
        carried_good, carried_total = (None if one is None else one[cut] for one in late)
        good, total, known = self.good[cut], self.total[cut], self.known[cut]
        return Minutes(self.at(begin), good, total, known, carried_good, carried_total, self.scale)

    def reading(self, begin: int, end: int, *, minutes: int | None = None, carried: bool = True) -> Reading:
        """What the window from element `begin` to element `end` held, in events."""
        good, total = self.good[end] - self.good[begin], self.total[end] - self.total[begin]
        if carried and self.carried_good is not None and self.carried_total is not None:
            good += self.carried_good[end] - self.carried_good[begin]
            total += self.carried_total[end] - self.carried_total[begin]
        held = self.known[end] - self.known[begin]
        length = end - begin if minutes is None else minutes
        return Reading(self._events(good), self._events(total), held, length)

    def _events(self, count: int) -> int | Decimal:
        return count if self.scale == 1 else Decimal(count) / self.scale


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
class RuleFiring:
    """One rule from firing to clearing; `end` is None where it fires to the last. Counts are of the long window."""

    rule: str
    title: str
    severity: Severity
    start: datetime
    end: datetime | None
    reason: str
    """Why it cleared; empty while it fires."""
    good: float
    bad: float
    burn_long: float
    burn_short: float


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


def replay(
    minutes: Minutes,
    *,
    windows: Iterable[BurnWindow],
    period: Period,
    target: Decimal,
    start: datetime,
    end: datetime,
    slice_length: timedelta | None = None,
    happened: Sequence[Happening] = (),
    points: int = 0,
) -> Backtest:
    """Replay `windows` over the minutes that end in `(start, end]`; every rule begins inactive.

    `minutes` must reach back from `start` by the longest window (and by `period`, for its budgets); what it lacks
    counts as nothing counted yet. `slice_length` is given for budgets in time slices. `points` are how many moments
    of `remaining` are wanted. Raises ValueError for a stretch that is empty or longer than `LONGEST`.
    """
    if not start < end <= start + LONGEST:
        raise ValueError("a backtest needs a stretch of at most 90 days")
    first, last = minutes.place(start), minutes.place(end)
    rules = tuple(windows)
    near = minutes.between(max(0, first - max((one.long // MINUTE for one in rules), default=0)), last)
    counts, stretch = _Counts(near), (near.place(start), near.place(end))
    firings = sorted(
        (one for window in rules for one in _firings(counts, window, *stretch, target)),
        key=lambda one: (one.start, one.rule),
    )
    alerts = _judged(near, _alerts(firings), happened)
    overlapped = {one.label for alert in alerts for one in alert.incidents}
    budgets = _Budgets(minutes, period, target, slice_length)
    return Backtest(
        start=start,
        end=end,
        alerts=alerts,
        missed=tuple(one for one in happened if one.real and one.label not in overlapped),
        paging=_together((f for f in firings if f.severity == "page"), end),
        firing=_together(firings, end),
        periods=tuple(budgets.periods(start, end)),
        remaining=tuple(budgets.line(start, end, points)) if points else (),
        known=(minutes.known[last] - minutes.known[first]) / max(1, last - first),
    )


class _Counts:
    """Running sums of bad ones and of all, with and without those that came late; element by element as `Minutes`."""

    def __init__(self, minutes: Minutes) -> None:
        self.minutes, self.total, self.known = minutes, minutes.total, minutes.known
        self.bad = list(map(sub, minutes.total, minutes.good))
        self.all_bad, self.all_total = self.bad, minutes.total
        if minutes.carried_good is not None and minutes.carried_total is not None:
            late = map(sub, minutes.carried_total, minutes.carried_good)
            self.all_bad = list(map(add, self.bad, late))
            self.all_total = list(map(add, minutes.total, minutes.carried_total))


class _Rule:
    """One rule over all minutes."""

    def __init__(self, counts: _Counts, window: BurnWindow, first: int, last: int) -> None:
        self.counts, self.window, self.last = counts, window, last
        self.long, self.short = window.long // MINUTE, window.short // MINUTE
        self.top, self.bottom = window.limit.numerator, window.limit.denominator
        self.candidates = self._candidates(first)

    def _candidates(self, first: int) -> bytearray:
        """1 at every element at which both windows are over."""
        found = bytearray(self.last + 1)
        for begin, end in self._suspects(first):
            long = self._over(self.counts.all_bad, self.counts.all_total, self.long, begin, end)
            short = self._over(self.counts.bad, self.counts.total, self.short, begin, end)
            found[begin:end] = bytes(map(and_, long, short))
        return found

    def _suspects(self, first: int) -> Iterator[tuple[int, int]]:
        """The stretches, as blocks, in which the windows can be over at all."""
        length = max(LEAST_BLOCK, min(MOST_BLOCK, self.long // 4))
        late, now = (self.counts.all_bad, self.counts.all_total), (self.counts.bad, self.counts.total)
        for begin in range(first, self.last + 1, length):
            end = min(begin + length, self.last + 1)
            if self._may_be_over(*late, self.long, begin, end) and self._may_be_over(*now, self.short, begin, end):
                yield begin, end

    def _may_be_over(self, bad: Sequence[int], total: Sequence[int], length: int, begin: int, end: int) -> bool:
        """False where not even the most bad ones of `[begin, end)` among the fewest of all are above the limit."""
        most = bad[end - 1] - bad[max(0, begin - length)]
        fewest = total[begin] - total[max(0, min(begin, end - 1 - length))]
        return self.bottom * most > self.top * fewest

    def _over(self, bad: Sequence[int], total: Sequence[int], length: int, begin: int, end: int) -> Iterator[bool]:
        """For each element of `[begin, end)` whether its window is above the limit."""
        bad_in = map(sub, bad[begin:end], _shifted(bad, length, begin, end))
        total_in = map(sub, total[begin:end], _shifted(total, length, begin, end))
        return map(gt, map(mul, bad_in, repeat(self.bottom)), map(mul, total_in, repeat(self.top)))

    def reading(self, place: int, length: int, *, carried: bool) -> Reading:
        """The window of so many minutes that ends with element `place`."""
        return self.counts.minutes.reading(max(0, place - length), place, minutes=length, carried=carried)

    def next_start(self, place: int) -> int | None:
        """The first element from `place` on at which it fires."""
        while (place := self.candidates.find(1, place)) >= 0:
            if self.decided(place, INACTIVE).changed:  # it may lack the bad events that it needs
                return place
            place += 1
        return None

    def next_end(self, place: int) -> tuple[int, Decision] | None:
        """The first element after `place`, at which it fired, at which it clears; None where it never does."""
        quiet: int | None = None
        known, total, bad = self.counts.known, self.counts.total, self.counts.bad
        all_total = self.counts.all_total
        while (place := place + 1) <= self.last:
            since = max(0, place - self.short)
            if known[place] == known[since]:  # held, and nothing changes until the next known minute
                place = bisect_right(known, known[place], place) - 1
                continue
            held = total[place] - total[since]
            if not held and all_total[place] != all_total[max(0, place - self.long)]:
                continue
            if self.bottom * (bad[place] - bad[since]) > self.top * held:
                quiet = None
                continue
            quiet = place if quiet is None and held else quiet
            if not held or (quiet is not None and place - quiet >= self.short):
                memory = Memory("firing", None if quiet is None else self.counts.minutes.at(quiet))
                return place, self.decided(place, memory)
        return None

    def decided(self, place: int, memory: Memory) -> Decision:
        """What `burnrate.decide` says at an element."""
        return decide(
            self.window,
            memory,
            long=self.reading(place, self.long, carried=True),
            short=self.reading(place, self.short, carried=False),
            bucket=self.counts.minutes.at(place),
        )


def _shifted(values: Sequence[int], length: int, begin: int, end: int) -> Iterable[int]:
    """Elements `[begin, end)` of what was `length` before; before the first there was the first."""
    missing = max(0, min(end, length) - begin)
    return chain(repeat(values[0], missing), values[max(0, begin - length) : max(0, end - length)])


def _firings(counts: _Counts, window: BurnWindow, first: int, last: int, target: Decimal) -> Iterator[RuleFiring]:
    rule, place, minutes = _Rule(counts, window, first + 1, last), first + 1, counts.minutes
    while (begun := rule.next_start(place)) is not None:
        ended = rule.next_end(begun)
        long = rule.reading(begun, rule.long, carried=True)
        short = rule.reading(begun, rule.short, carried=False)
        allowed = float(1 - target)
        yield RuleFiring(
            rule=window.rule.name,
            title=window.rule.title,
            severity=window.rule.severity,
            start=minutes.at(begun),
            end=minutes.at(ended[0]) if ended else None,
            reason=ended[1].reason if ended else "",
            good=float(long.good),
            bad=float(long.bad),
            burn_long=(long.error_ratio or 0.0) / allowed,
            burn_short=(short.error_ratio or 0.0) / allowed,
        )
        if ended is None:
            return
        place = ended[0] + 1


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

    def __init__(self, minutes: Minutes, period: Period, target: Decimal, slice_length: timedelta | None) -> None:
        self.minutes, self.period, self.target, self.slice_length = minutes, period, target, slice_length

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
        held = self.minutes.reading(*places, minutes=(end - begin) // MINUTE)
        slices = None if self.slice_length is None else self.period.length(end - MINUTE) // self.slice_length
        return PeriodBudget(begin, end, held, budget(held, target=self.target, slices=slices))
