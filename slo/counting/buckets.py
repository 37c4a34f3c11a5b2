"""From counted series to the rows of one ledger: good and total per bucket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import localcontext
from typing import NamedTuple

from slo.counting.constants import BUCKET
from slo.counting.flags import Flag
from slo.counting.increments import Counting
from slo.counting.samples import EXACT, Number


class Bucket(NamedTuple):
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
    """The rows of one ledger, by the end of their bucket in seconds since the epoch, and what the next count needs.

    A bucket that is not in `buckets` is unknown. `surplus` is stored beside the cursor and handed in next time.
    `last_sample` is the newest sample of any of the objective's series, to tell absent (None), stale and quiet.
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
    _check(sides)
    rows, left = _rows(counting, sides, followed_since, surplus)
    known = _known(counting, sides)
    ends = range(counting.cursor + BUCKET, counting.until + 1, BUCKET)
    buckets = {end: rows.get(end, _QUIET) for bit, end in enumerate(ends) if known >> bit & 1 or _has_events(rows, end)}
    return Tally(buckets, left, _last_sample(counting, sides))


@dataclass(slots=True)
class _Sum:
    """What one side of an indicator got in one bucket."""

    plain: Number = 0
    carried: Number = 0
    flags: int = 0


_NOTHING = _Sum()
_QUIET = Bucket(0, 0)


def _check(sides: Mapping[str, Sequence[int]]) -> None:
    if len(sides) != 2 or not sides.keys() <= {"good", "bad", "total"}:
        raise ImpossibleSides(f"sides are two of good, bad and total, not {', '.join(sides) or 'none'}")


def _has_events(rows: Mapping[int, Bucket], end: int) -> bool:
    return end in rows and bool(rows[end].total or rows[end].carried_total)


def _rows(
    counting: Counting, sides: Mapping[str, Sequence[int]], followed_since: float, surplus: Number
) -> tuple[dict[int, Bucket], Number]:
    rows: dict[int, Bucket] = {}
    with localcontext(EXACT):
        sums = {side: _sums(counting, lines, followed_since) for side, lines in sides.items()}
        for end in sorted({end for by_end in sums.values() for end in by_end}):
            found = {side: by_end.get(end, _NOTHING) for side, by_end in sums.items()}
            rows[end], surplus = _balanced(found, surplus)
    return rows, surplus


def _sums(counting: Counting, lines: Sequence[int], followed_since: float) -> dict[int, _Sum]:
    sums: dict[int, _Sum] = {}
    for line in lines:
        for end, amount, flags, born_after in counting.increments[line]:
            into = sums.setdefault(end, _Sum())
            if born_after is not None and born_after < followed_since:
                into.flags |= Flag.BASELINE.value
                continue
            into.flags |= flags
            if flags & Flag.CARRIED.value:
                into.carried += amount
            else:
                into.plain += amount
    return sums


def _known(counting: Counting, sides: Mapping[str, Sequence[int]]) -> int:
    """A bucket is known by its total; where there is none, by any series."""
    mask = 0
    for lines in [sides["total"]] if "total" in sides else sides.values():
        for line in lines:
            mask |= counting.known[line]
    return mask


def _balanced(found: Mapping[str, _Sum], surplus: Number) -> tuple[Bucket, Number]:
    if "total" in found:
        return _of_total(found, surplus)
    good, bad = found["good"], found["bad"]
    total, carried_total = good.plain + bad.plain, good.carried + bad.carried
    return Bucket(good.plain, total, good.carried, carried_total, Flag(good.flags | bad.flags)), surplus


def _of_total(found: Mapping[str, _Sum], surplus: Number) -> tuple[Bucket, Number]:
    """A part of a total. What is beyond the total waits for the next bucket, so good never exceeds total."""
    total = found["total"]
    part = found["good"] if "good" in found else found["bad"]
    carried = min(part.carried, total.carried)
    plain = min(part.plain + surplus, total.plain)
    left = part.plain + surplus - plain + part.carried - carried
    flags = Flag(part.flags | total.flags | (Flag.SURPLUS.value if left else 0))
    if "good" in found:
        return Bucket(plain, total.plain, carried, total.carried, flags), left
    return Bucket(total.plain - plain, total.plain, total.carried - carried, total.carried, flags), left


def _last_sample(counting: Counting, sides: Mapping[str, Sequence[int]]) -> float | None:
    seen = (counting.last_sample[line] for lines in sides.values() for line in lines)
    return max((at for at in seen if at is not None), default=None)
