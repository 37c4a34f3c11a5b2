"""Uptime and PromQL: whatever an expression says."""

from collections.abc import Iterator

from slo.counting import BadCondition, Combine, parse_condition
from slo.indicators.base import Fault, Indicator, Kind
from slo.promql import BadPromQL, validate_expression

WINDOW = "$window"
"""What stands for the length of time in a `promql` indicator, such as `sum(increase(x[$window]))`."""


def _expression_fault(key: str, text: object) -> Iterator[Fault]:
    try:
        validate_expression(str(text or ""))
    except BadPromQL as error:
        yield Fault(key, "promql", str(error))


def _uptime_faults(indicator: Indicator) -> Iterator[Fault]:
    yield from _expression_fault("query", indicator.get("query"))
    try:
        parse_condition(str(indicator.get("condition") or ""))
    except BadCondition as error:
        yield Fault("condition", "format", str(error))
    if indicator.get("combine", "all") not in list(Combine):
        yield Fault("combine", "choice", "use all (every series must be good) or any")


_UPTIME_KEYS = ("query", "condition", "combine")
UPTIME = Kind("uptime", "Uptime: each slice of time is good or bad", _UPTIME_KEYS, _uptime_faults, sliced=True)


def in_window(text: str, seconds: int) -> str:
    """An expression of a `promql` indicator over so many seconds."""
    return text.replace(WINDOW, f"{seconds}s")


def _promql_faults(indicator: Indicator) -> Iterator[Fault]:
    given = [key for key in ("good", "bad", "total", "ratio") if indicator.get(key)]
    if given not in (["good", "total"], ["bad", "total"], ["good", "bad"], ["ratio"]):
        yield Fault("", "sides", "give two of good, bad and total, or ratio alone")
    for key in given:
        text = str(indicator[key])
        if WINDOW not in text:
            words = f"has no {WINDOW}; write it where the range stands, such as sum(increase(runs_total[{WINDOW}]))"
            yield Fault(key, "window", words)
        else:
            yield from _expression_fault(key, in_window(text, 60))


PROMQL = Kind(
    "promql", "PromQL: as Prometheus extrapolates", ("good", "bad", "total", "ratio"), _promql_faults, approximate=True
)  # fmt: skip
