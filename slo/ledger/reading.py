"""What a ledger had counted by any moment, folded days included, and its buckets one by one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection
from django.db.backends.utils import CursorWrapper

from slo.counting import BUCKET, Number
from slo.ledger.marks import excluded_counts
from slo.ledger.planned import plainly_planned
from slo.ledger.sums import NOTHING, Sums, of_row, of_texts, whole_of
from slo.models import LedgerDay

type Stretches = Iterable[tuple[datetime, datetime]]

_LENGTH = timedelta(seconds=BUCKET)
_OF_A_DAY = timedelta(days=1) // _LENGTH

SUMS = ("good", "total", "carried_good", "carried_total", "known")


def folded(name: str, minute: str) -> str:
    """SQL for a sum out of the folded day `d` of a moment: an element of its array, or what the day ended with.

    A null array is all zeros, so there the day ends with what it began with. Nothing else is asked of the arrays: to
    look into one it must be unpacked as a whole, which is most of what this costs.
    """
    return f"coalesce(d.{name}_base + d.{name}[{minute} + 1], d.{name}_end)"


def _until_then(name: str) -> str:
    return f"CASE WHEN d.day < q.day THEN d.{name}_end ELSE {folded(name, 'q.minute')} END"


# only names of our own go into the text
_SUMS_AT = f"""
WITH q AS MATERIALIZED (
    SELECT ord, ledger_id, at, (at AT TIME ZONE 'UTC')::date AS day,
           extract(epoch FROM (at AT TIME ZONE 'UTC')::time)::int / 60 AS minute
    FROM unnest(%s::bigint[], %s::timestamptz[]) WITH ORDINALITY AS given(ledger_id, at, ord)
)
SELECT {", ".join(f"coalesce(m.{name}_sum, f.{name}, 0)::text" for name in SUMS)}
FROM q
LEFT JOIN LATERAL (
    SELECT good_sum, total_sum, carried_good_sum, carried_total_sum, known_sum FROM slo_ledgerminute
    WHERE ledger_id = q.ledger_id AND bucket <= q.at ORDER BY bucket DESC LIMIT 1
) m ON true
LEFT JOIN LATERAL (
    SELECT {", ".join(f"{_until_then(name)} AS {name}" for name in SUMS)} FROM slo_ledgerday d
    WHERE m.good_sum IS NULL AND d.ledger_id = q.ledger_id AND d.day <= q.day ORDER BY d.day DESC LIMIT 1
) f ON true
ORDER BY q.ord
"""  # noqa: S608


def sums_at(wanted: Sequence[tuple[int, datetime]]) -> list[Sums]:
    """The running sums of many (ledger, moment) pairs in one statement, in the order asked for."""
    if not wanted:
        return []
    # windows that end a minute apart share most of their edges
    asked = list(dict.fromkeys(wanted))
    with plainly_planned(), connection.cursor() as cursor:
        cursor.execute(_SUMS_AT, _arrays(asked))
        read = [of_texts(row) for row in cursor.fetchall()]
    if len(asked) == len(wanted):
        return read
    found = dict(zip(asked, read, strict=True))
    return [found[one] for one in wanted]


def _arrays(wanted: Sequence[tuple[int, datetime]]) -> list[str]:
    """Ledgers and moments as array literals: thousands of look-ups ask for a handful of different moments."""
    moments = {at: at.isoformat() for _, at in wanted}
    ledgers = ",".join(str(ledger_id) for ledger_id, _ in wanted)
    return [f"{{{ledgers}}}", f"{{{','.join(moments[at] for _, at in wanted)}}}"]


@dataclass(frozen=True, slots=True)
class BucketRow:
    """One known bucket, `(start, end]`; `flags` as in slo.counting.Flag."""

    end: datetime
    good: Number
    total: Number
    carried_good: Number
    carried_total: Number
    flags: int
    provisional: bool
    excluded: bool


def buckets(ledger_id: int, *, start: datetime, end: datetime) -> list[BucketRow]:
    """The known buckets of a ledger that end in `(start, end]`, oldest first; of folded days too."""
    return [*_of_days(ledger_id, start, end), *_of_minutes(ledger_id, start, end)]


def _of_minutes(ledger_id: int, start: datetime, end: datetime) -> list[BucketRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bucket, good, total, carried_good, carried_total, flags, provisional, excluded"
            " FROM slo_ledgerminute WHERE ledger_id = %s AND bucket > %s AND bucket <= %s ORDER BY bucket",
            [ledger_id, start, end],
        )
        return [_bucket(row[0], row[1:5], *row[5:]) for row in cursor.fetchall()]


def _bucket(end: datetime, counts: Sequence[Any], flags: int, provisional: bool, excluded: bool) -> BucketRow:
    good, total, carried_good, carried_total = (whole_of(count) for count in counts)
    return BucketRow(end, good, total, carried_good, carried_total, flags, provisional, excluded)


def _of_days(ledger_id: int, start: datetime, end: datetime) -> Iterator[BucketRow]:
    days = LedgerDay.objects.filter(ledger=ledger_id, day__range=_days(start, end))
    for day in days.order_by("day"):
        yield from (one for one in unfolded(day) if start < one.end <= end)


def _days(start: datetime, end: datetime) -> tuple[date, date]:
    return start.astimezone(UTC).date(), end.astimezone(UTC).date()


def unfolded(of: LedgerDay) -> Iterator[BucketRow]:
    """The buckets of a folded day: the differences of its cumulative arrays where something became known.

    An excluded one has left the arrays; its mark has its counts.
    """
    before = NOTHING
    midnight = datetime.combine(of.day, time(), UTC)
    nothing = [Decimal(0)] * len(of.good)
    columns = (of.good, of.total, of.carried_good or nothing, of.carried_total or nothing, of.known)
    for minute, row in enumerate(zip(*columns, strict=True)):
        sums, found = of_row(row), of.marks.get(str(minute), {})
        out = excluded_counts(found)
        counts = [now - then for now, then in zip(sums[:4], before[:4], strict=True)] if out is None else out
        if sums.known > before.known or out is not None:
            end = midnight + timedelta(seconds=minute * BUCKET)
            yield _bucket(end, counts, found.get("flags", 0), found.get("provisional", False), out is not None)
        before = sums


# runs of buckets without a gap: where a bucket minus its place among all is the same, nothing lies between
_RUNS = """
SELECT min(bucket), max(bucket) FROM (
    SELECT bucket, bucket - row_number() OVER (ORDER BY bucket) * make_interval(secs => %s) AS run
    FROM slo_ledgerminute WHERE ledger_id = %s AND bucket > %s AND bucket <= %s
) AS known GROUP BY run ORDER BY 1
"""

# what a whole day's array holds is not read; most days are whole
_KNOWN = """
SELECT day, known_end - known_base >= %s, CASE WHEN known_end - known_base < %s THEN known END, marks
FROM slo_ledgerday WHERE ledger_id = %s AND day BETWEEN %s AND %s ORDER BY day
"""


def unknown_stretches(ledger_id: int, *, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Stretches of `[start, end)` without a known bucket, oldest first; what is excluded is known all the same."""
    found, at = [], start
    with plainly_planned(), connection.cursor() as cursor:
        known = [*_known_of_days(cursor, ledger_id, start, end), *_known_of_minutes(cursor, ledger_id, start, end)]
    for first, last in (*known, (end + _LENGTH, end + _LENGTH)):
        if first - _LENGTH > at:
            found.append((at, first - _LENGTH))
        at = max(at, last)
    return found


def _known_of_minutes(cursor: CursorWrapper, ledger_id: int, start: datetime, end: datetime) -> Stretches:
    cursor.execute(_RUNS, [BUCKET, ledger_id, start, end])
    return [(first, last) for first, last in cursor.fetchall()]


def _known_of_days(cursor: CursorWrapper, ledger_id: int, start: datetime, end: datetime) -> Stretches:
    """First and last bucket of runs without a gap, in order; not the longest ones."""
    cursor.execute(_KNOWN, [_OF_A_DAY, _OF_A_DAY, ledger_id, *_days(start, end)])
    for day, whole_day, known, marks in cursor.fetchall():
        midnight = datetime.combine(day, time(), UTC)
        if whole_day:
            first, last = (start - midnight) // _LENGTH + 1, (end - midnight) // _LENGTH
            if within := range(max(0, first), min(_OF_A_DAY - 1, last) + 1):
                yield midnight + within[0] * _LENGTH, midnight + within[-1] * _LENGTH
            continue
        before, marked = 0, orjson.loads(marks)
        for minute, now_known in enumerate(known):
            bucket = midnight + minute * _LENGTH
            counted = now_known > before or (marked and marked.get(str(minute), {}).get("excluded", False))
            if counted and start < bucket <= end:
                yield bucket, bucket
            before = now_known
