"""Samples as a metrics source gives them, and numbers that never lose an event."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, InvalidOperation

import orjson

type Number = int | Decimal
"""An exact count. Whole counters stay `int`; only a fractional counter becomes `Decimal`; never a float."""

EXACT = Context(prec=80)
"""The decimal context for sums: wide enough that no sum or difference of counters is ever rounded."""

type Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Series:
    """One time series of an answer: its labels (with `__name__`) and its samples, oldest first.

    A sample is `(seconds since the epoch, the value as the source wrote it)`; the text keeps what a float would round.
    An instant vector is a series with one sample.
    """

    labels: Labels
    samples: list[tuple[float, str]] = field(default_factory=list)


def number(text: str) -> Number | None:
    """The exact value of a sample, or None for NaN and infinities, which count nothing."""
    try:
        return int(text)
    except ValueError:
        return _fraction(text)


def _fraction(text: str) -> Number | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    return int(value) if value == value.to_integral_value() else value


def identity(labels: Labels, *, without: Iterable[str] = ()) -> str:
    """The text that stands for a series in the state: its labels as sorted JSON, less replica and external labels."""
    kept = dict(labels)
    for name in without:
        kept.pop(name, None)
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()
