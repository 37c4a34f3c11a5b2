"""A stretch of a ledger as running sums by minute: whole days at a time, never row by row."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import chain, repeat
from typing import Any, NamedTuple

import orjson
from django.db import connection

from slo.ledger.planned import plainly_planned
from slo.minutes import MINUTE, Minutes

DAY_MINUTES = 1440
_SUMS = ("good", "total", "carried_good", "carried_total")

# bases that are not zero are added here and not in SQL: adding to arrays there means unnesting them
_DAYS = f"""
SELECT ledger_id, day, {", ".join(f"{name}_base::text" for name in _SUMS)}, known_base::text,
       {", ".join(f"array_to_json({name})::text" for name in _SUMS)}, array_to_json(known)::text
FROM slo_ledgerday WHERE ledger_id = ANY(%s) AND day BETWEEN %s AND %s ORDER BY ledger_id, day
"""  # noqa: S608  # names of our own

_MINUTES = f"""
SELECT ledger_id, array_to_json(array_agg(extract(epoch FROM bucket)::bigint / 60 ORDER BY bucket))::text,
       {", ".join(f"array_to_json(array_agg({name}_sum ORDER BY bucket))::text" for name in (*_SUMS, "known"))},
       bool_or(carried_total_sum <> 0)
FROM slo_ledgerminute WHERE ledger_id = ANY(%s) AND bucket > %s AND bucket <= %s GROUP BY ledger_id
"""  # noqa: S608

_BEFORE = f"""
SELECT given.ledger_id, {", ".join(f"coalesce(m.{name}_sum, d.{name}_end, 0)::text" for name in (*_SUMS, "known"))}
FROM unnest(%s::bigint[]) AS given(ledger_id)
LEFT JOIN LATERAL (SELECT * FROM slo_ledgerminute WHERE ledger_id = given.ledger_id AND bucket < %s
                   ORDER BY bucket DESC LIMIT 1) m ON true
LEFT JOIN LATERAL (SELECT * FROM slo_ledgerday WHERE m.good_sum IS NULL AND ledger_id = given.ledger_id AND day < %s
                   ORDER BY day DESC LIMIT 1) d ON true
"""  # noqa: S608


class _Piece(NamedTuple):
    """Consecutive minutes from `first` (minutes since the epoch): five columns, each a text of JSON or None (zeros)."""

    moments: Sequence[int] | int
    """The minute of each element, or of the first where there is no hole."""
    bases: tuple[str, ...]
    columns: tuple[str | None, ...]


def minutes_of(ledgers: Sequence[int], *, start: datetime, end: datetime) -> dict[int, Minutes]:
    """By ledger, its running sums as of every minute from the start of `start`'s day (UTC) to `end`.

    Counts with fractions come as whole parts of an event (`Minutes.scale`). A few statements for any number of ledgers;
    a month of one takes about 2 MB, so ask for some dozens at once.
    """
    first = start.astimezone(UTC).date()
    midnight = datetime.combine(first, time(), UTC)
    before, pieces = _read(ledgers, first, midnight, end)
    return {
        ledger_id: _joined(midnight, end, before[ledger_id], pieces.get(ledger_id, ())) for ledger_id in set(ledgers)
    }


def _read(
    ledgers: Sequence[int], first: date, midnight: datetime, end: datetime
) -> tuple[dict[int, tuple[str, ...]], dict[int, list[_Piece]]]:
    pieces: dict[int, list[_Piece]] = {}
    wanted = list(set(ledgers))
    with plainly_planned(), connection.cursor() as cursor:
        cursor.execute(_BEFORE, [wanted, midnight, first])
        before = {row[0]: tuple(row[1:]) for row in cursor.fetchall()}
        cursor.execute(_DAYS, [wanted, first, end.astimezone(UTC).date()])
        for ledger_id, day, *rest in cursor.fetchall():
            begin = int(datetime.combine(day, time(), UTC).timestamp()) // 60
            pieces.setdefault(ledger_id, []).append(_Piece(begin, tuple(rest[:5]), tuple(rest[5:])))
        cursor.execute(_MINUTES, [wanted, midnight - MINUTE, end])
        for ledger_id, moments, good, total, carried_good, carried_total, known, any_carried in cursor.fetchall():
            late = (carried_good, carried_total) if any_carried else (None, None)
            piece = _Piece(orjson.loads(moments), ("0",) * 5, (good, total, *late, known))
            pieces.setdefault(ledger_id, []).append(piece)
    return before, pieces


def _joined(start: datetime, end: datetime, before: tuple[str, ...], pieces: Iterable[_Piece]) -> Minutes:
    """One ledger's pieces, oldest first, as five lists without holes."""
    held = list(pieces)
    first, last = int(start.timestamp()) // 60, int(end.timestamp()) // 60
    digits = max(map(_digits, chain(before, *((*p.bases, *filter(None, p.columns)) for p in held))), default=0)
    read = _reader(digits)
    carries = any(p.columns[3] for p in held)
    columns = [
        _column([(p.moments, read(p.bases[n])[0], read(p.columns[n])) for p in held], read(before[n])[0], first, last)
        if carries or n not in (2, 3)
        else None
        for n in range(4)
    ]
    known_before, whole = int(before[4]), _reader(0)
    known = _column([(p.moments, int(p.bases[4]), whole(p.columns[4])) for p in held], known_before, first, last)
    good, total, carried_good, carried_total = columns
    return Minutes(start, good or [], total or [], known, carried_good, carried_total, scale=10**digits)


def _column(
    parts: Iterable[tuple[Sequence[int] | int, int, list[int]]], before: int, first: int, last: int
) -> list[int]:
    """One sum at every minute of `first` to `last`; between what is known the last one holds."""
    column: list[int] = []
    now = before
    for moments, base, values in parts:
        if isinstance(moments, int):
            column.extend(repeat(now, moments - first - len(column)))
            column.extend([base + value for value in values] if base else values)
            now = column[-1] if column else now
            continue
        for moment, value in zip(moments, values or repeat(now), strict=False):
            gap = moment - first - len(column)
            if gap > 0:
                column.extend(repeat(now, gap))
            column.append(value)
            now = value
    column.extend(repeat(now, last - first + 1 - len(column)))
    del column[last - first + 1 :]
    return column


_FRACTION = re.compile(r"\.(\d*[1-9])")


def _digits(text: str) -> int:
    """How many digits after the point are needed."""
    return max(map(len, _FRACTION.findall(text)), default=0) if "." in text else 0


def _reader(digits: int) -> Callable[[str | None], list[int]]:
    """Reads a number, or an array of them as JSON, as whole parts."""
    scale = 10**digits

    def read(text: str | None) -> list[int]:
        if not text:
            return []
        if "." not in text and not digits:
            found: Any = orjson.loads(text)
            return found if isinstance(found, list) else [found]
        return [int(Decimal(part) * scale) for part in text.strip("[]").split(",") if part]

    return read
