"""Uptime: instant vectors, one per slice, to good and bad slices (slo.md §1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
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


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison a good value meets, such as `>= 1`."""

    op: Literal[">=", "<=", ">", "<", "==", "!="]
    limit: float

    def holds(self, value: float) -> bool:
        """Whether `value` meets it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.op} {self.limit:g}"


def parse_condition(text: str) -> Condition:
    """The condition a person wrote: one of >= <= > < == != and a number. Raises BadCondition."""
    raise NotImplementedError


def verdict(values: Iterable[float], condition: Condition, combine: Combine) -> Verdict:
    """The verdict on one slice. No value, or only NaN, is unknown: never good, never bad."""
    raise NotImplementedError


def slices(
    vectors: Mapping[int, Iterable[float]], condition: Condition, combine: Combine, *, no_data: Verdict = Verdict.UNKNOWN
) -> dict[int, Bucket]:
    """The rows of an uptime ledger: each slice (by its end) with a verdict is one event, good or not; unknown ones are absent.

    `no_data` is the objective's policy (ignore is UNKNOWN) for slices that were asked for and had no data. A slice that
    could not be asked for (source unreachable) is not to be in `vectors` at all.
    """
    raise NotImplementedError
