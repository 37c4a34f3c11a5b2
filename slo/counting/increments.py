"""Raw samples to exact increments: the rules of slo.md §3, one target at a time, in the order of time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from slo.counting.constants import RULES, Rules
from slo.counting.samples import Number, Series
from slo.counting.state import State


class Increment(NamedTuple):
    """What one sample added: `amount` events in the bucket that ends at `bucket` (seconds since the epoch).

    `flags` are those of `buckets.Flag`. `born_after` is None for an increment between two samples. For the first value
    of a series it is the time of the last successful scrape that lacked the series: only a ledger that followed by then
    may count it. A baseline has amount 0.
    """

    bucket: int
    amount: Number
    flags: int
    born_after: float | None


@dataclass(frozen=True, slots=True)
class Counting:
    """The outcome of a count over the buckets `(cursor, until]`.

    `series`, `increments`, `known` and `last_sample` are parallel. `series` are those of the answer, then those which
    the answer lacked but which still make a bucket known. `known` is a bit mask: bit 0 is the first bucket after `cursor`.
    `state` is to be stored in the transaction that stores the rows.
    """

    cursor: int
    until: int
    state: State
    series: Sequence[Series]
    increments: Sequence[Sequence[Increment]]
    known: Sequence[int]
    last_sample: Sequence[float | None]


def count(
    series: Iterable[Series],
    *,
    state: State,
    cursor: int,
    until: int,
    up: Iterable[Series] = (),
    starts: Iterable[Series] = (),
    rules: Rules = RULES,
) -> Counting:
    """Count every event the samples show in the buckets `(cursor, until]`, none twice and none invented.

    `cursor` is the end of the last closed bucket and `until` the end of the newest one to write, both whole minutes in
    seconds since the epoch; one bucket or a thousand at once give the same rows. `series` are raw samples of counters
    over at least `(cursor, until]`, from all answers of a batch (a series answered twice counts once); samples a state
    has already seen, and those after `until`, are ignored. `up` and `starts` (`process_start_time_seconds`) of the same
    targets and range let it recognise births and hidden resets; without them it counts less, never more.
    `state` is not changed: the next one is in the answer.
    """
    raise NotImplementedError
