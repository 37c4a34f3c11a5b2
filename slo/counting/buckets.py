"""From counted series to the rows of one ledger: good and total per bucket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag

from slo.counting.increments import Counting
from slo.counting.samples import Number


class Flag(IntFlag):
    """What happened in a bucket that a reader of the page should know."""

    NONE = 0
    BASELINE = 1
    """A new series was taken as a baseline: its first value was not counted (rule 5)."""
    BIRTH = 2
    """The first value of a new series was counted (rule 5)."""
    RESET = 4
    """A counter started again (rule 3)."""
    HIDDEN_RESET = 8
    """A counter started again and had already passed its old value (rule 4)."""
    REBASED = 16
    """A counter stayed lower for five minutes and was followed from there without counting (rule 3)."""
    CARRIED = 32
    """Events that arrived after a gap (rule 7)."""
    LATE = 64
    """A sample arrived after its bucket had been closed; counted in the oldest open one (rule 2)."""
    SURPLUS = 128
    """Good (or bad) went beyond total; the rest is carried forward into the next bucket, never written."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One row of a ledger: the events of `(end - 60 s, end]`. Only known buckets exist.

    `good <= total` and `carried_good <= carried_total`, always. The carried ones are not part of `good` and `total`:
    they arrived after a gap, count in budgets and long windows, never in short windows (rule 7).
    `total == 0` is a known bucket without traffic.
    """

    good: Number
    total: Number
    carried_good: Number = 0
    carried_total: Number = 0
    flags: Flag = Flag.NONE


@dataclass(frozen=True, slots=True)
class Tally:
    """The rows of one ledger, by the end of their bucket (seconds since the epoch), and what to keep for the next count.

    A bucket that is not in `buckets` is unknown. `surplus` is stored beside the cursor and handed in next time;
    `last_sample` is the newest sample of any of the objective's series (None: there was none), to tell absent, stale and quiet.
    """

    buckets: Mapping[int, Bucket]
    surplus: Number
    last_sample: float | None


class ImpossibleSides(ValueError):
    """An events indicator has exactly two of `good`, `bad` and `total`."""


def tally(
    counting: Counting, sides: Mapping[str, Sequence[int]], *, followed_since: float, surplus: Number = 0
) -> Tally:
    """The rows of one objective, from the increments of its series.

    `sides` gives, for two of `good`, `bad`, `total`, the positions in `counting.series` (as `planning.assign` answers).
    `followed_since` (seconds since the epoch) is the start of the ledger's first bucket: a series born before it is a
    baseline for this ledger (rule 5). `surplus` is the `Tally.surplus` of the count before.

    Raises ImpossibleSides.
    """
    raise NotImplementedError
