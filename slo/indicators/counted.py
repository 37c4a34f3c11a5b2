"""Events and latency: counted exactly, from raw samples."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from slo.indicators.base import Fault, Indicator, Kind, narrowed_selector, selector_fault
from slo.promql import BadPromQL, Matcher, Selector, parse_selector

SIDES = ("good", "bad", "total")


def _events_faults(indicator: Indicator) -> Iterator[Fault]:
    given = [side for side in SIDES if indicator.get(side)]
    if len(given) != 2:
        yield Fault("", "sides", "give exactly two of good, bad and total, each a counter selector")
    for side in given:
        yield from selector_fault(side, indicator[side])


def _events_selectors(indicator: Indicator) -> Mapping[str, Selector]:
    return {side: parse_selector(str(indicator[side])) for side in SIDES if indicator.get(side)}


def _events_narrowed(indicator: Indicator, values: Mapping[str, str]) -> dict[str, Any]:
    return {side: narrowed_selector(text, values) for side, text in indicator.items() if text}


EVENTS = Kind(
    "events", "Events: good and bad ones are counted", SIDES, _events_faults, _events_selectors, _events_narrowed
)  # fmt: skip

_PARTS = ("_bucket", "_count", "_sum")


def _latency_faults(indicator: Indicator) -> Iterator[Fault]:
    yield from _histogram_faults(str(indicator.get("histogram") or ""))
    try:
        threshold = float(str(indicator.get("threshold")))
    except ValueError:
        threshold = 0.0
    if not (isfinite(threshold) and threshold > 0):
        words = (
            "write how long a good one takes at most, in the metric's unit, such as 0.5; it must be one of its buckets"
        )
        yield Fault("threshold", "number", words)


def _histogram_faults(text: str) -> Iterator[Fault]:
    try:
        selector = parse_selector(text)
    except BadPromQL as error:
        yield Fault("histogram", "promql", str(error))
        return
    part = next((part for part in _PARTS if selector.metric.endswith(part)), "")
    if part:
        base = selector.metric.removesuffix(part)
        yield Fault("histogram", "base_name", f"write the histogram's own name, without {part}: {base}")
    if any(matcher.name == "le" for matcher in selector.matchers):
        yield Fault("histogram", "le", "leave out le: the threshold says which bucket is meant")


def _latency_selectors(indicator: Indicator) -> Mapping[str, Selector]:
    """Good is the threshold's bucket and total the one without a limit: the same scrape's, so they always agree."""
    base = parse_selector(str(indicator["histogram"]))
    bucket, threshold = f"{base.metric}_bucket", f"{float(str(indicator['threshold'])):g}"
    return {
        "good": Selector(bucket, (*base.matchers, Matcher("le", "=", threshold))),
        "total": Selector(bucket, (*base.matchers, Matcher("le", "=", "+Inf"))),
    }


def _latency_narrowed(indicator: Indicator, values: Mapping[str, str]) -> dict[str, Any]:
    return {**indicator, "histogram": narrowed_selector(indicator["histogram"], values)}


_LATENCY_KEYS = ("histogram", "threshold")
LATENCY = Kind(
    "latency", "Latency: fast enough or not", _LATENCY_KEYS, _latency_faults, _latency_selectors, _latency_narrowed
)  # fmt: skip
