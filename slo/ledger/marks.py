"""What is unusual about a minute of a folded day. Excluded ones have left its arrays: the mark keeps the counts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from slo.counting import Number
from slo.ledger.sums import whole_of

type Mark = dict[str, Any]
"""{flags, provisional, excluded, counts}; counts are good, total and their carried ones, as text, to stay exact."""


def mark(counts: Sequence[Number], *, flags: int, provisional: bool = False, excluded: bool = False) -> Mark:
    """The mark of a known minute; empty where there is nothing to say. `counts` begin with the four of a bucket."""
    if not (flags or provisional or excluded):
        return {}
    found: Mark = {"flags": flags, "provisional": provisional}
    if excluded:
        found |= {"excluded": True, "counts": [str(count) for count in counts[:4]]}
    return found


def excluded_counts(found: Mapping[str, Any]) -> list[Number] | None:
    """The counts that an excluded minute keeps; None for one that is not excluded."""
    if not found.get("excluded"):
        return None
    return [whole_of(Decimal(str(count))) for count in found["counts"]]
