"""What was counted minute by minute, as running sums, so that any window is the difference of two. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from slo.burnrate import Reading

MINUTE = timedelta(minutes=1)


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
