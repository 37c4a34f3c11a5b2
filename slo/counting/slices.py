"""Uptime: instant vectors, one per slice, to good and bad slices (slo.md §1)."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, isnan, nan
from typing import Literal

from slo.counting.buckets import Bucket


class Combine(StrEnum):
    """When a slice is good: if all series meet the condition, or any one does."""

    ALL = "all"
    ANY = "any"


class Verdict(StrEnum):
    """What one slice was."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


class BadCondition(ValueError):
    """The text is no condition; the message says what to write."""


type Op = Literal[">=", "<=", "==", "!=", ">", "<"]

_COMPARE: dict[Op, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison a good value meets, such as `>= 1`."""

    op: Op
    limit: float

    def holds(self, value: float) -> bool:
        """Whether `value` meets it."""
        return _COMPARE[self.op](value, self.limit)

    def __str__(self) -> str:
        return f"{self.op} {self.limit:g}"


def parse_condition(text: str) -> Condition:
    """The condition a person wrote: one of >= <= > < == != and a number. Raises BadCondition."""
    for op in _COMPARE:  # two-letter operators come first
        if text.strip().startswith(op):
            return Condition(op, _limit(text, text.strip().removeprefix(op)))
    raise BadCondition(f"condition {text!r}: write a comparison such as `>= 1` (one of {', '.join(_COMPARE)})")


def _limit(text: str, written: str) -> float:
    try:
        limit = float(written)
    except ValueError:
        limit = nan
    if not isfinite(limit):
        raise BadCondition(f"condition {text!r}: after the comparison write a number, such as `>= 1`")
    return limit


def verdict(values: Iterable[float], condition: Condition, combine: Combine) -> Verdict:
    """The verdict on one slice. No value, or only NaN, is unknown: never good, never bad."""
    met = [condition.holds(value) for value in values if not isnan(value)]
    if not met:
        return Verdict.UNKNOWN
    return Verdict.GOOD if (all(met) if combine is Combine.ALL else any(met)) else Verdict.BAD


def slices(
    vectors: Mapping[int, Iterable[float]],
    condition: Condition,
    combine: Combine,
    *,
    no_data: Verdict = Verdict.UNKNOWN,
) -> dict[int, Bucket]:
    """The rows of an uptime ledger: each slice (by its end) with a verdict is one event, good or not.

    Unknown slices are absent.

    `no_data` is the objective's policy (ignore is UNKNOWN) for slices that were asked for and had no data. A slice that
    could not be asked for (source unreachable) is not to be in `vectors` at all.
    """
    rows: dict[int, Bucket] = {}
    for end, values in vectors.items():
        found = verdict(values, condition, combine)
        found = no_data if found is Verdict.UNKNOWN else found
        if found is not Verdict.UNKNOWN:
            rows[end] = Bucket(good=int(found is Verdict.GOOD), total=1)
    return rows
