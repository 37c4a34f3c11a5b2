"""Sums out of folded days at one minute after the other, without unpacking their arrays every minute.

An array of a day is stored compressed, and to look at one minute of it PostgreSQL unpacks all of it: the most expensive
look-up of a cycle, for a period of thirty days begins in a folded day. So a process unpacks some minutes at once and
keeps them. They hold as long as the rows are those they were read from, which their places and their writing
transactions tell: whatever changes a day (a rebuild, an exclusion) writes another row. That is looked at each time.
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
"""So many minutes are unpacked at once, and into so many shares are ledgers dealt, which take turns at that."""
MOST = 200
"""So many shares are kept, about two kilobytes a ledger."""

_SUMS = ("good", "total", "carried_good", "carried_total", "known")

# only names of our own go into the text; OFFSET 0 keeps a look-up per ledger, whatever statistics there are
_VERSIONS = f"""
SELECT array_to_json(array_agg(share.version ORDER BY share.place))::text FROM (
    SELECT mod(q.ord - 1, {AT_ONCE}) AS place, md5(string_agg(coalesce(d.version, '-'), ',' ORDER BY q.ord)) AS version
    FROM unnest(%(ledgers)s::bigint[]) WITH ORDINALITY AS q(ledger_id, ord)
    LEFT JOIN LATERAL (
        SELECT xmin::text || ctid::text AS version FROM slo_ledgerday
        WHERE ledger_id = q.ledger_id AND day = %(day)s OFFSET 0
    ) AS d ON true GROUP BY 1
) AS share
"""  # noqa: S608


def _asked(name: str) -> str:
    return f"d.{name}_base, d.{name}_end, d.{name}[%(first)s + 1:%(first)s + {AT_ONCE}]"


# an array is named once, for each time it is named it is unpacked
_MINUTES = f"""
SELECT array_to_json(array_agg(json_build_array(
    d.ledger_id, {", ".join(map(_asked, _SUMS))}
)))::text
FROM slo_ledgerday d WHERE d.ledger_id = ANY(%(ledgers)s::bigint[]) AND d.day = %(day)s
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Share:
    """Some ledgers at `AT_ONCE` minutes from `first` on: for each minute, the sums of each ledger."""

    version: str
    first: int
    minutes: Sequence[Sequence[Sums | None]]


type _Key = tuple[date, tuple[int, ...]]

_kept: dict[_Key, _Share] = {}
_lock = Lock()


def sums_in_day(ledgers: Sequence[int], day: date, minute: int) -> list[Sums | None]:
    """The sums of the buckets that end at `minute` of a folded day (UTC); None for a ledger without such a day.

    The caller's transaction holds the ledgers' cursors, or can bear that a day is written anew meanwhile.
    """
    sums: list[Sums | None] = [None] * len(ledgers)
    for place, version in enumerate(_versions(ledgers, day)):
        mine = tuple(ledgers[place::AT_ONCE])
        share = _kept.get((day, mine))
        if share is None or share.version != version or not share.first <= minute < share.first + AT_ONCE:
            first = max(0, minute - (minute + place) % AT_ONCE)
            share = _Share(version, first, _read(mine, day, first))
            _keep((day, mine), share)
        sums[place::AT_ONCE] = share.minutes[minute - share.first]
    return sums


def _versions(ledgers: Sequence[int], day: date) -> list[str]:
    """Of each share, a digest of which rows it would be read from."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, {"ledgers": _literal(ledgers), "day": day})
        found: list[str] = json.loads(cursor.fetchone()[0])
    return found


def _literal(values: Sequence[int]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def _keep(key: _Key, share: _Share) -> None:
    """The oldest make room."""
    with _lock:
        _kept.pop(key, None)
        _kept[key] = share
        while len(_kept) > MOST:
            del _kept[next(iter(_kept))]


def _read(ledgers: Sequence[int], day: date, first: int) -> list[list[Sums | None]]:
    with connection.cursor() as cursor:
        cursor.execute(_MINUTES, {"ledgers": _literal(ledgers), "day": day, "first": first})
        rows = json.loads(cursor.fetchone()[0] or "[]", parse_float=Decimal)
    with localcontext(EXACT):
        found = {row[0]: _minutes(row[1:]) for row in rows}
    return _in_order(found, ledgers)


def _in_order(found: Mapping[int, Sequence[Sums]], ledgers: Sequence[int]) -> list[list[Sums | None]]:
    nothing: Sequence[Sums | None] = (None,) * AT_ONCE
    return [list(minute) for minute in zip(*(found.get(ledger_id, nothing) for ledger_id in ledgers), strict=True)]


def _minutes(columns: Sequence[Any]) -> list[Sums]:
    """The sums at each minute, from five times base, end and elements."""
    return list(map(Sums._make, zip(*(_column(*columns[n : n + 3]) for n in range(0, 15, 3)), strict=True)))


def _column(base: Number, end: Number, added: Sequence[Number] | None) -> Iterator[Any]:
    """One sum at each of the minutes; after an array's last element the day's end holds, as where there is none."""
    begun = (whole_of(base + one) for one in added or ())
    last = repeat(whole_of(end))
    return islice((value for part in (begun, last) for value in part), AT_ONCE)
