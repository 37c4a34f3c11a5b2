"""The running sums of thousands of ledgers where their windows begin: the same few moments for all of them.

`sums_at` looks for the last bucket at or before each of any moments. Here a moment is one statement that looks for the
very bucket, in one partition or one folded day, and hands its sums over as five JSON arrays: reading them costs a tenth
of what rows of numbers do. Ledgers that don't know that minute, which are few, are left to `sums_at`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from slo.counting import Number
from slo.ledger.days import first_kept_day
from slo.ledger.reading import SUMS, folded, sums_at
from slo.ledger.sums import Sums, whole_of

# only names of our own go into the text; OFFSET 0 keeps a look-up per ledger, whatever statistics there are
_ALL = f"""
SELECT {", ".join(f"array_to_json(array_agg({name}))::text" for name in SUMS)}
FROM (
    SELECT found.* FROM unnest(%s::bigint[]) WITH ORDINALITY AS q(ledger_id, ord)
    LEFT JOIN LATERAL ({{found}} OFFSET 0) AS found ON true ORDER BY q.ord
) AS in_order
"""  # noqa: S608
_MINUTE = _ALL.format(
    found=f"SELECT {', '.join(f'{name}_sum AS {name}' for name in SUMS)} FROM slo_ledgerminute"  # noqa: S608
    " WHERE ledger_id = q.ledger_id AND bucket = %s"
)
_DAY = _ALL.format(
    found=f"SELECT {', '.join(f'{folded(name, "%s")} AS {name}' for name in SUMS)} FROM slo_ledgerday d"  # noqa: S608
    " WHERE d.ledger_id = q.ledger_id AND d.day = %s"
)


@transaction.atomic
def sums_by_moment(wanted: Mapping[datetime, Sequence[int]]) -> dict[datetime, list[Sums]]:
    """By moment, the running sums of the ledgers that are asked for there, in the order asked for."""
    if not wanted:
        return {}
    kept = first_kept_day()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
    found = {at: _exactly(ledgers, at, kept) for at, ledgers in wanted.items() if ledgers}
    missing = [(wanted[at][place], at) for at, sums in found.items() for place, one in enumerate(sums) if one is None]
    others = iter(sums_at(missing))
    return {at: [next(others) if one is None else one for one in sums] for at, sums in found.items()}


def _exactly(ledgers: Sequence[int], at: datetime, kept: date) -> list[Sums | None]:
    """The sums of the buckets that end at `at`; None where there is no such bucket. Days before `kept` are folded."""
    moment = at.astimezone(UTC)
    books = f"{{{','.join(map(str, ledgers))}}}"
    with connection.cursor() as cursor:
        if moment.date() < kept:
            minute = moment.hour * 60 + moment.minute
            cursor.execute(_DAY, [books, *[minute] * len(SUMS), moment.date()])
        else:
            cursor.execute(_MINUTE, [books, moment])
        return _read(cursor.fetchone())


def _read(columns: Iterable[str]) -> list[Sums | None]:
    read = [_numbers(text) for text in columns]
    if None not in read[-1]:
        return list(map(Sums._make, zip(*read, strict=True)))
    return [None if row[-1] is None else Sums._make(row) for row in zip(*read, strict=True)]


def _numbers(text: str) -> list[Any]:
    """An array as it was written: whole numbers of any size, fractions to the digit, None where there is nothing."""
    found: list[Number | None] = json.loads(text, parse_float=Decimal)
    return [one if one is None else whole_of(one) for one in found] if "." in text else found
