"""PURE: an objective as Prometheus rules: what it counts over every window, recorded, and an alert for each rule.

The counts are those of `increase()`, which extrapolates; what that means is said in templates/docs/openslo.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from catalog.manifest.writing import written
from portal.lib import durations
from slo.counting import parse_condition
from slo.indicators import PROMQL, UPTIME, kinds
from slo.indicators.expressions import in_window
from slo.promql import render
from slo.windows import BurnWindow

ALERT = "SLOErrorBudgetBurn"
VERDICT = "slo:slice:good"
MINUTE = timedelta(minutes=1)
HALF = 0.5
"""How far an extrapolated count may lie below the whole number it stands for."""
UNKNOWN_SLICES = {"bad": " or vector(0)", "good": " or vector(1)"}


class NotInPrometheus(ValueError):
    """The objective is counted by the portal itself; Prometheus knows nothing of what it counts."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the rules of one objective need: its indicator, its burn windows, and what its alerts say.

    `labels` go with every alert and record, `annotations` with every alert; both may hold any text.
    """

    name: str
    title: str
    type: str
    indicator: Mapping[str, str]
    target: Decimal
    windows: tuple[BurnWindow, ...]
    slice_length: timedelta = MINUTE
    no_data: str = "ignore"
    group_by: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def rule_file(objectives: Iterable[Watched]) -> Iterator[str]:
    """A rule file in parts: one group an objective; those that Prometheus can't count are a comment."""
    yield "groups:\n"
    there = False
    for one in objectives:
        try:
            text = written({"groups": [group(one)]}).removeprefix("groups:\n")
        except NotInPrometheus as reason:
            yield f"  # {one.name}: {reason}\n"
        else:
            there = True
            yield text
    if not there:
        yield "  []\n"


def group(one: Watched) -> dict[str, Any]:
    """The rule group of one objective, as a rule file has it. Raises NotInPrometheus."""
    if kinds[one.type].own:
        raise NotInPrometheus((NotInPrometheus.__doc__ or "").strip())
    interval = one.slice_length if one.type == UPTIME.type else MINUTE
    lengths = sorted({length for window in one.windows for length in (window.long, window.short)})
    recorded = [rule for length in lengths for rule in _records(one, length)]
    alerts = [_alert(one, window) for window in one.windows]
    return {
        "name": f"portico-slo-{one.name}",
        "interval": durations.render(interval),
        "rules": [*_verdict(one), *recorded, *alerts],
    }


# What is counted


def _records(one: Watched, length: timedelta) -> Iterator[dict[str, Any]]:
    bad, total = _counts(one, length)
    span = durations.render(length)
    for name, expression in (("bad", bad), ("total", total)):
        yield {"record": f"slo:{name}:increase{span}", "expr": expression, "labels": _labels(one)}


def _counts(one: Watched, length: timedelta) -> tuple[str, str]:
    """Bad and all events of a window, as expressions with the same labels on both."""
    seconds = int(length.total_seconds())
    if one.type == UPTIME.type:
        # One second less: a window that begins and ends on a slice's edge holds only the slice that it ends with
        verdicts = f"{VERDICT}{_of(one)}[{seconds - 1}s]"
        return f"count_over_time({verdicts}) - sum_over_time({verdicts})", f"count_over_time({verdicts})"
    if one.type == PROMQL.type and "ratio" in one.indicator:
        ratio = f"avg{_enclosed(in_window(one.indicator['ratio'], seconds))}"
        return f"clamp_min(1 - {ratio}, 0)", f"{ratio} * 0 + 1"
    sides = _sides(one, seconds)
    if "bad" in sides and "good" in sides:
        good, bad = _or_nothing(sides["good"], sides["bad"]), _or_nothing(sides["bad"], sides["good"])
        return bad, f"{good} + {bad}"
    total = sides["total"]
    if "bad" in sides:
        return _or_nothing(sides["bad"], total), total
    return f"clamp_min({total} - {_or_nothing(sides['good'], total)}, 0)", total


def _sides(one: Watched, seconds: int) -> dict[str, str]:
    if one.type == PROMQL.type:
        return {side: f"sum{_enclosed(in_window(text, seconds))}" for side, text in one.indicator.items()}
    by = f" by ({', '.join(one.group_by)}) " if one.group_by else ""
    selectors = kinds[one.type].selectors(one.indicator)
    return {side: f"sum{by}(increase({render(found, range_s=seconds)}))" for side, found in selectors.items()}


def _enclosed(text: str) -> str:
    """An expression in brackets, which a comment at its end must not swallow."""
    return f"({text}\n)" if "#" in text else f"({text})"


def _or_nothing(side: str, other: str) -> str:
    """A side that is none while its series isn't there yet but the other's is."""
    return f"({side} or {other} * 0)"


def _verdict(one: Watched) -> Iterator[dict[str, Any]]:
    """1 for a good slice and 0 for a bad one, once a slice; NaN is no verdict."""
    if one.type != UPTIME.type:
        return
    condition = parse_condition(one.indicator["condition"])
    combined = "max" if one.indicator.get("combine") == "any" else "min"
    query = f"{_enclosed(one.indicator['query'])} >= -Inf"
    expression = f"{combined}(({query}) {condition.op} bool {condition.limit!r}){UNKNOWN_SLICES.get(one.no_data, '')}"
    yield {"record": VERDICT, "expr": expression, "labels": _labels(one)}


# When somebody is told


def _alert(one: Watched, window: BurnWindow) -> dict[str, Any]:
    rule = window.rule
    long, short = durations.render(window.long), durations.render(window.short)
    labels = {**_labels(one), "severity": rule.severity, "rule": rule.name}
    return {
        "alert": ALERT,
        "expr": "\nand\n".join(_conditions(one, window)),
        "keep_firing_for": short,
        "labels": {key: _literal(text) for key, text in labels.items()},
        "annotations": {
            "summary": _literal(f"{one.title or one.name} burns its error budget ({rule.title})"),
            "description": _literal(
                f"Over {long} and over {short} more than {float(window.limit):.6g} of all was bad: a burn rate above "
                f"{float(window.factor):.6g} for a target of {one.target.normalize():f}."
                + (" The policy's factor was lowered, so that a total outage can reach it." if window.capped else "")
            ),
            **{key: _literal(text) for key, text in one.annotations.items()},
        },
    }


def _conditions(one: Watched, window: BurnWindow) -> Iterator[str]:
    limit = repr(float(window.limit))
    for length in (window.long, window.short):
        span = durations.render(length)
        bad, total = (f"slo:{name}:increase{span}{_of(one)}" for name in ("bad", "total"))
        yield f"{bad} > {limit} * {total}"
        if length == window.long and not _is_ratio(one):
            yield f"{bad} >= {max(1, window.rule.min_bad) - HALF}"
            if window.rule.min_events:
                yield f"{total} >= {window.rule.min_events - HALF}"


def _is_ratio(one: Watched) -> bool:
    """A ratio has no counts, so there is nothing to hold `min_bad` against."""
    return one.type == PROMQL.type and "ratio" in one.indicator


def _labels(one: Watched) -> dict[str, str]:
    return {"objective": one.name, **one.labels}


def _of(one: Watched) -> str:
    return f'{{objective="{one.name}"}}'


def _literal(text: str) -> str:
    """A text for a label or an annotation of an alert, which Prometheus reads as a template."""
    return text.replace("{{", '{{ "{{" }}')
