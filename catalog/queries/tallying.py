"""How many living components there are by their fields, from sums that every write keeps: nothing is walked."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

from catalog.models.tally import Tally

SUMS = "SELECT field, value, sum(n)::bigint FROM catalog_tally {where} GROUP BY field, value HAVING sum(n) <> 0"


@dataclass(frozen=True, slots=True)
class Tallied:
    """By field how many components have each value; cells as tuples, owners by key or None, systems, tags."""

    cell: Counter[Any]
    owner: Counter[Any]
    system: Counter[Any]
    tag: Counter[Any]


def tallied() -> Tallied:
    """All of the living catalog, exact, as this transaction sees it. One query."""
    found = _sums("")
    owners = Counter({int(key) if key else None: n for key, n in found[Tally.Field.OWNER].items()})
    return Tallied(_cells(found), owners, found[Tally.Field.SYSTEM], found[Tally.Field.TAG])


def tallied_cells() -> Counter[Any]:
    """The cells alone."""
    return _cells(_sums("WHERE field = 'cell'"))


def _sums(where: str) -> dict[str, Counter[Any]]:
    found: dict[str, Counter[Any]] = {field.value: Counter() for field in Tally.Field}
    with connection.cursor() as cursor:
        cursor.execute(SUMS.format(where=where))
        for field, value, n in cursor.fetchall():
            found[field][value] = n
    return found


def _cells(found: Mapping[str, Counter[Any]]) -> Counter[Any]:
    return Counter({_cell(value): n for value, n in found[Tally.Field.CELL].items()})


@lru_cache(maxsize=20_000)
def _cell(value: str) -> tuple[Any, ...]:
    return tuple(json.loads(value))
