"""Which minutes of which ledgers are not to count: exclusions of our own, and the catalog's maintenance windows.

An exclusion holds in `[start, end)`; a bucket `(e - 60 s, e]` is excluded when they share an instant, so one from 10:00
to 10:30 takes the thirty buckets that end at 10:01 to 10:30. Reads only; `slo.ledger` asks while it holds a cursor.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db.models import Q, QuerySet

from catalog.models import MaintenanceWindow
from catalog.queries.windows import budget_windows, occurrences_of
from catalog.recurrence import Plan, occurrences
from slo.counting import BUCKET
from slo.models import Exclusion, Ledger

KEPT = timedelta(days=400)
"""How long counts are kept, so how far back an exclusion can reach."""

type Span = tuple[int, int]
type Spans = tuple[Span, ...]
"""Excluded stretches, seconds since the epoch, in order and apart: a bucket ending at `e` is in `(since, until]`."""

NONE: Spans = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """What an exclusion can be for, of one ledger: its objective (and the one that it is a value of), and whose."""

    ledger_id: int
    objectives: tuple[int, ...]
    component_id: int
    team_id: int | None


def in_force(ledgers: Collection[int], since: datetime, until: datetime) -> dict[int, Spans]:
    """What is excluded of each ledger's buckets within `(since, until]`; ledgers of which nothing is are absent.

    Two queries where nothing is excluded, three where something is, however many ledgers.
    """
    if not ledgers or since >= until:
        return {}
    ours, theirs = list(_touching(since, until)), budget_windows(since, until)
    if not ours and not theirs:
        return {}
    held = _Held()
    for row in ours:
        held.add(row, _ours(row, since, until))
    for window in theirs:
        held.add(window, ((one.start, one.end) for one in occurrences_of(window, since, until)))
    found = ((reach.ledger_id, held.of(reach, since, until)) for reach in reaches(pk__in=list(ledgers)))
    return {ledger_id: spans for ledger_id, spans in found if spans}


def reaches(**which: object) -> list[Reach]:
    """What can be excluded for of the ledgers `which` (a filter of Ledger), by ledger."""
    rows = Ledger.objects.filter(**which).order_by("pk")
    names = ("pk", "objective_id", "objective__parent_id", "objective__definition__component_id")
    return [
        Reach(pk, (objective, parent) if parent else (objective,), component, owner)
        for pk, objective, parent, component, owner in rows.values_list(
            *names, "objective__definition__component__owner_id"
        )
    ]


def concerns(row: Exclusion | MaintenanceWindow, reach: Reach) -> bool:
    """Whether `row` is for that ledger."""
    if isinstance(row, Exclusion) and row.objective_id is not None:
        return row.objective_id in reach.objectives
    if row.component_id is not None:
        return row.component_id == reach.component_id
    return row.team_id == reach.team_id


def spans_of(stretches: Iterable[tuple[datetime, datetime]]) -> Spans:
    """Stretches `[start, end)` as whole minutes, joined where they meet."""
    return joined((_down(start), -_down(end, -1)) for start, end in stretches)


def _down(at: datetime, sign: int = 1) -> int:
    micros = sign * ((at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
    return micros // (BUCKET * 1_000_000) * BUCKET


def joined(spans: Iterable[Span]) -> Spans:
    """Spans in order, joined where they overlap or meet; empty ones are left out."""
    found: list[Span] = []
    for since, until in sorted(span for span in spans if span[0] < span[1]):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return tuple(found)


def clipped(spans: Spans, since: int, until: int) -> Spans:
    """The parts within `(since, until]`."""
    return tuple(
        (max(start, since), min(end, until)) for start, end in spans if start < until and end > since
    )  # fmt: skip


def seconds_in(spans: Spans, start: datetime, end: datetime) -> int:
    """How much of `(start, end]` is excluded."""
    return sum(until - since for since, until in clipped(spans, int(start.timestamp()), int(end.timestamp())))


def ends_in(spans: Spans) -> Iterator[int]:
    """The ends of the excluded buckets, in order."""
    for since, until in spans:
        yield from range(since + BUCKET, until + 1, BUCKET)


def stretches_of(row: Exclusion, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """When one of ours holds within `[start, end)`; withdrawn, never."""
    return list(_ours(row, start, end))


def plan_of(row: Exclusion) -> Plan:
    """For `catalog.recurrence`."""
    return Plan(row.starts_at.astimezone(UTC), row.ends_at.astimezone(UTC), row.rrule, row.time_zone)


def _ours(row: Exclusion, since: datetime, until: datetime) -> Sequence[tuple[datetime, datetime]]:
    return () if row.withdrawn_at else _occurrences(plan_of(row), since, until)


@lru_cache(maxsize=2_000)
def _occurrences(plan: Plan, since: datetime, until: datetime) -> Sequence[tuple[datetime, datetime]]:
    return tuple(occurrences(plan, since, until))


def _touching(since: datetime, until: datetime) -> QuerySet[Exclusion]:
    rows = Exclusion.objects.filter(withdrawn_at=None, starts_at__lt=until)
    return rows.filter(~Q(rrule="") | Q(ends_at__gt=since)).order_by("pk")


class _Held:
    """Stretches by what they are for."""

    def __init__(self) -> None:
        self.objectives: dict[int, list[tuple[datetime, datetime]]] = {}
        self.components: dict[int, list[tuple[datetime, datetime]]] = {}
        self.teams: dict[int, list[tuple[datetime, datetime]]] = {}
        self.known: dict[tuple[tuple[datetime, datetime], ...], Spans] = {}

    def add(self, row: Exclusion | MaintenanceWindow, stretches: Iterable[tuple[datetime, datetime]]) -> None:
        objective = row.objective_id if isinstance(row, Exclusion) else None
        for of, pk in ((self.objectives, objective), (self.components, row.component_id), (self.teams, row.team_id)):
            if pk is not None:
                of.setdefault(pk, []).extend(stretches)

    def of(self, reach: Reach, since: datetime, until: datetime) -> Spans:
        """The spans of one ledger; those of many ledgers are few different ones, so they are kept."""
        found = [one for pk in reach.objectives for one in self.objectives.get(pk, ())]
        found += self.components.get(reach.component_id, ())
        found += self.teams.get(reach.team_id or 0, ())
        if not found:
            return NONE
        key = tuple(found)
        if key not in self.known:
            self.known[key] = clipped(spans_of(key), int(since.timestamp()), int(until.timestamp()))
        return self.known[key]
