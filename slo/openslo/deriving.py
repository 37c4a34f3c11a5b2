"""PURE: from an SLI to what is counted: the condition of a threshold, the slices of a ratio."""

from collections.abc import Mapping
from typing import NamedTuple

from catalog.manifest.fields import Faults
from portal.lib import durations
from slo.indicators import EVENTS, LATENCY, PROMQL, UPTIME, kinds
from slo.indicators.expressions import in_window
from slo.openslo.measures import Measure
from slo.openslo.shapes import Slices, Slo
from slo.openslo.slos import SIGNS
from slo.promql import render


class Counted(NamedTuple):
    """What a definition counts."""

    type: str
    indicator: Mapping[str, str]


def counted(slo: Slo, measure: Measure, faults: Faults) -> Counted:
    """What is counted of `measure` for `slo`; faults where they don't go together."""
    where = "spec.objectives[0]"
    if measure.type == UPTIME.type:
        return _threshold(slo, measure, faults, where)
    if slo.budgeting == "timeslices":
        if kinds[measure.type].own or slo.slices is None:
            faults.error("spec.budgetingMethod", "choice", "incidents are counted one by one; write Occurrences")
            return Counted(measure.type, measure.indicator)
        return ratio_in_slices(Counted(measure.type, measure.indicator), slo.slices, slo.slice_length)
    if slo.condition:
        faults.error(f"{where}.value", "no_threshold", "op and value go with a thresholdMetric; take them out")
    return Counted(measure.type, measure.indicator)


def _threshold(slo: Slo, measure: Measure, faults: Faults, where: str) -> Counted:
    said = measure.indicator.get("condition", "")
    if said and slo.condition:
        faults.error(f"{where}.value", "one_of", f"the metric says {said!r} already; take one of them out")
    elif not said and not slo.condition:
        faults.error(where, "required", "Add op and value: a thresholdMetric is good on one side of a value.")
    if slo.slices is not None and slo.slices.target != 1:
        words = "a slice of a thresholdMetric is asked for once, at its end: it is good or bad as a whole"
        faults.warn(f"{where}.timeSliceTarget", "not_honoured", words)
    one = measure.indicator
    keys = {"query": one.get("query", ""), "condition": said or slo.condition, "combine": one.get("combine", "")}
    return Counted(UPTIME.type, {key: text for key, text in keys.items() if text})


def ratio_in_slices(base: Counted, slices: Slices, length: str) -> Counted:
    """A ratio judged slice by slice: good where its share in the slice meets the target; no traffic is no verdict."""
    seconds = durations.parse(length).seconds or 86_400
    query = _share(base, seconds)
    return Counted(UPTIME.type, {"query": query, "condition": f"{SIGNS[slices.op]} {slices.target.normalize():f}"})


def _share(base: Counted, seconds: int) -> str:
    one = base.indicator
    if base.type == PROMQL.type and "ratio" in one:
        return in_window(one["ratio"], seconds)
    if base.type in (EVENTS.type, LATENCY.type):
        selectors = kinds[base.type].selectors(one)
        sides = {side: f"sum(increase({render(found, range_s=seconds)}))" for side, found in selectors.items()}
    else:
        sides = {side: f"({in_window(text, seconds)})" for side, text in one.items()}
    if "total" not in sides:
        return f"{sides['good']} / ({sides['good']} + ({sides['bad']} or vector(0)))"
    if "bad" in sides:
        return f"1 - ({sides['bad']} or {sides['total']} * 0) / {sides['total']}"
    return f"({sides['good']} or {sides['total']} * 0) / {sides['total']}"
