"""An objective over time, out of its ledger: budgets, burn rates, days and gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise

from slo import exclusions
from slo.burnrate import Reading, budget, burn_rate
from slo.counting import Number
from slo.ledger import NOTHING, Sums, sums_at, unknown_stretches
from slo.models import Objective
from slo.queries.outlook import promise_of

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """The budget at a moment: `remaining` is None before anything was counted."""

    at: datetime
    remaining: float | None
    good: int | float
    total: int | float


@dataclass(frozen=True, slots=True)
class Spent:
    """What a stretch cost an objective: the share of the budget that a period of just this length would have had.

    None without events. `coverage` is the share of its minutes that are known.
    """

    share: float | None
    coverage: float


@dataclass(frozen=True, slots=True)
class DayCounts:
    """A day (UTC) of an objective. `known_minutes` 0 means that nothing is known of it; then the counts are None."""

    day: date
    good: int | float | None
    bad: int | float | None
    total: int | float | None
    known_minutes: int
    spent: float | None
    """Share of the whole period's budget that this day's bad events are."""


def history(objective: Objective, *, now: datetime, points: int = 240) -> list[HistoryPoint]:
    """The burn-down over the period so far: what is left of this period's budget at `points` moments, oldest first.

    The budget is that of the period as it stands now, so that the line ends at today's `remaining`.
    """
    moments = _so_far(objective, now, points)
    return _history(objective, moments, _sums(objective, moments))


def _so_far(objective: Objective, now: datetime, points: int) -> list[datetime]:
    until = objective.standing.bucket or now
    return _moments(promise_of(objective).period.bounds(until)[0], until, points)


def _history(objective: Objective, moments: Sequence[datetime], sums: Sequence[Sums]) -> list[HistoryPoint]:
    start, until = moments[0], moments[-1]
    whole = budget(
        _between(sums[0], sums[-1], until - start), target=objective.target, slices=_slices(objective, until)
    )
    return [_point(sums[0], one, at, whole.allowed if whole else 0.0) for at, one in zip(moments, sums, strict=True)]


def _point(before: Sums, after: Sums, at: datetime, allowed: float) -> HistoryPoint:
    held = _between(before, after, MINUTE)
    left = 1 - float(held.bad) / allowed if allowed and held.known else None
    return HistoryPoint(at, left, shown(held.good), shown(held.total))


def _between(before: Sums, after: Sums, length: timedelta) -> Reading:
    return after.since(before, minutes=length // MINUTE, carried=True)


def _moments(start: datetime, until: datetime, points: int) -> list[datetime]:
    """At most `points` moments, a whole number of minutes apart, of which the last one is `until`."""
    step = max(MINUTE, (until - start) / max(1, points - 1) // MINUTE * MINUTE)
    count = (until - start) // step
    return [start, *(until - step * n for n in range(count - 1, -1, -1))] if count else [start, until]


def _sums(objective: Objective, moments: Sequence[datetime]) -> list[Sums]:
    if objective.ledger_id is None:
        return [NOTHING for _ in moments]
    return sums_at([(objective.ledger_id, at) for at in moments])


def _slices(objective: Objective, until: datetime) -> int | None:
    """How many the period has, without what is excluded; None where the budget is of events."""
    if objective.definition.budgeting != "timeslices":
        return None
    return slices_of(objective, until)


def slices_of(objective: Objective, until: datetime) -> int:
    """How many slices the period has that `until` belongs to, without those that are excluded."""
    period, ledger_id = promise_of(objective).period, objective.ledger_id or 0
    out = exclusions.in_force([ledger_id], *period.bounds(until)).get(ledger_id, exclusions.NONE)
    return exclusions.slices(period, until, objective.definition.slice_length, out)


def shown(value: Number) -> int | float:
    """A count for people and for JSON: whole where it is."""
    return int(value) if value == int(value) else float(value)


def burn_history(
    objective: Objective, *, windows: Sequence[timedelta], since: datetime, until: datetime, points: int = 240
) -> dict[timedelta, list[tuple[datetime, float | None]]]:
    """Burn rate over each of `windows` at `points` moments of `[since, until]`; None without traffic or data."""
    return burn_histories([(objective, windows)], since=since, until=until, points=points)[0]


def burn_histories(
    wanted: Sequence[tuple[Objective, Sequence[timedelta]]], *, since: datetime, until: datetime, points: int = 240
) -> list[dict[timedelta, list[tuple[datetime, float | None]]]]:
    """`burn_history` of several objectives, each over windows of its own, in their order; one question."""
    moments = [_drawn(objective, since, until, points) for objective, _ in wanted]
    edges = [
        (objective.ledger_id, at)
        for (objective, windows), own in zip(wanted, moments, strict=True)
        for at in _edges(own, windows)
    ]
    read = iter(sums_at([(ledger, at) for ledger, at in edges if ledger is not None]))
    sums = iter([NOTHING if ledger is None else next(read) for ledger, _ in edges])
    return [
        _burns(objective, windows, own, list(islice(sums, len(own) * (1 + len(windows)))))
        for (objective, windows), own in zip(wanted, moments, strict=True)
    ]


def _drawn(objective: Objective, since: datetime, until: datetime, points: int) -> list[datetime]:
    end = min(until, objective.standing.bucket or until)
    return _moments(since, max(end, since + MINUTE), points)


def _edges(moments: Sequence[datetime], windows: Sequence[timedelta]) -> list[datetime]:
    """Where windows of these lengths that end at `moments` end and begin, in the order of `_burns`."""
    return [*moments, *(at - window for window in windows for at in moments)]


def _burns(
    objective: Objective, windows: Sequence[timedelta], moments: Sequence[datetime], sums: Sequence[Sums]
) -> dict[timedelta, list[tuple[datetime, float | None]]]:
    ends, starts = sums[: len(moments)], sums[len(moments) :]
    return {
        window: [
            (at, burn_rate(_between(before, after, window), target=objective.target))
            for at, before, after in zip(
                moments, starts[place * len(moments) : (place + 1) * len(moments)], ends, strict=True
            )
        ]
        for place, window in enumerate(windows)
    }


def by_day(objective: Objective, *, now: datetime, days: int = 30) -> list[DayCounts]:
    """Good and bad by day (UTC), oldest first, today last."""
    return spent_by_day([objective], now=now, days=days)[objective.pk]


def spent_by_day(objectives: Sequence[Objective], *, now: datetime, days: int = 30) -> Mapping[int, list[DayCounts]]:
    """`by_day` of many objectives at once, by primary key: the heat map and the small lines of the fleet table."""
    edges = _midnights(now, days)
    wanted = [(objective.ledger_id, at) for objective in objectives if objective.ledger_id for at in edges]
    read = iter(sums_at(wanted))
    return {one.pk: _days(one, edges, [next(read) if one.ledger_id else NOTHING for _ in edges]) for one in objectives}


def _midnights(now: datetime, days: int) -> list[datetime]:
    """The last `days` ones (UTC), oldest first, and now."""
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    return [*(today - timedelta(days=n) for n in range(days - 1, -1, -1)), now]


def _days(objective: Objective, edges: Sequence[datetime], sums: Sequence[Sums]) -> list[DayCounts]:
    return [
        _day(objective, start, before, after) for start, (before, after) in zip(edges[:-1], pairwise(sums), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class OverTime:
    """What an objective's page draws: its burn-down, its burn rates by window, its last 30 days."""

    history: list[HistoryPoint]
    burns: dict[timedelta, list[tuple[datetime, float | None]]]
    days: list[DayCounts]


def over_time(
    objective: Objective, *, windows: Sequence[timedelta], since: datetime, now: datetime, points: int = 240
) -> OverTime:
    """`history`, `burn_history` since a moment, and `by_day`, of one question."""
    so_far, drawn, days = _so_far(objective, now, points), _drawn(objective, since, now, points), _midnights(now, 30)
    read = iter(_sums(objective, [*so_far, *_edges(drawn, windows), *days]))
    return OverTime(
        history=_history(objective, so_far, list(islice(read, len(so_far)))),
        burns=_burns(objective, windows, drawn, list(islice(read, len(drawn) * (1 + len(windows))))),
        days=_days(objective, days, list(read)),
    )


def _day(objective: Objective, start: datetime, before: Sums, after: Sums) -> DayCounts:
    held = _between(before, after, timedelta(days=1))
    if not held.known:
        return DayCounts(start.date(), None, None, None, 0, None)
    total = objective.standing.total
    allowed = float(1 - objective.target) * float(total) if total else 0.0
    spent = float(held.bad) / allowed if allowed else None
    return DayCounts(start.date(), shown(held.good), shown(held.bad), shown(held.total), held.known, spent)


def spent_between(wanted: Sequence[tuple[Objective, datetime, datetime]]) -> list[Spent]:
    """What each objective spent between two moments, in the order asked for, in one statement."""
    asked = [(one, start, end) for one, start, end in wanted if one.ledger_id is not None and start < end]
    sums = sums_at([(one.ledger_id or 0, at) for one, *edges in asked for at in edges])
    held = {
        (one.pk, start, end): _between(sums[2 * n], sums[2 * n + 1], end - start)
        for n, (one, start, end) in enumerate(asked)
    }
    nothing = Reading(0, 0, 0, 0)
    found = [(one, held.get((one.pk, start, end), nothing)) for one, start, end in wanted]
    return [Spent(burn_rate(reading, target=one.target), reading.coverage) for one, reading in found]


def gaps(objective: Objective, *, now: datetime) -> list[tuple[datetime, datetime]]:
    """Stretches of the period of which nothing is known, `[from, to)`, longest first, at most 20."""
    if objective.ledger_id is None:
        return []
    until = objective.standing.bucket or now
    start, _ = promise_of(objective).period.bounds(until)
    found = unknown_stretches(objective.ledger_id, start=start, end=until)
    return sorted(found, key=lambda stretch: stretch[0] - stretch[1])[:20]
