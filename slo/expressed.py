"""What expressions say: slices of time that are good or bad, and counts as the source extrapolates them. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from math import isfinite

from slo import counting
from slo.counting import BUCKET, Bucket, Number, Verdict
from slo.indicators import Indicator, kinds
from slo.indicators.expressions import in_window
from slo.promql import render

WINDOW = 2 * BUCKET
"""`$window`, seconds: twice a bucket, so that a source which scrapes once a minute has two samples to compare."""
COUNT, RATIO = "count", "ratio"

_STEP = Decimal("0.000001")
_SHARE = Decimal(WINDOW) / BUCKET
_NO_DATA = {"ignore": Verdict.UNKNOWN, "bad": Verdict.BAD, "good": Verdict.GOOD}

type Vectors = Mapping[int, Sequence[float]]
"""By the end of the bucket, the values of an expression's series then; without any there is no data."""


def asked(kind: str, indicator: Indicator) -> dict[str, str]:
    """The expressions of an indicator, by the key they are written under; of a counted one by its sides."""
    if kind == "uptime":
        return {"query": str(indicator["query"])}
    if kinds[kind].counted:
        counted = kinds[kind].selectors(indicator)
        return {side: f"sum(increase({render(one, range_s=WINDOW)}))" for side, one in counted.items()}
    return {
        key: in_window(str(indicator[key]), WINDOW) for key in ("good", "bad", "total", "ratio") if indicator.get(key)
    }


def one_bad_takes(kind: str, indicator: Indicator, *, slice_length: timedelta) -> timedelta | None:
    """How long everything must fail for one bad event to be counted: a slice, or for a ratio a minute, of which it is
    the good part. None where events are counted, which come as they come.
    """
    if kinds[kind].sliced:
        return slice_length
    return timedelta(seconds=BUCKET) if kind == "promql" and indicator.get("ratio") else None


def slices(
    indicator: Indicator, vectors: Vectors, *, cursor: int, until: int, length: int, no_data: str
) -> dict[int, Bucket]:
    """The slices of `length` seconds that end in `(cursor, until]`; each is one event, in the bucket of its end."""
    first = cursor // length * length + length
    found = {end: vectors.get(end, ()) for end in range(first, until + 1, length)}
    condition = counting.parse_condition(str(indicator["condition"]))
    combine = counting.Combine(indicator.get("combine", "all"))
    return counting.slices(found, condition, combine, no_data=_NO_DATA[no_data])


def counts(vectors: Mapping[str, Vectors]) -> dict[int, Bucket]:
    """Buckets of a `promql` indicator by its keys: what `$window` held, by the minute; a ratio is the good part of one.

    A side without series counts nothing as long as another one has some: there may be no series of failures yet.
    """
    if "ratio" in vectors:
        ratios = {end: _sum(values) for end, values in vectors["ratio"].items()}
        return {end: Bucket(_whole(min(max(one, _ZERO), _ONE)), 1) for end, one in ratios.items() if one is not None}
    rows: dict[int, Bucket] = {}
    for end in sorted({end for side in vectors.values() for end in side}):
        found = {side: _sum(by_end.get(end, ())) for side, by_end in vectors.items()}
        row = _balanced({side: max(one, _ZERO) / _SHARE for side, one in found.items() if one is not None}, found)
        if row is not None:
            rows[end] = row
    return rows


_ZERO, _ONE = Decimal(0), Decimal(1)


def _balanced(known: Mapping[str, Decimal], sides: Mapping[str, Decimal | None]) -> Bucket | None:
    if "total" not in sides:
        good, bad = known.get("good", _ZERO), known.get("bad", _ZERO)
        return Bucket(_whole(good), _whole(good) + _whole(bad)) if known else None
    if "total" not in known:
        return None
    total = known["total"]
    good = known.get("good", _ZERO) if "good" in sides else total - known.get("bad", _ZERO)
    return Bucket(_whole(min(max(good, _ZERO), total)), _whole(total))


def _sum(values: Sequence[float]) -> Decimal | None:
    """Of all series; None where there is none with a number."""
    finite = [Decimal(repr(value)) for value in values if isfinite(value)]
    return sum(finite, _ZERO) if finite else None


def _whole(value: Decimal) -> Number:
    """To a millionth, more than an extrapolation can claim."""
    rounded = value.quantize(_STEP, ROUND_HALF_EVEN)
    return int(rounded) if rounded == rounded.to_integral_value() else rounded.normalize()
