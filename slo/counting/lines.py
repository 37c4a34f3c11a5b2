"""The working copy of one series while it is counted."""

from dataclasses import dataclass
from math import ceil, inf
from typing import NamedTuple

from slo.counting.constants import BUCKET, Rules
from slo.counting.samples import Number, Series
from slo.counting.state import Tail


class Increment(NamedTuple):
    """What a series added to one bucket: `amount` events in the bucket that ends at `bucket` (seconds since the epoch).

    `born_after` is None for an increment between two samples. For the first value of a series it is the time of the
    last successful scrape that lacked the series: only a ledger that followed by then may count it. A baseline has
    amount 0. `flags` is a plain number, for speed: those of `Flag`.
    """

    bucket: int
    amount: Number
    flags: int
    born_after: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """The buckets being counted, `(cursor, until]`, and the rules they are counted by."""

    cursor: int
    until: int
    rules: Rules

    def bucket(self, at: float) -> int:
        """The end of the bucket an event of this time is counted in: its own, or the oldest open one (rule 2)."""
        return max(ceil(at / BUCKET) * BUCKET, self.cursor + BUCKET)

    def reach(self, tail: Tail) -> float:
        """Until when a sample makes buckets known, which is longer than its own where scrapes are rarer (rule 8)."""
        return tail.last + max(BUCKET, self.rules.gap_intervals * tail.interval)

    def bits(self, first: int, reach: float) -> int:
        """The bit mask of the buckets from the one ending at `first` to the last that ends before `reach`."""
        low = (max(first, self.cursor + BUCKET) - self.cursor) // BUCKET - 1
        high = (min(ceil(reach / BUCKET) * BUCKET - BUCKET, self.until) - self.cursor) // BUCKET
        return ((1 << high) - 1) >> low << low if high > low else 0


class Line:
    """One series: where it stands (the fields of `Tail`), and what it has added: `plain` by bucket, and `marked`."""

    __slots__ = ("dip", "fresh", "interval", "known", "last", "marked", "plain", "series", "value")

    def __init__(self, series: Series, tail: Tail | None) -> None:
        self.series = series
        self.fresh = tail is None
        self.value: Number
        self.last, self.value, self.interval, self.dip = tail or Tail(0.0, 0, 0.0, 0.0)
        self.plain: dict[int, Number] = {}
        self.marked: list[Increment] = []
        self.known = 0

    def increments(self) -> list[Increment]:
        """What it has added."""
        return [Increment(end, amount, 0, None) for end, amount in self.plain.items()] + self.marked

    def visible(self, span: Span, *, before: float = inf) -> int:
        """The buckets that end before `before` and that its last sample makes known, as a bit mask."""
        if not self.last or self.last > span.until - BUCKET:
            return 0  # nothing was seen, or no bucket comes after that of the last sample
        return span.bits(ceil(self.last / BUCKET) * BUCKET, min(span.reach(self.tail()), before))

    def tail(self) -> Tail:
        """Where it stands now."""
        return Tail(self.last, self.value, self.interval, self.dip)
