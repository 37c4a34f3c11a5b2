"""PURE: what an SLI measures, as OpenSLO says it and as `slo.indicators` has it.

Every type has a form that any reader of OpenSLO understands, and from which ours is read back; where the two differ,
the annotation `portico/indicator` has ours exactly, and must say the same as the form it stands beside.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.manifest.fields import Faults, Fields
from slo.indicators import EVENTS, LATENCY, PROMQL, RESPONSE, UPTIME, kinds
from slo.indicators.expressions import WINDOW
from slo.promql import BadPromQL, Matcher, Selector, parse_selector, render

OWN = "Portico"
"""As the type of a metric source: counted by the portal itself. `kind` in its spec names the type of indicator,
where it is not `response`; plugins add others."""
TYPES = {"prometheus": "Prometheus", "thanos": "Thanos", "mimir": "Mimir", "victoriametrics": "VictoriaMetrics"}
TEMPLATE = re.compile(r"\{\{\s*\.?[wW]indow\s*\}\}")
SUM = re.compile(r"sum\s*\((.*)\)", re.DOTALL)
STORED = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\s*(\{.*\})?", re.DOTALL)
INDICATOR = "indicator"
KIND = "kind"


@dataclass(frozen=True, slots=True)
class Measure:
    """An indicator; an uptime may lack its condition, which then stands with the objective. `paths` say where each key
    was read from."""

    type: str
    indicator: Mapping[str, str]
    source: str = ""
    paths: Mapping[str, str] = field(default_factory=dict, compare=False)


def read_measure(spec: Fields, said: str, at: str) -> Measure | None:
    """What the SLI's `spec` measures; `said` is the annotation `portico/indicator`, which stands at the path `at`."""
    found = _natural(spec)
    if not said or found is None:
        return found
    exact = _exact(said, at, spec.faults)
    if exact is None:
        return None
    plain = _reading(exact)
    if plain is None or (plain.type, plain.indicator) != (found.type, found.indicator):
        words = "says something else than the metric; change both, or take the annotation out"
        spec.faults.error(at, "disagrees", words)
    return Measure(exact.type, exact.indicator, found.source, found.paths)


def write_measure(measure: Measure) -> tuple[dict[str, Any], str]:
    """The metric of an SLI's spec, and the annotation `portico/indicator`, empty where the metric says it all."""
    plain = _reading(measure)
    exact = plain is not None and (plain.type, plain.indicator) == (measure.type, measure.indicator)
    said = "" if exact else json.dumps({"type": measure.type, **measure.indicator}, ensure_ascii=False, sort_keys=True)
    return _form(measure), said


def _reading(measure: Measure) -> Measure | None:
    faults = Faults()
    found = _natural(Fields(_form(measure), "", faults))
    return None if faults.errors else found


def _exact(said: str, at: str, faults: Faults) -> Measure | None:
    try:
        value = json.loads(said)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()) or "type" not in value:
        faults.error(at, "invalid_json", 'write a JSON object of texts, such as {"type": "events", "good": "…"}')
        return None
    found = Measure(value["type"], {key: text for key, text in value.items() if key != "type"})
    if found.type not in kinds:
        faults.error(at, "choice", f"{found.type!r}: use one of {', '.join(kinds)}")
        return None
    wrong = [one for one in kinds[found.type].errors(found.indicator) if one.key != "condition"]
    for one in wrong:
        faults.error(at, one.code, f"{one.key}: {one.message}" if one.key else one.message)
    return None if wrong else found


# Writing


def _form(measure: Measure) -> dict[str, Any]:
    one, source = measure.indicator, measure.source
    if measure.type == UPTIME.type:
        return {"thresholdMetric": _metric(one, source)}
    if kinds[measure.type].own:
        named = {} if measure.type == RESPONSE.type else {KIND: measure.type}
        raw = {"metricSource": {"type": OWN, "spec": {**named, **one}}}
        return {"ratioMetric": {"rawType": "success", "raw": raw}}
    if "ratio" in one:
        return {"ratioMetric": {"rawType": "success", "raw": _metric({"query": one["ratio"]}, source)}}
    sides = _sides(measure)
    metrics = {side: _metric({"query": text}, source) for side, text in sides.items()}
    return {"ratioMetric": {"counter": measure.type != PROMQL.type, **metrics}}


def _sides(measure: Measure) -> dict[str, str]:
    one = measure.indicator
    if measure.type == LATENCY.type:
        base = parse_selector(one["histogram"])
        bucket = Selector(f"{base.metric}_bucket", (*base.matchers, Matcher("le", "=", one["threshold"])))
        return {"good": _literal(bucket), "total": render(Selector(f"{base.metric}_count", base.matchers))}
    if "total" in one:
        return {side: one[side] for side in ("good", "bad", "total") if side in one}
    begin, between, end = _joined(measure.type)
    return {"good": one["good"], "total": f"{begin}{one['good']}{between}{one['bad']}{end}"}


def _joined(type_: str) -> tuple[str, str, str]:
    """What stands around two sides that make a total."""
    return ("(", ") + (", ")") if type_ == PROMQL.type else ("sum(", ") + sum(", ")")


def _literal(bucket: Selector) -> str:
    """With `le` as it was written: the rendering for queries allows for other spellings of it."""
    inside = ",".join(
        f"le={json.dumps(one.value)}" if one.name == "le" else str(one) for one in bucket.matchers
    )  # fmt: skip
    plain = render(Selector(bucket.metric))
    return f"{plain[:-1]},{inside}}}" if plain.endswith("}") else f"{plain}{{{inside}}}"


def _metric(spec: Mapping[str, str], source: str) -> dict[str, Any]:
    named = {"metricSourceRef": source} if source else {}
    return {"metricSource": {**named, "type": TYPES["prometheus"], "spec": dict(spec)}}


# Reading


def _natural(spec: Fields) -> Measure | None:
    given = [key for key in ("thresholdMetric", "ratioMetric") if key in spec]
    if len(given) != 1:
        words = "give either thresholdMetric or ratioMetric" + (", not both" if given else "; one of them is needed")
        spec.error(given[-1] if given else "", "one_of", words)
        return None
    if given == ["thresholdMetric"]:
        return _threshold(spec)
    ratio = spec.inside("ratioMetric")
    return None if ratio is None else _ratio(ratio)


def _threshold(spec: Fields) -> Measure | None:
    found = _source(spec, "thresholdMetric", ("query", "condition", "combine"))
    if found is None or found.own:
        return None
    query = found.spec.text("query", required=True).strip()
    said = {"query": query, "condition": found.spec.text("condition"), "combine": found.spec.text("combine")}
    kept = {key: text.strip() for key, text in said.items() if text.strip()}
    return Measure(UPTIME.type, kept, found.ref, {key: found.spec.where(key) for key in said})


@dataclass(frozen=True, slots=True)
class _Source:
    """A metric source; `own` is the portal itself."""

    ref: str
    own: bool
    spec: Fields


def _source(parent: Fields, key: str, known: tuple[str, ...]) -> _Source | None:
    metric = parent.inside(key, required=True)
    if metric is None:
        return None
    metric.only(("metricSource",))
    source = metric.inside("metricSource", required=True)
    if source is None:
        return None
    source.only(("metricSourceRef", "type", "spec"))
    ref, type_ = source.text("metricSourceRef"), source.text("type")
    own = type_ == OWN
    if type_ and not own and type_.lower() not in TYPES:
        words = f"{type_!r} can't be asked; Portico reads {', '.join(TYPES.values())}, and {OWN} for its own incidents"
        source.error("type", "unknown_type", words)
        return None
    if not type_ and not ref:
        source.error("type", "required", "Add type: Prometheus, or name a data source by metricSourceRef.")
    spec = source.inside("spec", required=True)
    if spec is None:
        return None
    if own and _own_kind(spec) is None:
        return None
    spec.only((KIND, *kinds[spec.text(KIND) or RESPONSE.type].keys) if own else known)
    return _Source(ref, own, spec)


def _own_kind(spec: Fields) -> str | None:
    """The type of an indicator that the portal answers itself; a fault for one that it does not know."""
    kind, known = spec.text(KIND) or RESPONSE.type, [one.type for one in kinds.values() if one.own]
    if kind in known:
        return kind
    spec.error(KIND, "choice", f"{kind!r}: use one of {', '.join(known)}")
    return None


def _ratio(ratio: Fields) -> Measure | None:
    ratio.only(("counter", "good", "bad", "total", "rawType", "raw"))
    counter = ratio.flag("counter")
    if "raw" in ratio or "rawType" in ratio:
        return _raw(ratio)
    if "good" in ratio and "bad" in ratio:
        ratio.error("bad", "good_and_bad", "give good or bad, not both, beside total")
        return None
    given = [side for side in ("good", "bad", "total") if side in ratio]
    if len(given) != 2:
        ratio.error("", "sides", "give total, and good or bad beside it (or raw alone)")
        return None
    sides: dict[str, str] = {}
    paths: dict[str, str] = {}
    refs: set[str] = set()
    for side in given:
        found = _source(ratio, side, ("query",))
        if found is None or found.own:
            return None
        sides[side] = TEMPLATE.sub(WINDOW, found.spec.text("query", required=True)).strip()
        paths[side] = found.spec.where("query")
        refs.add(found.ref)
    if len(refs) > 1:
        ratio.error("total", "two_sources", f"{' and '.join(sorted(refs))}: both sides must come from one data source")
    return _counted(ratio, sides, paths, refs.pop(), counter=counter)


def _counted(
    ratio: Fields, sides: dict[str, str], paths: dict[str, str], ref: str, *, counter: bool | None
) -> Measure | None:
    type_ = PROMQL.type if counter is False else EVENTS.type
    both = _two_sides(type_, sides)
    if counter is not False:
        plain = {side: _unwrapped(text) for side, text in both.items()}
        if all(plain.values()):
            latency = _latency(plain)
            if latency:
                keys = {"histogram": paths["total"], "threshold": paths.get("good", paths["total"])}
                return Measure(LATENCY.type, latency, ref, keys)
            return Measure(EVENTS.type, plain, ref, {side: paths.get(side, paths["total"]) for side in plain})
        both = _two_sides(PROMQL.type, sides)
    for side, text in sides.items():
        if text and WINDOW not in text:
            ratio.faults.error(paths[side], "no_window", _WINDOW_HELP[counter is not False])
            return None
    if counter:
        words = "is taken as Prometheus extrapolates it; write the counters alone and they are counted exactly"
        ratio.warn("counter", "approximate", words)
    return Measure(PROMQL.type, both, ref, {side: paths.get(side, paths["total"]) for side in both})


_WINDOW_HELP = {
    True: f'write the counter alone, such as ci_runs_total{{result="success"}}, or an expression with [{WINDOW}]',
    False: f"where counter is false, write an expression with [{WINDOW}], such as sum(increase(runs_total[{WINDOW}])); "
    "the share of a gauge is a thresholdMetric",
}


def _two_sides(type_: str, sides: dict[str, str]) -> dict[str, str]:
    """Good and bad, where the total is written as their sum."""
    begin, between, end = _joined(type_)
    good, total = sides.get("good", ""), sides.get("total", "")
    start = f"{begin}{good}{between}"
    if good and total.startswith(start) and total.endswith(end) and len(total) > len(start) + len(end):
        return {"good": good, "bad": total[len(start) : -len(end)].strip()}
    return sides


def _unwrapped(text: str) -> str:
    """The counter selector that `text` is, or is the sum of; empty where it is something else."""
    summed = SUM.fullmatch(text)
    for one in (text, summed[1].strip() if summed else ""):
        try:
            parse_selector(one)
        except BadPromQL:
            continue
        return one
    return ""


def _latency(plain: Mapping[str, str]) -> dict[str, str]:
    """The histogram and threshold, where good is one of its buckets and total all of it; else nothing."""
    if set(plain) != {"good", "total"}:
        return {}
    good, total = parse_selector(plain["good"]), parse_selector(plain["total"])
    bounds = [one.value for one in good.matchers if one.name == "le" and one.op == "="]
    rest = tuple(one for one in good.matchers if one.name != "le")
    base = good.metric.removesuffix("_bucket")
    wholes = (Selector(f"{base}_count", rest), Selector(f"{base}_bucket", (*rest, Matcher("le", "=", "+Inf"))))
    if base == good.metric or len(bounds) != 1 or bounds == ["+Inf"] or total not in wholes:
        return {}
    return {"histogram": render(Selector(base, rest)), "threshold": bounds[0]}


def _raw(ratio: Fields) -> Measure | None:
    kind = ratio.choice("rawType", ("success", "failure"))
    for side in ("good", "bad", "total"):
        if side in ratio:
            ratio.error(side, "raw_alone", f"{side} can't stand beside raw")
    found = _source(ratio, "raw", ("query",))
    if found is None:
        return None
    if found.own:
        own = kinds[found.spec.text(KIND) or RESPONSE.type]
        said = {key: found.spec.text(key).strip() for key in own.keys}
        paths = {key: found.spec.where(key) for key in own.keys}
        return Measure(own.type, {key: text for key, text in said.items() if text}, "", paths)
    query = TEMPLATE.sub(WINDOW, found.spec.text("query", required=True)).strip()
    path = found.spec.where("query")
    if WINDOW not in query and STORED.fullmatch(query):
        query = f"avg_over_time({query}[{WINDOW}])"
        words = "a stored ratio has no counts; its average over each window is taken, whatever the traffic was"
        found.spec.warn("query", "averaged", words)
    if kind == "failure":
        query = f"1 - ({query})"
    return Measure(PROMQL.type, {"ratio": query}, found.ref, {"ratio": path})
