"""What can be told of an indicator's queries by their answers, before anybody relies on them. Asks, writes nothing."""

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from slo.prometheus import Prometheus
from slo.promql import Selector, render

TOLERANCE = 1.01
"""Extrapolation may make a little more of a part than of the whole."""


class MissingBucket(NamedTuple):
    """A threshold that no bucket has, and those there are, in words."""

    threshold: float
    there: str


def exceeds(part: float, whole: float) -> bool:
    """Whether there were more events of a part than of the whole, beyond what extrapolation makes of them."""
    return part > whole * TOLERANCE + 1


def pushed(asked: Prometheus, selectors: Mapping[str, Selector], *, at: float) -> tuple[str, str]:
    """The side whose series were pushed rather than scraped, and why that can't be counted; empty where none were.

    A pushgateway repeats the last value it was given: what lies between two pushes is lost. Its groups carry
    `push_time_seconds` with their own labels. Where the scrape doesn't honor those, they are the `exported_` ones, by
    which what is pushed is told from the gateway's own counters.
    """
    labels = "job, instance, exported_job, exported_instance"
    for side, selector in selectors.items():
        if asked.instant(f"count({render(selector)} and on ({labels}) push_time_seconds)", at=at).series:
            return side, (
                f"{selector.metric} comes from a pushgateway, which repeats the last value it was given, so its events"
                " can't be counted exactly; let the exporter be scraped, or use the type promql"
            )
    return "", ""


def missing_bucket(
    asked: Prometheus, selectors: Mapping[str, Selector], *, start: float, end: float
) -> MissingBucket | None:
    """What is wrong with a latency indicator's threshold: only a bucket of its histogram can be counted.

    None where nothing is, and where the histogram has no series between the two times (seconds since the epoch).
    """
    whole = selectors["total"]
    any_bucket = Selector(whole.metric, tuple(one for one in whole.matchers if one.name != "le"))
    bounds = sorted(map(float, asked.label_values("le", selector=str(any_bucket), start=start, end=end)))
    threshold = next(float(one.value) for one in selectors["good"].matchers if one.name == "le")
    if not bounds or threshold in bounds:
        return None
    return MissingBucket(threshold, ", ".join(f"{bound:g}" for bound in bounds if bound != inf))
