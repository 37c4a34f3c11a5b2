"""PURE: SLO documents, written, so that reading them gives the same again."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from catalog.manifest.fields import Faults
from slo.counting import BadCondition, parse_condition
from slo.indicators import UPTIME
from slo.openslo.alerts import write_inline_policy
from slo.openslo.measures import Measure
from slo.openslo.metadata import Meta, document
from slo.openslo.shapes import WORKBOOK, Promise, Slo
from slo.openslo.slis import Sli, write_inline
from slo.openslo.slos import KIND, OVERRIDES, SIGNS, read_slo
from slo.openslo.windows import SPOKEN, Window, write_window

DEFAULT = "component:default/"


def write_slo(slo: Slo) -> dict[str, Any]:
    """A whole document. What OpenSLO can't say stands in annotations that begin with `portico/`."""
    own = _own(slo)
    plain = document(KIND, _meta(slo, own), _spec(slo))
    read = read_slo(plain, Faults())
    differing = [] if read is None else [_differing(a, b) for a, b in zip(slo.promises, read.promises, strict=True)]
    if not any(differing):
        return plain
    own |= {"objectives": json.dumps(differing, ensure_ascii=False)}
    return document(KIND, _meta(slo, own), _spec(slo))


def _meta(slo: Slo, own: dict[str, str]) -> Meta:
    return Meta(slo.meta.name, slo.meta.title, slo.meta.labels, own, slo.meta.kept)


def _own(slo: Slo) -> dict[str, str]:
    first = slo.promises[0]
    said = {
        "component": "" if slo.component.startswith(DEFAULT) else slo.component,
        "time-zone": "" if first.window in SPOKEN or first.time_zone == "UTC" else first.time_zone,
        "no-data": "" if slo.no_data == "ignore" else slo.no_data,
        "blind-after": "" if slo.blind_after == "10m" else slo.blind_after,
        "slice-length": "" if slo.slice_length == "1m" or slo.budgeting == "timeslices" else slo.slice_length,
        "group-by": ", ".join(slo.group_by),
        "max-series": "" if slo.max_series is None else str(slo.max_series),
        "budget-policy": first.budget_policy,
        "preset": slo.preset,
    }
    return {key: text for key, text in said.items() if text}


def _spec(slo: Slo) -> dict[str, Any]:
    first = slo.promises[0]
    indicator: dict[str, Any] = {"indicatorRef": slo.sli_ref}
    if slo.sli is not None:
        indicator = {"indicator": write_inline(slo.sli)}
    alerts: dict[str, Any] = {}
    if slo.alerts != (WORKBOOK,):
        alerts["alertPolicies"] = [
            {"alertPolicyRef": one} if isinstance(one, str) else write_inline_policy(one) for one in slo.alerts
        ]
    return {
        **({"description": slo.description} if slo.description else {}),
        "service": slo.component.removeprefix(DEFAULT),
        **indicator,
        "timeWindow": write_window(Window(first.window, first.time_zone, slo.start)),
        "budgetingMethod": "Timeslices" if slo.budgeting == "timeslices" else "Occurrences",
        "objectives": [_objective(slo, promise) for promise in slo.promises],
        **alerts,
    }


def _objective(slo: Slo, promise: Promise) -> dict[str, Any]:
    said: dict[str, Any] = {"displayName": promise.display} if promise.display else {}
    if slo.condition:
        sign, _, value = slo.condition.partition(" ")
        said["op"] = next(op for op, mark in SIGNS.items() if mark == sign)
        said["value"] = number(value)
    said["target"] = number(f"{promise.target}")
    if slo.budgeting == "timeslices":
        if slo.slices is not None and not slo.condition and slo.slices.op != "gte":
            said["op"] = slo.slices.op
        said["timeSliceTarget"] = number(str(slo.slices.target)) if slo.slices else 1
        said["timeSliceWindow"] = slo.slice_length
    return said


def number(text: str) -> int | float:
    """A decimal as a document has it."""
    found = Decimal(text)
    return int(found) if found == found.to_integral_value() and abs(found) < 10**15 else float(found)


def _differing(wanted: Promise, read: Promise) -> dict[str, str]:
    return {key: getattr(wanted, key) for key in OVERRIDES if getattr(wanted, key) != getattr(read, key)}


def apart(slo: Slo) -> Slo:
    """The same SLO, with the condition of its threshold said by its objectives, where they can say it exactly."""
    if slo.sli is None or slo.sli.measure.type != UPTIME.type or slo.condition:
        return slo
    said = slo.sli.measure.indicator.get("condition", "")
    if not sayable(said):
        return slo
    rest = {key: text for key, text in slo.sli.measure.indicator.items() if key != "condition"}
    sli = Sli(slo.sli.meta, slo.sli.description, Measure(UPTIME.type, rest, slo.sli.measure.source))
    return replace(slo, sli=sli, condition=said)


def sayable(condition: str) -> bool:
    """Whether op and value of an objective say exactly this."""
    sign, _, value = condition.partition(" ")
    try:
        parse_condition(condition)
        return sign in SIGNS.values() and str(number(value)) == value
    except (BadCondition, ArithmeticError):
        return False
