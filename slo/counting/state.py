"""What counting has to remember between two buckets (rule 6): tails, scrapes seen, falls, busiest rates.

A state belongs to a cursor group: the ledgers of one source whose cursor stands at the same minute. A ledger that lags
has a state of its own, and both are merged when it has caught up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from slo.counting.samples import Labels, Number, Series


class Tail(NamedTuple):
    """The last sample counted of one series. Times in seconds since the epoch."""

    last: float
    """Time of the last sample seen; samples at or before it are ignored."""
    value: Number
    """What the next increment is measured from; in a dip the value from before it."""
    interval: float
    """Distance of its samples as lately seen, seconds; 0 while unknown."""
    dip: float
    """When the present dip began; 0 when there is none."""


@dataclass(frozen=True, slots=True)
class Group:
    """The series of one metric on one target (siblings), and what is known of that target."""

    tails: Mapping[str, Tail]
    """By `identity` of the series."""
    seen: float = 0.0
    """Time of the last successful scrape; 0 when there was none."""
    fell: float = 0.0
    """Time of the last reset of any sibling; 0 when there was none."""
    start: float = 0.0
    """Process start as last reported; 0 when unknown."""
    rates: Mapping[int, float] = field(default_factory=dict)
    """Busiest rate of any sibling, events a second, by five-minute slot."""


type GroupKey = tuple[str, ...]
"""Metric name, then the values of the target labels."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything remembered, by metric and target. Never changed in place."""

    groups: Mapping[GroupKey, Group] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many series it remembers."""
        return sum(len(group.tails) for group in self.groups.values())


class UnreadableState(ValueError):
    """The bytes are no state of this version: treat it as lost and read the hour before (rule 6)."""


def dump(state: State) -> bytes:
    """The state as compressed bytes; `load(dump(state)) == state`, exactly."""
    raise NotImplementedError


def load(blob: bytes) -> State:
    """The state back from `dump`; empty bytes are an empty state. Raises UnreadableState."""
    raise NotImplementedError


def parts(state: State, *, series: int = 1000) -> list[State]:
    """The state in parts of about `series` each, to be dumped one by one; whole groups stay together where they fit.

    `merge(*parts(state)) == state`. The same series falls into the same part as long as its group doesn't outgrow it.
    """
    raise NotImplementedError


def merge(*states: State) -> State:
    """One state of several; where two know the same series or target, the one seen later wins."""
    raise NotImplementedError


def select(state: State, wanted: Callable[[Labels], bool]) -> State:
    """The part of a state with the series whose labels are wanted: the own copy of a ledger that lags."""
    raise NotImplementedError


def seed(state: State, series: Iterable[Series], *, at: float) -> State:
    """The state with those of `series` it doesn't know, as if last seen at `at` with their (one) value.

    For a state that was lost or is new: after a count over the hour before whose rows are thrown away, the answer to
    `last_over_time(selector[25h])` tells which series are old, so that their return is no birth (rule 6).
    """
    raise NotImplementedError
