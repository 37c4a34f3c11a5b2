"""Running sums: what a ledger had counted by a moment. Any window is the difference of two."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from slo.burnrate import Reading
from slo.counting import Bucket, Number


class Sums(NamedTuple):
    """Everything counted from the ledger's first bucket on; `known` counts the buckets that have a row."""

    good: Number
    total: Number
    carried_good: Number
    carried_total: Number
    known: int

    def plus(self, bucket: Bucket) -> "Sums":
        """The sums as of the end of `bucket`, a known one."""
        return Sums(
            self.good + bucket.good,
            self.total + bucket.total,
            self.carried_good + bucket.carried_good,
            self.carried_total + bucket.carried_total,
            self.known + 1,
        )

    def since(self, earlier: "Sums", *, minutes: int, carried: bool) -> Reading:
        """What the window from `earlier` to these held; `carried` events belong to budgets and long windows only."""
        good, total = self.good - earlier.good, self.total - earlier.total
        if carried:
            good += self.carried_good - earlier.carried_good
            total += self.carried_total - earlier.carried_total
        return Reading(good, total, self.known - earlier.known, minutes)


NOTHING = Sums(0, 0, 0, 0, 0)


def whole(value: Decimal) -> Number:
    """A numeric as `int` where it is one, so that sums of whole counters stay whole."""
    as_int = int(value)
    return as_int if as_int == value else value


def of_row(row: Sequence[Decimal | int]) -> Sums:
    """Sums from five columns as the database gives them."""
    good, total, carried_good, carried_total, known = row
    return Sums(whole_of(good), whole_of(total), whole_of(carried_good), whole_of(carried_total), int(known))


def of_texts(row: Sequence[str]) -> Sums:
    """As `of_row`, of columns that come as text: most are whole, and are read as such at once."""
    good, total, carried_good, carried_total, known = row
    return Sums(_of_text(good), _of_text(total), _of_text(carried_good), _of_text(carried_total), int(known))


def _of_text(value: str) -> Number:
    return whole(Decimal(value)) if "." in value else int(value)


def whole_of(value: Decimal | int) -> Number:
    """As `whole`, for what may be an `int` already."""
    return value if isinstance(value, int) else whole(value)
