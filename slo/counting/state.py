"""What counting has to remember between two buckets (rule 6): tails, scrapes seen, falls, busiest rates.

A state belongs to a cursor group: the ledgers of one source whose cursor stands at the same minute. A ledger that lags
has a state of its own, and both are merged when it has caught up.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import orjson

from slo.counting.constants import RULES, Rules
from slo.counting.samples import Labels, Number, Series, identity, number

_VERSION = 1
_LARGEST = 2**63


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
    replica: str = ""
    """Which replica is counted, by its stripped labels; empty while there are none."""


type GroupKey = tuple[str, ...]
"""Metric name, then the values of the target labels."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything remembered, by metric and target. Never changed in place."""

    groups: Mapping[GroupKey, Group] = field(default_factory=dict)
    scrapes: Mapping[GroupKey, float] = field(default_factory=dict)
    """Time of the last successful scrape by target, as `up` told: also of targets that lack a metric so far."""

    def __len__(self) -> int:
        """How many series it remembers."""
        return sum(len(group.tails) for group in self.groups.values())


class UnreadableState(ValueError):
    """The bytes are no state of this version: treat it as lost and read the hour before (rule 6)."""


def group_key(labels: Labels, rules: Rules = RULES) -> GroupKey:
    """Which metric and target a series belongs to."""
    return (labels.get("__name__", ""), *[labels.get(name, "") for name in rules.target_labels])


def dump(state: State) -> bytes:
    """The state as compressed bytes; `load(dump(state)) == state`, exactly."""
    groups = [_packed(key, group) for key, group in state.groups.items()]
    return zlib.compress(orjson.dumps([_VERSION, groups, list(state.scrapes.items())]), level=1)


def _packed(key: GroupKey, group: Group) -> list[Any]:
    tails = [[name, *tail._replace(value=_written(tail.value))] for name, tail in group.tails.items()]  # type: ignore[arg-type]
    packed = [key, group.seen, group.fell, group.start, list(group.rates.items()), tails]
    return [*packed, group.replica] if group.replica else packed


def _written(value: Number) -> int | str:
    """JSON has no decimals and no integers beyond 64 bits."""
    return value if isinstance(value, int) and -_LARGEST < value < _LARGEST else str(value)


def load(blob: bytes) -> State:
    """The state back from `dump`; empty bytes are an empty state. Raises UnreadableState."""
    if not blob:
        return State()
    try:
        version, groups, scrapes = orjson.loads(zlib.decompress(blob))
        if version != _VERSION:
            raise UnreadableState(f"state of version {version}, expected {_VERSION}")
        return State(
            {tuple(packed[0]): _unpacked(packed) for packed in groups}, {tuple(key): at for key, at in scrapes}
        )
    except (zlib.error, ValueError, TypeError, IndexError) as error:
        raise UnreadableState(str(error)) from error


def _unpacked(packed: list[Any]) -> Group:
    _, seen, fell, start, rates, tails, *replica = packed
    read = {name: Tail(last, _read(value), interval, dip) for name, last, value, interval, dip in tails}
    return Group(read, seen, fell, start, dict(rates), *replica)


def _read(value: int | str) -> Number:
    if isinstance(value, int):
        return value
    read = number(value)
    if read is None:
        raise ValueError(f"{value!r} is no number")
    return read


def parts(state: State, *, series: int = 1000) -> list[State]:
    """The state in parts of about `series` each, to be stored one by one; `merge(*parts(state)) == state`.

    A series keeps its part as long as the number of parts stays the same.
    """
    count = max(1, -(-len(state) // series))
    made: list[dict[GroupKey, dict[str, Tail]]] = [{} for _ in range(count)]
    for key, group in state.groups.items():
        made[_slot("".join(key), count)].setdefault(key, {})
        for name, tail in group.tails.items():
            made[_slot(name, count)].setdefault(key, {})[name] = tail
    first, *others = [_part(state, part) for part in made]
    return [replace(first, scrapes=state.scrapes), *others]


def _part(state: State, tails: Mapping[GroupKey, Mapping[str, Tail]]) -> State:
    return State({key: replace(state.groups[key], tails=some) for key, some in tails.items()})


def _slot(text: str, count: int) -> int:
    return zlib.crc32(text.encode()) % count


def merge(*states: State) -> State:
    """One state of several; where two know the same series or target, the one seen later wins."""
    groups: dict[GroupKey, Group] = {}
    scrapes: dict[GroupKey, float] = {}
    for state in states:
        scrapes |= {key: max(at, scrapes.get(key, 0.0)) for key, at in state.scrapes.items()}
        for key, group in state.groups.items():
            groups[key] = _united(groups[key], group) if key in groups else group
    return State(groups, scrapes)


def _united(one: Group, two: Group) -> Group:
    newer, older = (one, two) if one.seen >= two.seen else (two, one)
    tails = dict(older.tails)
    for name, tail in newer.tails.items():
        if name not in tails or tail.last >= tails[name].last:
            tails[name] = tail
    rates = {slot: max(one.rates.get(slot, 0.0), two.rates.get(slot, 0.0)) for slot in {*one.rates, *two.rates}}
    return Group(tails, newer.seen, max(one.fell, two.fell), newer.start or older.start, rates, newer.replica)


def select(state: State, wanted: Callable[[Labels], bool]) -> State:
    """The part of a state with the series whose labels are wanted: the own copy of a ledger that lags."""
    chosen = {
        key: {name: tail for name, tail in group.tails.items() if wanted(orjson.loads(name))}
        for key, group in state.groups.items()
    }
    groups = {key: replace(state.groups[key], tails=tails) for key, tails in chosen.items() if tails}
    return State(groups, state.scrapes)


def seed(state: State, series: Iterable[Series], *, at: float, rules: Rules = RULES) -> State:
    """The state with those of `series` it doesn't know, as if last seen at `at` with their (one) value.

    For a state that was lost or is new: after a count over the hour before whose rows are thrown away, the answer to
    `last_over_time(selector[25h])` tells which series are old, so that their return is no birth (rule 6).
    """
    new: dict[GroupKey, dict[str, Tail]] = {}
    for one in series:
        value = number(one.samples[-1][1]) if one.samples else None
        if value is not None:
            name = identity(one.labels, without=rules.stripped_labels)
            new.setdefault(group_key(one.labels, rules), {})[name] = Tail(at, value, 0.0, 0.0)
    groups = dict(state.groups)
    for key, tails in new.items():
        group = groups.get(key, Group({}))
        groups[key] = replace(group, tails={**tails, **group.tails})
    return State(groups, state.scrapes)
