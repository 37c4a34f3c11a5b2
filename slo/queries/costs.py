"""What incidents cost: the budget that was spent while they lasted (slo.md §6).

An incident's stretch begins with the first bad minute of the run that led to it: back from its opening, as long as no
more than `PAUSE` passes without a bad event, and at most `LOOKBACK`; it ends when the incident was resolved, or now.
Everything bad in that stretch is its cost, for the objectives of its component and those whose alerts are in it.
Incidents at the same time share their events, and each shows them; what is explained counts them once. Excluded minutes
are in no running sum, so an exclusion makes the costs smaller too.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from slo import happened
from slo.backtest import Happening
from slo.burnrate import Budget, Reading, budget
from slo.ledger import plainly_planned, sums_at
from slo.ledger.minutes import minutes_of
from slo.minutes import MINUTE, Minutes
from slo.models import Objective
from slo.queries.fleet import FleetRow, fleet, promise_of, row
from slo.queries.history import slices_of

LOOKBACK = timedelta(hours=6)
PAUSE = timedelta(minutes=15)
AT_MOST = 12
"""So many objectives are told of with an incident, those of its own alerts first."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What was spent while something happened: of the events between `start` and `end`, how many were bad."""

    happening: Happening
    start: datetime
    end: datetime
    bad: float
    total: float
    known: bool
    """Whether anything of the stretch is known; else `bad` says nothing."""
    share: float | None
    """Of the period's whole budget; None where there is none yet."""

    @property
    def lasted(self) -> timedelta:
        """How long the stretch is."""
        return self.end - self.start

    @property
    def led_in(self) -> timedelta:
        """How long before its opening the first bad minute was; nothing where it began with it."""
        return max(timedelta(), _minute(self.happening.start) - self.start)


@dataclass(frozen=True, slots=True)
class Costs:
    """Where an objective's budget of this period went, the dearest first."""

    period_start: datetime
    until: datetime
    allowed: float | None
    bad: float
    costs: tuple[Cost, ...]
    unexplained: float
    """Bad events outside all incidents."""
    unexplained_share: float | None


@dataclass(frozen=True, slots=True)
class ObjectiveCost:
    """What an incident cost one objective. `share` is of the budget of the period that the incident ended in."""

    row: FleetRow
    cost: Cost


def of_objective(objective: Objective, *, now: datetime) -> Costs:
    """Which incidents spent the budget of the running period."""
    until = _minute(objective.standing.bucket or now)
    start = _minute(promise_of(objective).period.bounds(until)[0])
    if objective.ledger_id is None or start >= until:
        return Costs(start, until, None, 0.0, (), 0.0, None)
    counted = minutes_of([objective.ledger_id], start=start - LOOKBACK, end=until)[objective.ledger_id]
    held = counted.reading(counted.place(start), counted.place(until))
    whole = _budget(objective, held, until)
    stretches = happened.to([objective], since=start, until=until)[objective.pk]
    costs = [_cost(one, counted, whole, after=start, until=until) for one in stretches]
    explained = sum(_bad(counted, *stretch) for stretch in union((one.start, one.end) for one in costs))
    left = float(held.bad) - explained
    return Costs(
        period_start=start,
        until=until,
        allowed=whole.allowed if whole else None,
        bad=float(held.bad),
        costs=tuple(sorted(costs, key=lambda one: (-one.bad, one.start))),
        unexplained=left,
        unexplained_share=_share(left, whole),
    )


def concerned(*, component_id: int | None, alerting: Sequence[int]) -> list[Objective]:
    """The objectives of a component and those, by primary key, whose alerts are in an incident; these come first."""
    found = fleet().filter(Q(pk__in=alerting) | Q(definition__component=component_id or 0))
    return sorted(found, key=lambda one: (one.pk not in alerting, one.name))


def of_incident(happening: Happening, objectives: Sequence[Objective], *, now: datetime) -> list[ObjectiveCost]:
    """What it cost these objectives (of `concerned`), dearest first; those that nothing is counted for are left out."""
    objectives = [one for one in objectives if one.ledger_id][:AT_MOST]
    books = [one.ledger_id for one in objectives if one.ledger_id]
    if not books:
        return []
    end = _minute(min(now, happening.end + MINUTE if happening.end else now))
    # minute by minute only while it lasted: of the whole period the sums at its two ends are enough
    with plainly_planned():
        found_minutes = minutes_of(books, start=min(end, _minute(happening.start) - LOOKBACK), end=end)
        wholes = _budgets(objectives, end)
    told = [
        ObjectiveCost(row(one), _cost(happening, counted, whole, after=counted.start, until=end))
        for one, whole in zip(objectives, wholes, strict=True)
        if (counted := found_minutes.get(one.ledger_id or 0))
    ]
    return sorted(told, key=lambda one: -(one.cost.share or 0.0))


def _budgets(objectives: Sequence[Objective], end: datetime) -> list[Budget | None]:
    """Of the period of each that `end` belongs to, up to `end`; each has a ledger."""
    begins = [promise_of(one).period.bounds(end)[0] for one in objectives]
    edges = [(one.ledger_id or 0, at) for one, begin in zip(objectives, begins, strict=True) for at in (begin, end)]
    sums = sums_at(edges)
    held = [
        after.since(before, minutes=(end - begin) // MINUTE, carried=True)
        for before, after, begin in zip(sums[::2], sums[1::2], begins, strict=True)
    ]
    return [_budget(one, reading, end) for one, reading in zip(objectives, held, strict=True)]


def _cost(happening: Happening, counted: Minutes, whole: Budget | None, *, after: datetime, until: datetime) -> Cost:
    start = max(after, first_bad_minute(counted, happening.start))
    end = max(start, min(until, _minute(happening.end) + MINUTE if happening.end else until))
    held = counted.reading(counted.place(start), counted.place(end))
    bad = float(held.bad)
    return Cost(happening, start, end, bad, float(held.total), held.known > 0, _share(bad, whole))


def first_bad_minute(counted: Minutes, opened: datetime) -> datetime:
    """When the first bad minute of the run that led to an opening began; the opening's own minute where none did."""
    begin = counted.place(_minute(opened))
    earliest, run = max(0, begin - LOOKBACK // MINUTE), begin
    while (bad := _last_bad(counted, run)) is not None and bad > earliest and run - bad < PAUSE // MINUTE:
        run = bad - 1  # the minute that element `bad` ends began there
    return counted.at(run)


def _last_bad(counted: Minutes, place: int) -> int | None:
    """The last element up to `place` whose minute had a bad event."""
    until = counted.total[place] - counted.good[place]
    if not until:
        return None
    return bisect_left(range(place + 1), until, key=lambda n: counted.total[n] - counted.good[n]) or None


def _budget(objective: Objective, held: Reading, end: datetime) -> Budget | None:
    sliced = objective.definition.budgeting == "timeslices"
    slices = slices_of(objective, end) if sliced else None
    return budget(held, target=objective.target, slices=slices)


def _share(bad: float, whole: Budget | None) -> float | None:
    return bad / whole.allowed if whole and whole.allowed else None


def _bad(counted: Minutes, start: datetime, end: datetime) -> float:
    return float(counted.reading(counted.place(start), counted.place(end)).bad)


def union(stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Stretches as few as can be, none overlapping."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)
