"""PURE: SLO documents, read."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from catalog.manifest.fields import Faults, Fields
from catalog.refs import BadReference, parse
from portal.lib import durations
from slo.openslo import shorthand
from slo.openslo.alerts import Policy, read_inline_policy
from slo.openslo.metadata import PREFIX, Meta, described, opened, read_meta
from slo.openslo.shapes import WORKBOOK, Promise, Slices, Slo
from slo.openslo.slis import read_inline
from slo.openslo.windows import Window, read_window

KIND = "SLO"
SIGNS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
OWN = (
    "component", "time-zone", "no-data", "blind-after", "slice-length", "group-by", "max-series", "budget-policy",
    "preset", "objectives",
)  # fmt: skip
OVERRIDES = ("name", "title", "window", "time_zone", "policy", "budget_policy")
METHODS = ("Occurrences", "Timeslices", "RatioTimeslices")
NOT_IN_SLUG = re.compile(r"[^a-z0-9.]+")
LONGEST_NAME = 63


def read_slo(value: object, faults: Faults) -> Slo | None:
    """The SLO that a whole document is; None where it can't be read."""
    root = opened(value, KIND, faults)
    meta = read_meta(root, own=OWN)
    spec = root.inside("spec", required=True)
    if spec is None:
        return None
    spec.only((
        "description", "service", "indicator", "indicatorRef", "timeWindow", "budgetingMethod", "objectives",
        "alertPolicies",
    ))  # fmt: skip
    method = spec.choice("budgetingMethod", METHODS)
    if method == "RatioTimeslices":
        words = "averages the ratios of slices, so that a slice with one request weighs as much as one with a million; "
        spec.error("budgetingMethod", "not_counted", f"{words}write Occurrences, or Timeslices with a timeSliceTarget")
    slo = Slo(
        meta=Meta(meta.name, meta.title, meta.labels, {}, meta.kept),
        component=_component(spec, meta.own),
        promises=(),
        description=described(spec),
        budgeting="timeslices" if method == "Timeslices" else "occurrences",
        alerts=_alerts(spec),
        **_indicator(spec),
    )
    slo = _annotated(slo, meta.own, faults)
    window = read_window(spec)
    if "time-zone" in meta.own:
        window = window._replace(zone=meta.own["time-zone"])
    objectives = spec.each("objectives")
    if not objectives and "objectives" not in spec.value:
        spec.error("objectives", "required", "Add spec.objectives; an SLO promises something.")
    elif not spec.value.get("objectives"):
        spec.error("objectives", "required", "write one objective at least, with a target")
    slo = _sliced(replace(slo, start=window.start), objectives)
    return replace(slo, promises=_promises(slo, objectives, window, meta.own, faults))


def _component(spec: Fields, own: Mapping[str, str]) -> str:
    service = spec.text("service", required=True)
    try:
        return str(parse(own.get("component") or service, kind="component"))
    except BadReference as error:
        if service:
            spec.error("service", "invalid_reference", str(error))
        return ""


def _indicator(spec: Fields) -> dict[str, Any]:
    inside = spec.inside("indicator")
    ref = spec.text("indicatorRef")
    if inside is not None and ref:
        spec.error("indicatorRef", "one_of", "give either indicator or indicatorRef, not both")
    elif inside is None and not ref and "indicator" not in spec:
        spec.error("indicator", "required", "Add spec.indicator, or spec.indicatorRef that names an SLI.")
    return {"sli": read_inline(inside) if inside else None, "sli_ref": ref}


def read_alerts(items: Sequence[object]) -> tuple[str | Policy, ...]:
    """Policies by name and inline, as an SLO's `alertPolicies` has them."""
    return _alerts(Fields({"alertPolicies": list(items)}, "", Faults()))


def _alerts(spec: Fields) -> tuple[str | Policy, ...]:
    found: list[str | Policy] = []
    for one in spec.each("alertPolicies"):
        if "alertPolicyRef" in one:
            if len(one.value) > 1:
                words = "give either alertPolicyRef or a policy written out, not both"
                one.error("alertPolicyRef", "one_of", words)
            found += [one.text("alertPolicyRef", required=True)]
        elif (policy := read_inline_policy(one)) is not None:
            found.append(policy)
    return tuple(found) or (WORKBOOK,)


def _annotated(slo: Slo, own: Mapping[str, str], faults: Faults) -> Slo:
    """With what our annotations say."""
    at = f"metadata.annotations.{PREFIX}"
    most: int | None = None
    if "max-series" in own:
        try:
            most = int(own["max-series"])
        except ValueError:
            faults.error(f"{at}max-series", "not_a_number", f"{own['max-series']!r}: write a whole number")
    lengths = {"slice_length": own.get("slice-length", ""), "blind_after": own.get("blind-after", "")}
    for name, text in lengths.items():
        try:
            durations.parse(text or "1m")
        except durations.BadDuration as error:
            faults.error(f"{at}{name.replace('_', '-')}", "format", str(error))
    groups = tuple(part.strip() for part in own.get("group-by", "").split(",") if part.strip())
    return replace(
        slo,
        no_data=own.get("no-data", slo.no_data),
        blind_after=lengths["blind_after"] or slo.blind_after,
        slice_length=lengths["slice_length"] or slo.slice_length,
        group_by=groups,
        max_series=most,
        preset=own.get("preset", ""),
        paths={name.replace("-", "_"): f"{at}{name}" for name in own},
    )


# Objectives


def _sliced(slo: Slo, objectives: Sequence[Fields]) -> Slo:
    """With what its objectives say of the indicator; they share it, so they must say the same."""
    if not objectives:
        return slo
    said = [_comparison(one, slices=slo.budgeting == "timeslices") for one in objectives]
    for one, other in zip(objectives[1:], said[1:], strict=True):
        for key, first, here in zip(("op", "value", "timeSliceTarget", "timeSliceWindow"), said[0], other, strict=True):
            if first != here:
                words = "objectives of one SLO share what is counted; write another SLO for another " + key
                one.error(key if key in one else "", "differs", words)
    op, value, target, length = said[0]
    at = objectives[0]
    if value is not None and not op:
        at.error("value", "no_op", "Add op: gte, gt, lte or lt; it says on which side of the value is good.")
    slo = replace(slo, condition=f"{SIGNS[op]} {value}" if op in SIGNS and value is not None else "")
    if slo.budgeting == "timeslices" and target is not None:
        slo = replace(slo, slices=Slices(target, op or "gte"))
    return replace(slo, slice_length=length) if length else slo


def _comparison(one: Fields, *, slices: bool) -> tuple[str, Decimal | None, Decimal | None, str]:
    one.only(("displayName", "op", "value", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow"))
    op = one.choice("op", SIGNS, otherwise="gte") if "op" in one else ""
    value, target, length = one.number("value"), one.number("timeSliceTarget"), _slice_length(one)
    for key in ("timeSliceTarget", "timeSliceWindow"):
        if slices and key not in one:
            one.error(key, "required", f"Add {one.where(key)}; Timeslices need it.")
        elif not slices and key in one:
            one.error(key, "only_slices", f"{key} goes with budgetingMethod: Timeslices")
    if target is not None and not 0 < target <= 1:
        one.error("timeSliceTarget", "range", "write a share above 0, at most 1")
    return op, value, target, length


def _slice_length(one: Fields) -> str:
    said = one.value.get("timeSliceWindow")
    if said is None:
        return ""
    text = f"{said}m" if isinstance(said, int) and not isinstance(said, bool) else one.text("timeSliceWindow")
    try:
        return shorthand.spoken(shorthand.length(text)) if text else ""
    except shorthand.BadShorthand as error:
        one.error("timeSliceWindow", "format", str(error))
        return ""


def _promises(
    slo: Slo, objectives: Sequence[Fields], window: Window, own: Mapping[str, str], faults: Faults
) -> tuple[Promise, ...]:
    overrides = _overrides(own, len(objectives), faults)
    several = len(objectives) > 1
    made: list[Promise] = []
    for one, more in zip(objectives, overrides, strict=True):
        display, target = one.text("displayName"), _target(one)
        words = display or f"{(target * 100).normalize():f}"
        plain = Promise(
            name=f"{slo.meta.name}-{slug(words)}"[:LONGEST_NAME].rstrip("-._") if several else slo.meta.name,
            title=f"{slo.meta.title or slo.meta.name}: {display or words + ' %'}"[:200] if several else slo.meta.title,
            target=target,
            window=window.window,
            time_zone=window.zone,
            policy="",
            budget_policy=own.get("budget-policy", ""),
            display=display,
        )
        promise = replace(plain, **more)  # type: ignore[arg-type]  # texts only, by OVERRIDES
        if promise.name in {other.name for other in made}:
            one.error("displayName", "twice", f"{promise.name} is there already; give each another displayName")
        made.append(promise)
    return tuple(made)


def slug(text: str) -> str:
    """`Internal objective` as `internal-objective`."""
    return NOT_IN_SLUG.sub("-", text.lower()).strip("-.") or "objective"


def _target(one: Fields) -> Decimal:
    share, percent = one.number("target"), one.number("targetPercent")
    if share is not None and percent is not None:
        one.error("targetPercent", "one_of", "give either target or targetPercent, not both")
    elif share is None and percent is None and not ("target" in one or "targetPercent" in one):
        one.error("target", "required", "Add target: 0.995, or targetPercent: 99.5.")
    elif share is not None and share > 1:
        one.error("target", "range", f"{share} is above 1: write a share such as 0.995, or targetPercent: {share}")
    found = share if share is not None else percent / 100 if percent is not None else Decimal("0.5")
    if not 0 < found < 1 and not (share is not None and share > 1):
        key = "target" if share is not None else "targetPercent"
        one.error(key, "range", "a target lies above 0 and below 100 %; at 100 % there is no budget at all")
    return found


def _overrides(own: Mapping[str, str], count: int, faults: Faults) -> list[dict[str, str]]:
    nothing: list[dict[str, str]] = [{} for _ in range(count)]
    if "objectives" not in own:
        return nothing
    at = f"metadata.annotations.{PREFIX}objectives"
    try:
        found = json.loads(own["objectives"])
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found) or len(found) != count:
        words = f"write a JSON list of {count} objects, one for each objective in order"
        faults.error(at, "invalid_json", words)
        return nothing
    for one in found:
        wrong = [key for key, text in one.items() if key not in OVERRIDES or not isinstance(text, str)]
        if wrong:
            words = f"{', '.join(wrong)}: there may be {', '.join(OVERRIDES)}, each a text"
            faults.error(at, "unknown", words)
            return nothing
    return found
