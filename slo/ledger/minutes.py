"""Stretches of ledgers as running sums by minute: whole days at a time, never row by row."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from itertools import chain, repeat
from typing import Any, NamedTuple

import orjson
from django.db import connection

from slo.counting import Number
from slo.ledger.planned import plainly_planned
from slo.ledger.reading import sums_at
from slo.ledger.sums import Sums
from slo.minutes import MINUTE, Minutes

DAY_MINUTES = 1440
_SUMS = ("good", "total", "carried_good", "carried_total")

_ASKED = """
WITH q AS MATERIALIZED (
    SELECT ord, ledger_id, first, until, (first AT TIME ZONE 'UTC')::date AS first_day,
           extract(epoch FROM (first AT TIME ZONE 'UTC')::time)::int / 60 AS first_place,
           (until AT TIME ZONE 'UTC')::date AS last_day,
           extract(epoch FROM (until AT TIME ZONE 'UTC')::time)::int / 60 AS last_place
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[])
         WITH ORDINALITY AS given(ledger_id, first, until, ord)
)
"""


def _part(name: str) -> str:
    """SQL for as much of a folded day's array as is within what is asked for."""
    return f"array_to_json(CASE WHEN p.whole THEN d.{name} ELSE d.{name}[p.low + 1 : p.high + 1] END)::text"


# bases that are not zero are added here and not in SQL: adding to arrays there means unnesting them
_DAYS = f"""{_ASKED}
SELECT q.ord, d.day, p.low, {", ".join(f"{name}_base::text" for name in _SUMS)}, known_base::text,
       {", ".join(_part(name) for name in (*_SUMS, "known"))}
FROM q
JOIN slo_ledgerday d ON d.ledger_id = q.ledger_id AND d.day BETWEEN q.first_day AND q.last_day
CROSS JOIN LATERAL (
    SELECT *, low = 0 AND high = {DAY_MINUTES - 1} AS whole
    FROM (SELECT CASE WHEN d.day = q.first_day THEN q.first_place ELSE 0 END AS low,
                 CASE WHEN d.day = q.last_day THEN q.last_place ELSE {DAY_MINUTES - 1} END AS high) AS ends
) p
ORDER BY q.ord, d.day
"""  # noqa: S608  # names of our own

_MINUTES = f"""{_ASKED}
SELECT q.ord, m.* FROM q CROSS JOIN LATERAL (
    SELECT array_to_json(array_agg(extract(epoch FROM bucket)::bigint / 60 ORDER BY bucket))::text AS moments,
           {", ".join(f"array_to_json(array_agg({name}_sum ORDER BY bucket))::text" for name in (*_SUMS, "known"))},
           bool_or(carried_total_sum <> 0)
    FROM slo_ledgerminute WHERE ledger_id = q.ledger_id AND bucket >= q.first AND bucket <= q.until
) m WHERE m.moments IS NOT NULL
"""  # noqa: S608


class _Piece(NamedTuple):
    """Consecutive minutes from `first` (minutes since the epoch): five columns, each a text of JSON or None (zeros)."""

    moments: Sequence[int] | int
    """The minute of each element, or of the first where there is no hole."""
    bases: tuple[str, ...]
    columns: tuple[str | None, ...]


def minutes_of(ledgers: Sequence[int], *, start: datetime, end: datetime) -> dict[int, Minutes]:
    """By ledger, its running sums as of every minute from the start of `start`'s day (UTC) to `end`.

    A month of one takes about 2 MB, so ask for some dozens at once.
    """
    midnight = datetime.combine(start.astimezone(UTC).date(), time(), UTC)
    wanted = list(set(ledgers))
    with plainly_planned():
        before = sums_at([(one, midnight - MINUTE) for one in wanted])
        found = minutes_within([(one, midnight, end) for one in wanted], before=before)
    return dict(zip(wanted, found, strict=True))


def minutes_within(wanted: Sequence[tuple[int, datetime, datetime]], *, before: Sequence[Sums]) -> list[Minutes]:
    """For each (ledger, from, to), whole minutes both, its running sums as of every minute of that stretch.

    `before` are the sums a minute before each began. Counts with fractions come as whole parts of an event
    (`Minutes.scale`). Two statements for any number of stretches, and only what lies within them is unpacked.
    """
    if not wanted:
        return []
    asked = [list(column) for column in zip(*wanted, strict=True)]
    pieces: dict[int, list[_Piece]] = {}
    with plainly_planned(), connection.cursor() as cursor:
        cursor.execute(_DAYS, asked)
        for place, day, low, *rest in cursor.fetchall():
            begin = int(datetime.combine(day, time(), UTC).timestamp()) // 60 + low
            pieces.setdefault(place - 1, []).append(_Piece(begin, tuple(rest[:5]), tuple(rest[5:])))
        cursor.execute(_MINUTES, asked)
        for place, moments, good, total, carried_good, carried_total, known, any_carried in cursor.fetchall():
            late = (carried_good, carried_total) if any_carried else (None, None)
            piece = _Piece(orjson.loads(moments), ("0",) * 5, (good, total, *late, known))
            pieces.setdefault(place - 1, []).append(piece)
    return [
        _joined(start, end, tuple(map(_text, before[n])), pieces.get(n, ())) for n, (_, start, end) in enumerate(wanted)
    ]


def _joined(start: datetime, end: datetime, before: tuple[str, ...], pieces: Iterable[_Piece]) -> Minutes:
    """One stretch's pieces, oldest first, as five lists without holes; `before`: the sums a minute before it."""
    held = list(pieces)
    first, last = int(start.timestamp()) // 60, int(end.timestamp()) // 60
    digits = max(map(_digits, chain(before, *((*p.bases, *filter(None, p.columns)) for p in held))), default=0)
    read = _reader(digits)
    carries = read(before[3])[0] != 0 or any(p.columns[3] for p in held)
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


def _text(count: Number) -> str:
    return str(count) if isinstance(count, int) else f"{count:f}"


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
