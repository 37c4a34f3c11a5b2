"""When one alert rule would have fired, over running sums by minute. Pure.

The same decisions as `burnrate.decide` makes minute by minute, found without asking it for every one. Running sums only
grow, so for a block of minutes the most bad ones that a window can have held, and the fewest of all, are four look-ups;
only blocks that may be over are compared by the minute, as lists, and only while a rule fires is it followed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain, repeat
from operator import add, and_, gt, mul, sub

from slo.burnrate import INACTIVE, Decision, Memory, Reading, decide
from slo.minutes import MINUTE, Minutes
from slo.windows import BurnWindow, Severity

LEAST_BLOCK, MOST_BLOCK = 8, 64


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


class Counts:
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

    def __init__(self, counts: Counts, window: BurnWindow, first: int, last: int) -> None:
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


def firings(counts: Counts, window: BurnWindow, first: int, last: int, target: Decimal) -> Iterator[RuleFiring]:
    """When a rule would have fired on the elements after `first` to `last`, by start; it begins inactive."""
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
