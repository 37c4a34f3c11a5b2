"""What incidents cost: the budget that was spent while they lasted (slo.md §6).

An incident's stretch begins with the first minute of the run that led to it: back from its opening, as long as no more
than `PAUSE` passes without a bad event, and at most `LOOKBACK`, the minute from which on most was spent beyond what the
goal allows. So a trickle of bad events that the goal allows for is no part of what broke. It ends when the incident was
resolved, or now.
Everything bad in that stretch is its cost, for the objectives of its component and those whose alerts are in it.
Incidents at the same time share their events, and each shows them; what is explained counts them once. Excluded minutes
are in no running sum, so an exclusion makes the costs smaller too.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from slo import happened
from slo.backtest import Happening
from slo.burnrate import Budget, Reading, budget
from slo.ledger import Sums, plainly_planned, sums_at
from slo.ledger.minutes import minutes_within
from slo.minutes import MINUTE, Minutes
from slo.models import Objective
from slo.queries.fleet import FleetRow, fleet, row
from slo.queries.history import slices_of
from slo.queries.outlook import promise_of

LOOKBACK = timedelta(hours=6)
PAUSE = timedelta(minutes=15)
type Stretch = tuple[int, datetime, datetime]
"""Ledger, from, to."""
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
    """What an incident cost one objective. `share` is of the budget of the last period that holds the incident: the
    running one, as the objective's own page has it, as long as that reaches back to when it opened.
    """

    row: FleetRow
    cost: Cost


def of_objective(objective: Objective, *, now: datetime) -> Costs:
    """Which incidents spent the budget of the running period."""
    until = _minute(objective.standing.bucket or now)
    start = _minute(promise_of(objective).period.bounds(until)[0])
    if (ledger_id := objective.ledger_id) is None or start >= until:
        return Costs(start, until, None, 0.0, (), 0.0, None)
    with plainly_planned():
        happened_to = happened.to([objective], since=start, until=until)[objective.pk]
        asked = [(ledger_id, one, objective.target) for one in happened_to]
        begun, (held,) = _begun(asked, [(ledger_id, start, until)])
        whole = _budget(objective, held, until)
        stretches = [_stretch(one, max(start, at), until) for one, at in zip(happened_to, begun, strict=True)]
        readings = _read([(ledger_id, *stretch) for stretch in stretches])
        apart = union(stretches)
        explained = readings if len(apart) == len(stretches) else _read([(ledger_id, *stretch) for stretch in apart])
    costs = [_cost(*one, whole) for one in zip(happened_to, stretches, readings, strict=True)]
    bad = float(held.bad)
    left = bad - sum(float(one.bad) for one in explained)
    return Costs(
        period_start=start,
        until=until,
        allowed=whole.allowed if whole else None,
        bad=bad,
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
    periods = [(book, *_period(one, happening, end, now=now)) for book, one in zip(books, objectives, strict=True)]
    asked = [(book, happening, one.target) for book, one in zip(books, objectives, strict=True)]
    with plainly_planned():
        begun, held = _begun(asked, periods)
        wholes = [_budget(one, was, at) for one, was, (_, _, at) in zip(objectives, held, periods, strict=True)]
        stretches = [_stretch(happening, at, end) for at in begun]
        readings = _read([(book, *stretch) for book, stretch in zip(books, stretches, strict=True)])
    told = [
        ObjectiveCost(row(one), _cost(happening, stretch, reading, whole))
        for one, stretch, reading, whole in zip(objectives, stretches, readings, wholes, strict=True)
    ]
    return sorted(told, key=lambda one: -(one.cost.share or 0.0))


def _period(objective: Objective, happening: Happening, end: datetime, *, now: datetime) -> tuple[datetime, datetime]:
    """The last period that holds the incident (a calendar's: its end), as far as it is counted."""
    period, counted = promise_of(objective).period, _minute(objective.standing.bucket or now)
    if period.days is None:
        first, last = period.bounds(end - MINUTE)
        return first, max(first, min(last, counted))
    length = timedelta(days=period.days)
    until = min(counted, max(end, _minute(happening.start) + length))
    return until - length, until


def _begun(
    asked: Sequence[tuple[int, Happening, Decimal]], periods: Sequence[Stretch]
) -> tuple[list[datetime], list[Reading]]:
    """Since when each was bad that happened to a ledger with a goal; and what `periods` held, in the same question.

    Minute by minute only the hours before the openings are read: what was bad since is a difference of two sums.
    """
    opened = [(ledger, _minute(one.start)) for ledger, one, _ in asked]
    ahead = [(ledger, at - LOOKBACK, at) for ledger, at in opened]
    edges = [(ledger, at) for ledger, *ends in periods for at in ends]
    sums = sums_at([*edges, *((ledger, start - MINUTE) for ledger, start, _ in ahead)])
    led = minutes_within(ahead, before=sums[len(edges) :])
    begun = [first_bad_minute(one, goal) for one, (_, _, goal) in zip(led, asked, strict=True)]
    return begun, _readings(periods, sums[: len(edges)])


def _stretch(happening: Happening, start: datetime, until: datetime) -> tuple[datetime, datetime]:
    return start, max(start, min(until, _minute(happening.end) + MINUTE if happening.end else until))


def _cost(happening: Happening, stretch: tuple[datetime, datetime], held: Reading, whole: Budget | None) -> Cost:
    bad = float(held.bad)
    return Cost(happening, *stretch, bad, float(held.total), held.known > 0, _share(bad, whole))


def _read(stretches: Sequence[Stretch]) -> list[Reading]:
    return _readings(stretches, sums_at([(ledger, at) for ledger, *ends in stretches for at in ends]))


def _readings(stretches: Sequence[Stretch], sums: Sequence[Sums]) -> list[Reading]:
    """What was counted in each stretch, of the sums at its two ends."""
    return [
        after.since(before, minutes=(end - start) // MINUTE, carried=True)
        for before, after, (_, start, end) in zip(sums[::2], sums[1::2], stretches, strict=True)
    ]


def first_bad_minute(counted: Minutes, goal: Decimal) -> datetime:
    """When the first minute of the run began that led to the end of `counted`; that very end where none did.

    Of the minutes from which on no pause came, the one from which on most was bad beyond what the goal allows.
    """
    allowed = float(1 - goal)

    def before(place: int) -> float:
        return counted.total[place] - counted.good[place] - allowed * counted.total[place]

    run = best = len(counted.total) - 1
    while (bad := _last_bad(counted, run)) is not None and run - bad < PAUSE // MINUTE:
        run = bad - 1  # the minute that element `bad` ends began there
        if before(run) <= before(best):
            best = run
    return counted.at(best)


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
