"""PURE: AlertPolicy and AlertCondition: rules of one window, as OpenSLO v1 has them, and ours by annotation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from catalog.manifest.fields import Faults, Fields
from portal.lib import durations
from slo.openslo import shorthand
from slo.openslo.metadata import PREFIX, Meta, described, document, inline, opened, read_meta, write_meta
from slo.windows import BadRule, parse_rules

POLICY, CONDITION, TARGET = "AlertPolicy", "AlertCondition", "AlertNotificationTarget"
RULE, RULES = "rule", "rules"
WAKES = frozenset({"page", "critical", "emergency", "sev0", "sev1", "p1", "high"})
OURS = {"kind": TARGET, "metadata": {"name": "on-call"}, "spec": {"target": "portico"}}
"""Who is told, in every policy of ours: whoever is on call for the team."""
MONTH_HOURS = 720
SAID_AT = Fraction(1000)
"""A rule about a share of errors is said as the burn rate it is at a target of 99.9 %."""
type Rule = Mapping[str, Any]
"""As AlertPolicy.rules has them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One rule with a name of its own; `kept` is what was said beside it: severity, op, after."""

    meta: Meta
    description: str
    rule: Rule
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules under a name. `items` are conditions, inline or by name; `rules` ours exactly, empty where `items` say it.

    `kept` is what is only given back: alertWhen…, notificationTargets.
    """

    meta: Meta
    description: str
    items: tuple[Condition | str, ...] = ()
    rules: tuple[Rule, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)


def read_condition(value: object, faults: Faults) -> Condition | None:
    """The AlertCondition that a whole document is; None where it can't be read."""
    return _condition(opened(value, CONDITION, faults), ours=True)


def write_condition(condition: Condition) -> dict[str, Any]:
    """A whole document."""
    meta, spec = _parts(condition)
    return document(CONDITION, meta, spec)


def _condition(root: Fields, *, ours: bool) -> Condition | None:
    meta = read_meta(root, own=(RULE,), ours=ours)
    spec = root.inside("spec", required=True)
    inner = spec.inside("condition", required=True) if spec else None
    if spec is None or inner is None:
        return None
    spec.only(("description", "severity", "condition"))
    said = spec.text("severity", required=True)
    plain, kept = _plain_rule(meta, inner, said, spec)
    exact = meta.own.get(RULE, "")
    if exact and plain is not None:
        at = f"{root.where('metadata')}.annotations.{PREFIX}{RULE}"
        (rule,) = _exact([exact], at, root.faults, plain) or (None,)
        plain = rule
    if plain is None:
        return None
    return Condition(Meta(meta.name, meta.title, meta.labels, {}, meta.kept), described(spec), plain, kept)


def _plain_rule(meta: Meta, inner: Fields, said: str, spec: Fields) -> tuple[Rule | None, Mapping[str, Any]]:
    inner.only(("kind", "op", "threshold", "lookbackWindow", "alertAfter"))
    inner.choice("kind", ("burnrate",), otherwise="burnrate")
    op, after = inner.choice("op", ("gt", "gte", "lt", "lte")), inner.text("alertAfter")
    window = _window(inner)
    threshold = inner.number("threshold")
    if threshold is None:
        if "threshold" not in inner:
            inner.error("threshold", "required", f"Add {inner.where('threshold')}; it is needed.")
    elif threshold <= 0:
        inner.error("threshold", "range", "write a burn rate above 0, such as 14.4")
    if op in ("lt", "lte"):
        inner.error("op", "never_bad", f"{op} would alert while all is well; write gt")
    elif op == "gte":
        inner.warn("op", "strictly", "taken as gt: a rule fires above its burn rate, not at it")
    kept = {"op": op} if op == "gte" else {}
    kept |= _after(inner, after) | _severity(spec, said)
    if threshold is None or threshold <= 0 or not window:
        return None, kept
    rule = {"name": meta.name, "factor": _number(Fraction(threshold)), "long": window, "short": window}
    titled = {"title": meta.title} if meta.title else {}
    return {**rule, **titled, "severity": _ours(said)}, kept


def _window(inner: Fields) -> str:
    text = inner.text("lookbackWindow", required=True)
    try:
        found = shorthand.length(text) if text else None
    except shorthand.BadShorthand as error:
        inner.error("lookbackWindow", "format", str(error))
        return ""
    return "" if found is None else text if text[-1] in "mhdw" else shorthand.spoken(found)


def _after(inner: Fields, text: str) -> dict[str, str]:
    if not text or text == "0m":
        return {}
    try:
        shorthand.cut(text)
    except shorthand.BadShorthand as error:
        inner.error("alertAfter", "format", str(error))
        return {}
    inner.warn("alertAfter", "not_honoured", "a rule fires at the first evaluation that is over; a short window waits")
    return {"after": text}


def _severity(spec: Fields, said: str) -> dict[str, str]:
    if not said or said == _ours(said):
        return {}
    spec.warn("severity", "translated", f"{said!r} is taken as {_ours(said)}; there are page and ticket")
    return {"severity": said}


def _ours(said: str) -> str:
    return "page" if said.lower() in WAKES else "ticket"


def _number(value: Fraction) -> str:
    """The shortest decimal, at most four digits where it never ends."""
    text = f"{float(value):.4f}".rstrip("0").rstrip(".") if value.denominator % 3 == 0 else repr(float(value))
    return text.removesuffix(".0")


def _exact(said: list[str], at: str, faults: Faults, plain: Rule) -> list[Rule]:
    """Rules by annotation; the first must say the same as the condition it stands beside."""
    rules: list[Rule] = []
    try:
        for text in said:
            value = json.loads(text)
            rules += value if isinstance(value, list) else [value]
        parse_rules([dict(rule) for rule in rules])
    except (BadRule, ValueError, TypeError, AttributeError) as error:
        faults.error(at, "invalid_rules", f"write rules as JSON, as the API takes them: {error}")
        return []
    if _comparable(rules[0]) != _comparable(plain):
        words = "says something else than the condition; change both, or take the annotation out"
        faults.error(at, "disagrees", words)
    return rules


def _comparable(rule: Rule) -> dict[str, Any]:
    """What a condition of one window says of a rule."""
    long = durations.parse(str(rule["long"]))
    said = {"factor": _number(_as_factor(rule)), "long": shorthand.spoken(long)}
    return {**said, "name": rule["name"], "severity": rule["severity"]}


def _as_factor(rule: Rule) -> Fraction:
    if rule.get("factor") is not None:
        return Fraction(str(rule["factor"]))
    if rule.get("ratio") is not None:
        return Fraction(str(rule["ratio"])) * SAID_AT
    hours = Fraction(durations.parse(str(rule["long"])).total_seconds()) / 3600
    return Fraction(str(rule["fraction"])) * MONTH_HOURS / hours


def _parts(condition: Condition) -> tuple[Meta, dict[str, Any]]:
    meta, rule, kept = condition.meta, condition.rule, condition.kept
    comparable = _comparable(rule)
    plain = {
        "kind": "burnrate",
        "op": kept.get("op", "gt"),
        "threshold": _as_number(comparable["factor"]),
        "lookbackWindow": str(rule["long"]) if _is_shorthand(str(rule["long"])) else comparable["long"],
        "alertAfter": kept.get("after", "0m"),
    }
    severity = kept.get("severity", rule["severity"])
    severity = severity if _ours(severity) == rule["severity"] else rule["severity"]
    described_ = {"description": condition.description} if condition.description else {}
    spec = {**described_, "severity": severity, "condition": plain}
    read, _ = _plain_rule(meta, Fields(plain, "", Faults()), severity, Fields(spec, "", Faults()))
    own = {} if read == dict(rule) else {RULE: json.dumps(dict(rule), ensure_ascii=False, sort_keys=True)}
    return Meta(meta.name, meta.title, meta.labels, own, meta.kept), spec


def _is_shorthand(text: str) -> bool:
    return shorthand.PATTERN.fullmatch(text) is not None and text[-1] in "mhdw"


def _as_number(text: str) -> int | float:
    return float(text) if "." in text or "e" in text else int(text)


def read_policy(value: object, faults: Faults) -> Policy | None:
    """The AlertPolicy that a whole document is; None where it can't be read."""
    return _policy(opened(value, POLICY, faults), ours=True)


def read_inline_policy(found: Fields) -> Policy | None:
    """One of an SLO's `alertPolicies`, written out."""
    inline(found, POLICY)
    return _policy(found, ours=False)


def _policy(root: Fields, *, ours: bool) -> Policy | None:
    meta = read_meta(root, own=(RULES,), ours=ours)
    spec = root.inside("spec", required=True)
    if spec is None:
        return None
    whens = ("alertWhenNoData", "alertWhenResolved", "alertWhenBreaching")
    spec.only(("description", *whens, "conditions", "notificationTargets"))
    flags = {key: spec.flag(key) for key in whens}
    if flags["alertWhenBreaching"] is False:
        spec.warn("alertWhenBreaching", "not_honoured", "a rule that fires is always told")
    kept = {key: value for key, value in flags.items() if value is False} | _targets(spec)
    items = tuple(one for one in map(_item, spec.each("conditions")) if one is not None)
    if "conditions" not in spec or not spec.value["conditions"]:
        spec.error("conditions", "required", "a policy needs a condition")
        return None
    rules: tuple[Rule, ...] = ()
    if RULES in meta.own and items:
        at = f"{root.where('metadata')}.annotations.{PREFIX}{RULES}"
        if isinstance(first := items[0], str):
            spec.faults.error(at, "disagrees", "beside it the first condition must be written out")
        else:
            rules = tuple(_exact([meta.own[RULES]], at, root.faults, first.rule))
            items = ()
    return Policy(Meta(meta.name, meta.title, meta.labels, {}, meta.kept), described(spec), items, rules, kept)


def _item(found: Fields) -> Condition | str | None:
    if "conditionRef" not in found:
        inline(found, CONDITION)
        return _condition(found, ours=False)
    if len(found.value) > 1:
        found.error("conditionRef", "one_of", "give either conditionRef or a condition written out, not both")
    return found.text("conditionRef", required=True) or None


def _targets(spec: Fields) -> dict[str, Any]:
    said = spec.value.get("notificationTargets")
    for one in spec.each("notificationTargets"):
        if "targetRef" in one:
            one.only(("targetRef",))
        else:
            inline(one, TARGET)
            _target(one)
    if not said or said == [OURS]:
        return {}
    words = "are kept, and not told: Portico tells whoever is on call for the team, by its escalation policy"
    spec.warn("notificationTargets", "not_honoured", words)
    return {"notificationTargets": said}


def write_policy(policy: Policy) -> dict[str, Any]:
    """A whole document."""
    meta, spec = _policy_parts(policy)
    return document(POLICY, meta, spec)


def write_inline_policy(policy: Policy) -> dict[str, Any]:
    """As one of an SLO's `alertPolicies`."""
    meta, spec = _policy_parts(policy)
    return {"kind": POLICY, "metadata": write_meta(meta), "spec": spec}


def _policy_parts(policy: Policy) -> tuple[Meta, dict[str, Any]]:
    meta, own, items = policy.meta, {}, policy.items
    if policy.rules:
        first = policy.rules[0]
        items = (Condition(Meta(str(first["name"]), str(first.get("title") or "")), "", first),)
        if len(policy.rules) > 1 or _own_of(items[0]):
            own = {RULES: json.dumps([dict(rule) for rule in policy.rules], ensure_ascii=False, sort_keys=True)}
    spec = {
        **({"description": policy.description} if policy.description else {}),
        "alertWhenNoData": True,
        "alertWhenResolved": True,
        "alertWhenBreaching": True,
        **{key: value for key, value in policy.kept.items() if key != "notificationTargets"},
        "conditions": [_written(one, exact=not own) for one in items],
        "notificationTargets": policy.kept.get("notificationTargets", [OURS]),
    }
    return Meta(meta.name, meta.title, meta.labels, own, meta.kept), spec


def _own_of(item: Condition | str) -> bool:
    return not isinstance(item, str) and bool(_parts(item)[0].own)


def _written(item: Condition | str, *, exact: bool) -> dict[str, Any]:
    if isinstance(item, str):
        return {"conditionRef": item}
    meta, spec = _parts(item)
    said = meta if exact else Meta(meta.name, meta.title, meta.labels, {}, meta.kept)
    return {"kind": CONDITION, "metadata": write_meta(said), "spec": spec}


def read_target(value: object, faults: Faults) -> Meta:
    """An AlertNotificationTarget: understood, and said not to be honoured."""
    root = opened(value, TARGET, faults)
    meta = _target(root)
    words = "is not kept: Portico tells whoever is on call for the team, by its escalation policy"
    root.warn("kind", "not_honoured", words)
    return meta


def _target(root: Fields) -> Meta:
    meta = read_meta(root)
    spec = root.inside("spec", required=True)
    if spec is not None:
        spec.only(("description", "target"))
        described(spec)
        spec.text("target", required=True)
    return meta
