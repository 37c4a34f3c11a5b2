"""Sums out of folded days at one minute after the other, without unpacking their arrays every minute.

An array of a day is stored compressed, and to look at one minute of it PostgreSQL unpacks all of it: the most expensive
part of a cycle, for a period of thirty days begins in a folded day. So a process unpacks some minutes at once and keeps
them. They hold as long as the row is the one they were read from, which its place and its writing transaction tell:
whatever changes a day (a rebuild, an exclusion) writes another row. That is looked at each time, in the statement that
would have unpacked it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from itertools import islice, repeat
from threading import Lock
from typing import Any

from django.db import connection

from slo.counting import Number
from slo.counting.samples import EXACT
from slo.ledger.sums import Sums, whole_of

AT_ONCE = 10
"""So many minutes are unpacked at once; ledgers take turns, so that each minute unpacks a tenth of them."""
MOST = 30_000
"""Of so many ledger-days minutes are kept, about two kilobytes each; then it is begun anew."""

_SUMS = ("good", "total", "carried_good", "carried_total", "known")

_ROWS = """
SELECT array_to_json(array_agg(version))::text FROM (
    SELECT d.version FROM unnest(%s::bigint[]) WITH ORDINALITY AS q(ledger_id, ord)
    LEFT JOIN LATERAL (
        SELECT xmin::text || ctid::text AS version FROM slo_ledgerday
        WHERE ledger_id = q.ledger_id AND day = %s OFFSET 0
    ) AS d ON true ORDER BY q.ord
) AS in_order
"""
# only names of our own go into the text; an array is named once, for each time it is named it is unpacked
_MINUTES = f"""
SELECT array_to_json(array_agg(json_build_array(
    d.ledger_id, d.xmin::text || d.ctid::text, q.first,
    {", ".join(f"d.{name}_base, d.{name}_end, d.{name}[q.first + 1:q.first + {AT_ONCE}]" for name in _SUMS)}
)))::text
FROM unnest(%s::bigint[], %s::int[]) AS q(ledger_id, first) JOIN slo_ledgerday d ON d.ledger_id = q.ledger_id
WHERE d.day = %s
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    first: int
    sums: list[Sums]


_kept: dict[tuple[int, date], _Kept] = {}
_lock = Lock()


def sums_in_day(ledgers: Sequence[int], day: date, minute: int) -> list[Sums | None]:
    """The sums of the buckets that end at `minute` of a folded day (UTC); None for a ledger without such a day."""
    versions = _versions(ledgers, day)
    known = [_known(ledger_id, day, minute, version) for ledger_id, version in zip(ledgers, versions, strict=True)]
    lacking = {
        ledger_id
        for ledger_id, version, sums in zip(ledgers, versions, known, strict=True)
        if version is not None and sums is None
    }
    if not lacking:
        return known
    read = _read(sorted(lacking), day, minute)
    _keep(read, day)
    return [
        one.sums[minute - one.first] if sums is None and (one := read.get(ledger_id)) else sums
        for ledger_id, sums in zip(ledgers, known, strict=True)
    ]


def _versions(ledgers: Sequence[int], day: date) -> list[str | None]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [_literal(ledgers), day])
        found: list[str | None] = json.loads(cursor.fetchone()[0])
    return found


def _literal(values: Sequence[int]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def _known(ledger_id: int, day: date, minute: int, version: str | None) -> Sums | None:
    one = _kept.get((ledger_id, day))
    if one is None or one.version != version or not one.first <= minute < one.first + AT_ONCE:
        return None
    return one.sums[minute - one.first]


def _keep(read: Mapping[int, _Kept], day: date) -> None:
    with _lock:
        if len(_kept) + len(read) > MOST:
            _kept.clear()
        _kept.update({(ledger_id, day): one for ledger_id, one in read.items()})


def _read(ledgers: Sequence[int], day: date, minute: int) -> dict[int, _Kept]:
    """The minutes around `minute` of some ledgers; whose turn comes when depends on the ledger."""
    firsts = [max(0, minute - (minute + ledger_id) % AT_ONCE) for ledger_id in ledgers]
    with connection.cursor() as cursor:
        cursor.execute(_MINUTES, [_literal(ledgers), _literal(firsts), day])
        rows = json.loads(cursor.fetchone()[0] or "[]", parse_float=Decimal)
    read: dict[int, _Kept] = {}
    with localcontext(EXACT):
        for ledger_id, version, first, *columns in rows:
            sums = zip(*(_column(*columns[n : n + 3]) for n in range(0, len(columns), 3)), strict=True)
            read[ledger_id] = _Kept(version, first, list(map(Sums._make, sums)))
    return read


def _column(base: Number, end: Number, added: Sequence[Number] | None) -> Iterator[Any]:
    """One sum at each of the minutes; after an array's last element the day's end holds, as where there is none."""
    begun = (whole_of(base + one) for one in added or ())
    last = repeat(whole_of(end))
    return islice((value for part in (begun, last) for value in part), AT_ONCE)
