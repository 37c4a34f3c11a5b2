"""The kinds of indicators (slo.md §1): what each is made of, what is wrong with it, what it asks for. Pure.

`kinds` has one `Kind` per type; everything that must know one type from another asks it.
"""

from slo.indicators.base import Fault, Indicator, Kind
from slo.indicators.counted import EVENTS, LATENCY
from slo.indicators.expressions import PROMQL, UPTIME
from slo.indicators.response import RESPONSE

kinds: dict[str, Kind] = {kind.type: kind for kind in (EVENTS, LATENCY, UPTIME, PROMQL, RESPONSE)}
"""By type, in the order in which they are offered."""

__all__ = ["EVENTS", "LATENCY", "PROMQL", "RESPONSE", "UPTIME", "Fault", "Indicator", "Kind", "kinds"]
