"""Raw samples to exact increments: the rules of slo.md §3, one target at a time, in the order of time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import localcontext
from typing import NamedTuple

import orjson

from slo.counting.constants import BUCKET, RULES, Rules
from slo.counting.flags import Flag
from slo.counting.health import NOTHING_KNOWN, Health, TargetKey, health_by_target
from slo.counting.lines import Increment, Line, Span
from slo.counting.samples import EXACT, Labels, Series, identity
from slo.counting.state import Group, GroupKey, State, Tail, group_key
from slo.counting.target import Target


class Replaced(NamedTuple):
    """From the bucket that ends at `bucket` on (seconds since the epoch) the replica `after` is counted."""

    bucket: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Counting:
    """The outcome of a count over the buckets `(cursor, until]`.

    `series`, `increments`, `known` and `last_sample` are parallel. `series` are those of the answer, then those which
    the answer lacked but which still make a bucket known. `known` is a bit mask: bit 0 is the first bucket after
    `cursor`. `state` is to be stored in the transaction that stores the rows. `replicas` are the changes of the replica
    that is counted, with how many metrics of targets each befell.
    """

    cursor: int
    until: int
    state: State
    series: Sequence[Series]
    increments: Sequence[Sequence[Increment]]
    known: Sequence[int]
    last_sample: Sequence[float | None]
    replicas: Mapping[Replaced, int] = field(default_factory=dict)


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
    span = Span(cursor, until, rules)
    chosen = _chosen(series, rules)
    health = health_by_target(up, starts, rules)
    lines = _lines(chosen, state, span)
    groups: dict[GroupKey, Group] = {}
    replaced: dict[Replaced, int] = {}
    with localcontext(EXACT):
        for key in {**state.groups, **lines}:
            before = state.groups.get(key) or Group({}, seen=state.scrapes.get(key[1:], 0.0))
            target = Target(before, lines.get(key, {}), health.get(key[1:], NOTHING_KNOWN), span)
            if rules.stripped_labels and key in lines:
                target.before = _pinned(before, lines[key].values(), span, replaced)
            groups[key] = _kept(target.walk(), until - rules.keep)
    kept = State({key: group for key, group in groups.items() if group.tails}, _scrapes(state, health, span))
    counted = [line for group in lines.values() for line in group.values()]
    return replace(_outcome(span, kept, [*counted, *_quiet(state, lines, span)]), replicas=replaced)


def _scrapes(state: State, health: Mapping[TargetKey, Health], span: Span) -> dict[TargetKey, float]:
    newest = {
        key: max((at for at in told.scraped if at <= span.until), default=0.0)
        for key, told in health.items()
        if told.scraped
    }
    both = {key: max(newest.get(key, 0.0), state.scrapes.get(key, 0.0)) for key in {**state.scrapes, **newest}}
    return {key: at for key, at in both.items() if at >= span.until - span.rules.keep}


def _chosen(series: Iterable[Series], rules: Rules) -> dict[str, Series]:
    """Each series once, by identity; of several replicas always the same one: the first by its own labels."""
    chosen: dict[str, Series] = {}
    for one in series:
        name = identity(one.labels, without=rules.stripped_labels)
        rival = chosen.get(name)
        if rival is None or (rules.stripped_labels and identity(one.labels) < identity(rival.labels)):
            chosen[name] = one
    return chosen


def _lines(chosen: Mapping[str, Series], state: State, span: Span) -> dict[GroupKey, dict[str, Line]]:
    lines: dict[GroupKey, dict[str, Line]] = {}
    for name, one in chosen.items():
        key = group_key(one.labels, span.rules)
        group = state.groups.get(key)
        lines.setdefault(key, {})[name] = Line(one, group.tails.get(name) if group else None)
    return lines


def _pinned(before: Group, lines: Iterable[Line], span: Span, replaced: dict[Replaced, int]) -> Group:
    """The group with the replica that is counted now; a change of it is noted, and marked where its samples begin."""
    news = [(line, first) for line in lines if (first := _first_new(line, span)) is not None]
    if not news:
        return before
    labels = news[0][0].series.labels
    replica = ", ".join(f"{name}={labels[name]}" for name in span.rules.stripped_labels if labels.get(name))
    if before.replica and replica and replica != before.replica:
        for line, first in news:
            line.marked.append(Increment(span.bucket(first), 0, Flag.REPLICA.value, None))
        one = Replaced(span.bucket(min(first for _, first in news)), before.replica, replica)
        replaced[one] = replaced.get(one, 0) + 1
    return replace(before, replica=replica or before.replica)


def _first_new(line: Line, span: Span) -> float | None:
    return next((at for at, _ in line.series.samples if line.last < at <= span.until), None)


def _quiet(state: State, lines: Mapping[GroupKey, Mapping[str, Line]], span: Span) -> Iterable[Line]:
    """Series the answer lacked, whose last sample is young enough to make a bucket known (rule 8)."""
    for key, group in state.groups.items():
        answered = lines.get(key, {})
        for name, tail in group.tails.items():
            if name not in answered and span.reach(tail) > span.cursor + BUCKET:
                labels: Labels = orjson.loads(name)
                yield Line(Series(labels), tail)


def _kept(group: Group, oldest: float) -> Group:
    if all(tail.last >= oldest for tail in group.tails.values()):
        return group
    tails: dict[str, Tail] = {name: tail for name, tail in group.tails.items() if tail.last >= oldest}
    return Group(tails, group.seen, group.fell, group.start, group.rates, group.replica)


def _outcome(span: Span, state: State, lines: Sequence[Line]) -> Counting:
    return Counting(
        cursor=span.cursor,
        until=span.until,
        state=state,
        series=[line.series for line in lines],
        increments=[line.increments() for line in lines],
        known=[line.known | line.visible(span) for line in lines],
        last_sample=[line.last or None for line in lines],
    )
