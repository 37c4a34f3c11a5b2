"""Appending buckets: rows, running sums and cursors, in the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection

from slo import exclusions
from slo.counting import BUCKET, Bucket, Number
from slo.ledger.days import TABLE, first_kept_day
from slo.ledger.marks import Mark, mark
from slo.ledger.sums import Sums, of_row, whole_of

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be appended to one ledger: the known ones of the buckets `(since, until]`, by their end.

    Times in seconds since the epoch. `since` is where its cursor stood when the samples were fetched.
    """

    ledger_id: int
    since: int
    until: int
    buckets: Mapping[int, Bucket]
    surplus: Number
    last_sample: float | None


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a ledger stands afterwards."""

    sums: Sums
    last_sample: datetime | None
    rows: int


def append(entries: Sequence[Entry]) -> dict[int, Appended]:
    """Append, by ledger, what was fetched for it, and move its cursor; answers those it did.

    A ledger whose cursor has moved since the fetch is left alone: somebody else has appended those buckets. What is
    excluded is looked up while the cursors are held: whoever declares more meanwhile finds these rows afterwards.
    """
    standing = _locked(entries)
    mine = [entry for entry in entries if entry.ledger_id in standing and standing[entry.ledger_id][0] == entry.since]
    if not mine:
        return {}
    first, excluded = first_kept_day(), _excluded(mine)
    lines: list[str] = []
    closed: list[_DayPart] = []
    done: dict[int, Appended] = {}
    for entry in mine:
        _, before, seen = standing[entry.ledger_id]
        out = frozenset(exclusions.ends_in(excluded.get(entry.ledger_id, exclusions.NONE)))
        sums = _write(entry, before, _epoch(first), out, lines, closed)
        last = datetime.fromtimestamp(entry.last_sample, UTC) if entry.last_sample else seen
        done[entry.ledger_id] = Appended(sums, last, len(entry.buckets))
    copy_minutes(lines)
    _fold_in(closed)
    _move(mine, done)
    return done


def _excluded(entries: Sequence[Entry]) -> dict[int, exclusions.Spans]:
    since = datetime.fromtimestamp(min(entry.since for entry in entries), UTC)
    until = datetime.fromtimestamp(max(entry.until for entry in entries), UTC)
    return exclusions.in_force([entry.ledger_id for entry in entries], since, until)


def _locked(entries: Sequence[Entry]) -> dict[int, tuple[int, Sums, datetime | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_id, extract(epoch FROM bucket)::bigint, last_sample,"
            " good_sum, total_sum, carried_good_sum, carried_total_sum, known_sum"
            " FROM slo_cursor WHERE ledger_id = ANY(%s) ORDER BY ledger_id FOR UPDATE",
            [[entry.ledger_id for entry in entries]],
        )
        return {row[0]: (row[1], of_row(row[3:]), row[2]) for row in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class _DayPart:
    """A stretch of one closed day of one ledger, which begins where the day's arrays end."""

    ledger_id: int
    day: date
    first_minute: int
    before: Sums
    sums: list[Sums]
    """By minute, from `first_minute` on, without a hole."""
    marks: dict[str, Mark]


type _Ends = Collection[int]
"""Ends of buckets that are excluded."""


def _write(entry: Entry, sums: Sums, kept: int, out: _Ends, lines: list[str], closed: list[_DayPart]) -> Sums:
    """Turn an entry into lines for COPY and parts of closed days; answers the running sums at its end."""
    old = {end: bucket for end, bucket in entry.buckets.items() if end < kept}
    if entry.since + BUCKET < kept:
        sums = _days(entry, old, sums, kept, out, closed)
    for end in sorted(entry.buckets.keys() - old.keys()):
        bucket = entry.buckets[end]
        sums = sums if end in out else sums.plus(bucket)
        lines.append(line(entry.ledger_id, end, bucket, sums, excluded=end in out))
    return sums


def line(ledger_id: int, end: int, bucket: Bucket, sums: Sums, *, excluded: bool) -> str:
    """A row for `copy_minutes`."""
    return (
        f"{ledger_id}\t{_stamp(end)}\t{bucket.good}\t{bucket.total}\t{bucket.carried_good}\t{bucket.carried_total}\t"
        f"{sums.good}\t{sums.total}\t{sums.carried_good}\t{sums.carried_total}\t{sums.known}\t{int(bucket.flags)}\t"
        f"{excluded}\n"
    )


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _epoch(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def copy_minutes(lines: Sequence[str]) -> None:
    """Write rows made by `line`."""
    if not lines:
        return
    columns = (
        "ledger_id, bucket, good, total, carried_good, carried_total,"
        " good_sum, total_sum, carried_good_sum, carried_total_sum, known_sum, flags, excluded"
    )
    with connection.cursor() as cursor, cursor.copy(f"COPY {TABLE} ({columns}) FROM STDIN") as copy:
        copy.write("".join(lines))


def _days(entry: Entry, old: Mapping[int, Bucket], sums: Sums, kept: int, out: _Ends, closed: list[_DayPart]) -> Sums:
    """The part of an entry that lies in days which are kept folded, day by day, every minute of them."""
    end, last = entry.since + BUCKET, min(entry.until, kept - BUCKET)
    while end <= last:
        midnight = end // _DAY * _DAY
        part = _DayPart(entry.ledger_id, _date(midnight), (end - midnight) // BUCKET, sums, [], {})
        while end <= last and end < midnight + _DAY:
            bucket = old.get(end)
            if bucket is not None:
                sums = sums if end in out else sums.plus(bucket)
                if found := mark(bucket, flags=int(bucket.flags), excluded=end in out):
                    part.marks[str((end - midnight) // BUCKET)] = found
            part.sums.append(sums)
            end += BUCKET
        closed.append(part)
    return sums


def _date(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


_UPSERT = """
INSERT INTO slo_ledgerday AS d (ledger_id, day,
    good_base, total_base, carried_good_base, carried_total_base, known_base,
    good_end, total_end, carried_good_end, carried_total_end, known_end,
    good, total, carried_good, carried_total, known, marks)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
    %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::smallint[], %s::jsonb)
ON CONFLICT (ledger_id, day) DO UPDATE SET
    good_end = excluded.good_end, total_end = excluded.total_end, known_end = excluded.known_end,
    carried_good_end = excluded.carried_good_end, carried_total_end = excluded.carried_total_end,
    good = excluded.good, total = excluded.total, known = excluded.known,
    carried_good = excluded.carried_good, carried_total = excluded.carried_total, marks = d.marks || excluded.marks
"""


def _fold_in(parts: Sequence[_DayPart]) -> None:
    """Write parts of closed days; where a day is begun already its arrays grow."""
    if not parts:
        return
    begun = _begun(parts)
    with connection.cursor() as cursor:
        cursor.executemany(_UPSERT, [_row(part, begun.get((part.ledger_id, part.day))) for part in parts])


type _Arrays = tuple[list[Number], list[Number], list[Number], list[Number], list[int]]


def _begun(parts: Iterable[_DayPart]) -> dict[tuple[int, date], tuple[Sums, _Arrays]]:
    later = [part for part in parts if part.first_minute]
    if not later:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_id, day, good_base, total_base, carried_good_base, carried_total_base, known_base,"
            " good, total, carried_good, carried_total, known FROM slo_ledgerday"
            " WHERE (ledger_id, day) IN (SELECT * FROM unnest(%s::bigint[], %s::date[]))",
            [[part.ledger_id for part in later], [part.day for part in later]],
        )
        return {(row[0], row[1]): (of_row(row[2:7]), _arrays(row[7:])) for row in cursor.fetchall()}


def _arrays(row: Sequence[list[Decimal] | None]) -> _Arrays:
    good, total, carried_good, carried_total, known = ([whole_of(v) for v in values or []] for values in row)
    empty: list[Number] = [0] * len(good)
    return good, total, carried_good or list(empty), carried_total or list(empty), [int(k) for k in known]


def _row(part: _DayPart, begun: tuple[Sums, _Arrays] | None) -> tuple[Any, ...]:
    base, arrays = begun or (part.before, ([], [], [], [], []))
    grown = [list(values) for values in arrays]
    reached = Sums(*(value - start for value, start in zip(part.before, base, strict=True)))  # type: ignore[arg-type]
    for values, value in zip(grown, reached, strict=True):
        values.extend([value] * (part.first_minute - len(values)))
    for sums in part.sums:
        for values, value, start in zip(grown, sums, base, strict=True):
            values.append(value - start)
    good, total, carried_good, carried_total, known = (_alike(values) for values in grown)
    carried = carried_total if carried_total[-1] else None
    return (
        part.ledger_id, part.day, *base, *part.sums[-1],
        good, total, carried_good if carried else None, carried, known, orjson.dumps(part.marks).decode(),
    )  # fmt: skip


def _alike(values: list[Any]) -> list[Any]:
    """Numbers of one type: an array that begins with the whole number 0 may go on with fractions."""
    return [Decimal(v) for v in values] if any(isinstance(v, Decimal) for v in values) else values


def _literal(values: Iterable[object]) -> str:
    """An array of numbers or times as PostgreSQL reads it: a tenth of what it costs to hand it over value by value."""
    return f"{{{','.join(map(str, values))}}}"


def _move(entries: Sequence[Entry], done: Mapping[int, Appended]) -> None:
    """Move the cursors, all in one statement."""
    stood = [done[entry.ledger_id] for entry in entries]
    columns = [
        _literal(entry.ledger_id for entry in entries),
        _literal(_stamp(entry.until) for entry in entries),
        *(_literal(one.sums[place] for one in stood) for place in range(4)),
        _literal(one.sums.known for one in stood),
        _literal(entry.surplus for entry in entries),
        _literal("NULL" if one.last_sample is None else one.last_sample.isoformat() for one in stood),
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE slo_cursor c SET bucket = v.bucket, good_sum = v.good, total_sum = v.total,"
            " carried_good_sum = v.carried_good, carried_total_sum = v.carried_total, known_sum = v.known,"
            " surplus = v.surplus, last_sample = v.last_sample"
            " FROM unnest(%s::bigint[], %s::timestamptz[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[],"
            " %s::bigint[], %s::numeric[], %s::timestamptz[])"
            " AS v(ledger_id, bucket, good, total, carried_good, carried_total, known, surplus, last_sample)"
            " WHERE c.ledger_id = v.ledger_id",
            columns,
        )
