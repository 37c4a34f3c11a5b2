"""Which minutes of which ledgers are not to count: exclusions of our own, and the catalog's maintenance windows.

An exclusion holds in `[start, end)`; a bucket `(e - 60 s, e]` is excluded when they share an instant, so one from 10:00
to 10:30 takes the thirty buckets that end at 10:01 to 10:30. A slice of five minutes that it touches goes as a whole.
Reads only; `slo.ledger` asks while it holds a cursor.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

from django.db.models import Q, QuerySet

from catalog.models import MaintenanceWindow
from catalog.queries.windows import budget_windows
from catalog.recurrence import Plan, occurrences
from slo.counting import BUCKET
from slo.indicators import kinds
from slo.models import Exclusion, Ledger
from slo.windows import Period

KEPT = timedelta(days=400)
"""How long counts are kept, so how far back an exclusion can reach."""

type Stretch = tuple[datetime, datetime]
"""`[start, end)`, as it was declared."""
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
    unit: int
    """Seconds that one row of the ledger is about: a bucket's, or a slice's."""


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
    rows: list[Exclusion | MaintenanceWindow] = [*ours, *theirs]
    for row in rows:
        held.add(row, stretches_of(row, *_whole_days(since, until)))
    found = ((reach.ledger_id, held.of(reach, since, until)) for reach in reaches(pk__in=list(ledgers)))
    return {ledger_id: spans for ledger_id, spans in found if spans}


def reaches(**which: object) -> list[Reach]:
    """What can be excluded for of the ledgers `which` (a filter of Ledger), by ledger."""
    rows = Ledger.objects.filter(**which).order_by("pk")
    of = "objective__definition__"
    names = ("pk", "objective_id", "objective__parent_id", f"{of}component_id", f"{of}component__owner_id")
    return [
        Reach(pk, (objective, parent) if parent else (objective,), component, owner, unit_of(type_, length))
        for pk, objective, parent, component, owner, type_, length in rows.values_list(
            *names, "type", f"{of}slice_length"
        )
    ]


def unit_of(type_: str, slice_length: timedelta) -> int:
    """How many seconds one row is about, of a ledger of that type."""
    return int(slice_length.total_seconds()) if kinds[type_].sliced else BUCKET


def concerns(row: Exclusion | MaintenanceWindow, reach: Reach) -> bool:
    """Whether `row` is for that ledger."""
    if isinstance(row, Exclusion) and row.objective_id is not None:
        return row.objective_id in reach.objectives
    if row.component_id is not None:
        return row.component_id == reach.component_id
    return row.team_id == reach.team_id


def spans_of(stretches: Iterable[Stretch], *, unit: int = BUCKET) -> Spans:
    """Stretches `[start, end)` as whole minutes, or as whole slices of `unit` seconds, joined where they meet."""
    return joined((_down(start, unit), -_down(end, unit, -1)) for start, end in stretches)


def _down(at: datetime, unit: int, sign: int = 1) -> int:
    micros = sign * ((at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
    return micros // (unit * 1_000_000) * unit


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


def moment(seconds: int) -> datetime:
    """An edge of a span as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def ends_in(spans: Spans) -> Iterator[int]:
    """The ends of the excluded buckets, in order."""
    for since, until in spans:
        yield from range(since + BUCKET, until + 1, BUCKET)


def stretches_of(row: Exclusion | MaintenanceWindow, start: datetime, end: datetime) -> Sequence[Stretch]:
    """When it holds within `[start, end)`. A withdrawn exclusion never did; a withdrawn window did until then."""
    if isinstance(row, Exclusion):
        return () if row.withdrawn_at else _stretches(plan_of(row), None, start, end)
    return _stretches(plan_of(row), row.withdrawn_at, start, end)


def plan_of(row: Exclusion | MaintenanceWindow) -> Plan:
    """For `catalog.recurrence`."""
    return Plan(row.starts_at.astimezone(UTC), row.ends_at.astimezone(UTC), row.rrule, row.time_zone)


def counted(spans: Spans, start: datetime, end: datetime) -> timedelta:
    """How much of `(start, end]` is not excluded."""
    if not spans:
        return end - start
    return end - start - timedelta(seconds=seconds_in(spans, start, end))


def slices(period: Period, until: datetime, slice_length: timedelta, spans: Spans) -> int:
    """How many time slices the period has that `until` belongs to, without those that are excluded."""
    start, end = period.bounds(until)
    return (end - start - timedelta(seconds=seconds_in(spans, start, end))) // slice_length


@lru_cache(maxsize=4_000)
def _stretches(plan: Plan, gone: datetime | None, start: datetime, end: datetime) -> Sequence[Stretch]:
    """Kept, for the same day asks for the same every minute."""
    found = occurrences(plan, start, min(end, gone) if gone else end)
    cut = ((opens, min(closes, gone) if gone else closes) for opens, closes in found)
    return tuple((opens, closes) for opens, closes in cut if opens < closes)


def _whole_days(since: datetime, until: datetime) -> Stretch:
    midnight = datetime.combine(since.astimezone(UTC).date(), time(), UTC)
    return midnight, datetime.combine(until.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def _touching(since: datetime, until: datetime) -> QuerySet[Exclusion]:
    rows = Exclusion.objects.filter(withdrawn_at=None, starts_at__lt=until)
    return rows.filter(~Q(rrule="") | Q(ends_at__gt=since)).order_by("pk")


class _Held:
    """Stretches by what they are for."""

    def __init__(self) -> None:
        self.objectives: dict[int, list[Stretch]] = {}
        self.components: dict[int, list[Stretch]] = {}
        self.teams: dict[int, list[Stretch]] = {}
        self.known: dict[tuple[int, tuple[Stretch, ...]], Spans] = {}

    def add(self, row: Exclusion | MaintenanceWindow, stretches: Iterable[Stretch]) -> None:
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
        key = (reach.unit, tuple(found))
        if key not in self.known:
            spans = spans_of(found, unit=reach.unit)
            self.known[key] = clipped(spans, int(since.timestamp()), int(until.timestamp()))
        return self.known[key]
