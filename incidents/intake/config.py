"""How an integration's words are read: component, group, loudness, and where generic JSON keeps what. Pure.

As kept in `Integration.settings` and said over the API:

    {"grouping": "component" | "none" | ["alertname", "cluster"],
     "component_labels": ["component", "portico_component"],
     "component_rules": [{"labels": {"job": "runner-*"}, "component": "ci-runners"}],
     "default_component": "", "severity_label": "severity",
     "rules": {"critical": "page", "warning": "ticket"}, "default_rule": "page",
     "mapping": {"key": "/id", "summary": "/title", …},     of generic JSON only
     "every": "5m", "grace": "1m"}                          of heartbeats only
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from fnmatch import translate
from functools import lru_cache

from incidents.intake import pointer
from portal.lib import durations
from portal.lib.errors import FieldError, Invalid

COMPONENT, NONE = "component", "none"
RULES = ("page", "ticket", "info")
LOUDNESS: Mapping[str, str] = {
    "critical": "page", "error": "page", "page": "page", "high": "page", "warning": "ticket", "ticket": "ticket",
    "low": "ticket", "info": "info", "none": "info",
}  # fmt: skip
"""What a source's own word for severity is taken for, unless the integration says otherwise."""

POINTERS = ("items", "key", "summary", "component", "severity", "status")
SHORTEST, LONGEST = timedelta(seconds=10), timedelta(days=366)
LABELS, COMPONENT_RULES, WORDS = 20, 100, 100
TEXT = 200


@dataclass(frozen=True, slots=True)
class ComponentRule:
    """Where all these labels match (`*` stands for anything), it is this component."""

    labels: Mapping[str, str]
    component: str

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Whether all of them are there and match."""
        return all(name in labels and _glob(pattern).match(labels[name]) for name, pattern in self.labels.items())


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Where generic JSON keeps what, by JSON pointers; those of an alert begin at the item where `items` leads to many.

    `severities` and `statuses` translate the sender's words; the rest is taken as it is.
    """

    items: str = ""
    key: str = ""
    summary: str = ""
    component: str = ""
    severity: str = ""
    status: str = ""
    links: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """An integration's settings, read and sound."""

    grouping: str | tuple[str, ...] = COMPONENT
    component_labels: tuple[str, ...] = (COMPONENT, "portico_component")
    component_rules: tuple[ComponentRule, ...] = ()
    default_component: str = ""
    severity_label: str = "severity"
    rules: Mapping[str, str] = field(default_factory=dict)
    default_rule: str = "page"
    mapping: FieldMap = field(default_factory=FieldMap)
    every: timedelta = timedelta(minutes=5)
    grace: timedelta = timedelta(minutes=1)

    def rule(self, level: str) -> str:
        """page, ticket or info for a source's own word; the default where it is none we know."""
        word = level.strip().lower()
        return self.rules.get(word) or LOUDNESS.get(word) or self.default_rule


GENERIC_ONLY, HEARTBEAT_ONLY = {"mapping"}, {"every", "grace"}


def read(said: object, *, kind: str) -> Config:
    """`said`, checked; what is left out is the default. Raises Invalid, naming every field that is wrong."""
    faults = Faults()
    given = faults.record("settings", said)
    known = {one.name for one in fields(Config)}
    known -= set() if kind == "generic" else GENERIC_ONLY
    known -= set() if kind == "heartbeat" else HEARTBEAT_ONLY
    faults.unknown("settings", given, known)
    default = Config()
    labels = faults.names("settings.component_labels", given.get("component_labels"), default.component_labels)
    found = Config(
        grouping=_grouping(given.get("grouping", COMPONENT), faults),
        component_labels=labels,
        component_rules=_component_rules(given.get("component_rules"), faults),
        default_component=faults.text("settings.default_component", given.get("default_component")),
        severity_label=faults.text("settings.severity_label", given.get("severity_label")) or default.severity_label,
        rules=_words("settings.rules", given.get("rules"), RULES, faults),
        default_rule=faults.choice("settings.default_rule", given.get("default_rule"), RULES) or default.default_rule,
        mapping=_mapping(given.get("mapping"), faults) if kind == "generic" else default.mapping,
        every=_duration("settings.every", given.get("every"), default.every, faults, shortest=SHORTEST),
        grace=_duration("settings.grace", given.get("grace"), default.grace, faults, shortest=timedelta(0)),
    )
    faults.end()
    return found


def as_json(config: Config, *, kind: str) -> dict[str, object]:
    """What `read` reads back."""
    rules = [{"labels": dict(rule.labels), "component": rule.component} for rule in config.component_rules]
    said: dict[str, object] = {
        "grouping": config.grouping if isinstance(config.grouping, str) else list(config.grouping),
        "component_labels": list(config.component_labels),
        "component_rules": rules,
        "default_component": config.default_component,
        "severity_label": config.severity_label,
        "rules": dict(config.rules),
        "default_rule": config.default_rule,
    }
    if kind == "generic":
        mapping = config.mapping
        said["mapping"] = {
            **{name: getattr(mapping, name) for name in POINTERS},
            "links": list(mapping.links), "labels": dict(mapping.labels),
            "severities": dict(mapping.severities), "statuses": dict(mapping.statuses),
        }  # fmt: skip
    if kind == "heartbeat":
        said |= {"every": durations.render(config.every), "grace": durations.render(config.grace)}
    return said


class Faults:
    """What is wrong, gathered; `end` raises it."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def add(self, field_name: str, message: str, code: str = "invalid") -> None:
        """One more."""
        self.errors.append(FieldError(field_name, code, message))

    def end(self) -> None:
        """Raises Invalid where anything was wrong."""
        if self.errors:
            said = "; ".join(
                f"{error.field}: {error.message}" if error.field else error.message for error in self.errors[:5]
            )
            raise Invalid(said, errors=tuple(self.errors[:50]))

    def record(self, name: str, value: object) -> Mapping[str, object]:
        """An object; empty where it is none, or left out."""
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.add(name, "Send a JSON object.")
            return {}
        return value

    def unknown(self, name: str, value: Mapping[str, object], known: set[str]) -> None:
        """Names that mean nothing here."""
        for key in value:
            if key not in known:
                self.add(f"{name}.{str(key)[:60]}", f"Unknown; use {', '.join(sorted(known))}.", "unknown_field")

    def text(self, name: str, value: object) -> str:
        """A short text; empty where left out."""
        if value is None:
            return ""
        if not isinstance(value, str) or "\x00" in value:
            self.add(name, "Send a text.")
            return ""
        if len(value) > TEXT:
            self.add(name, f"At most {TEXT} characters.", "too_long")
            return ""
        return value.strip()

    def choice(self, name: str, value: object, choices: Sequence[str]) -> str:
        """One of `choices`; empty where left out."""
        text = self.text(name, value)
        if text and text not in choices:
            self.add(name, f"Use one of: {', '.join(choices)}.")
            return ""
        return text

    def names(self, name: str, value: object, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts, in order, each once."""
        if value is None:
            return default
        if not isinstance(value, list | tuple) or len(value) > LABELS:
            self.add(name, f"Send a list of at most {LABELS} names.")
            return default
        found = (self.text(f"{name}[{place}]", one) for place, one in enumerate(value))
        return tuple(dict.fromkeys(one for one in found if one))


def _grouping(value: object, faults: Faults) -> str | tuple[str, ...]:
    if value in (None, COMPONENT, NONE):
        return COMPONENT if value is None else str(value)
    if not isinstance(value, list | tuple):
        faults.add("settings.grouping", f"Use {COMPONENT}, {NONE}, or a list of labels.")
        return COMPONENT
    return faults.names("settings.grouping", value, ()) or COMPONENT


def _component_rules(value: object, faults: Faults) -> tuple[ComponentRule, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > COMPONENT_RULES:
        faults.add("settings.component_rules", f"Send a list of at most {COMPONENT_RULES} rules.")
        return ()
    return tuple(_component_rule(f"settings.component_rules[{place}]", one, faults) for place, one in enumerate(value))


def _component_rule(name: str, value: object, faults: Faults) -> ComponentRule:
    given = faults.record(name, value)
    faults.unknown(name, given, {"labels", "component"})
    labels = {
        faults.text(f"{name}.labels", key): faults.text(f"{name}.labels.{str(key)[:60]}", pattern)
        for key, pattern in faults.record(f"{name}.labels", given.get("labels")).items()
    }
    component = faults.text(f"{name}.component", given.get("component"))
    if not labels or not all(labels):
        faults.add(f"{name}.labels", "Name at least one label and what it must be.", "required")
    if not component:
        faults.add(f"{name}.component", "Name the component.", "required")
    return ComponentRule(labels, component)


def _words(name: str, value: object, choices: Sequence[str], faults: Faults) -> dict[str, str]:
    given = faults.record(name, value)
    if len(given) > WORDS:
        faults.add(name, f"At most {WORDS} words.", "too_many")
        return {}
    pairs = (
        (faults.text(name, key).lower(), faults.choice(f"{name}.{str(key)[:60]}", word, choices))
        for key, word in given.items()
    )
    return {key: word for key, word in pairs if key and word}


def _mapping(value: object, faults: Faults) -> FieldMap:
    name = "settings.mapping"
    given = faults.record(name, value)
    faults.unknown(name, given, {one.name for one in fields(FieldMap)})
    found = FieldMap(
        **{one: _pointer(f"{name}.{one}", given.get(one), faults) for one in POINTERS},
        links=tuple(
            _pointer(f"{name}.links[{place}]", one, faults)
            for place, one in enumerate(faults.names(f"{name}.links", given.get("links"), ()))
        ),
        labels={
            faults.text(f"{name}.labels", key): _pointer(f"{name}.labels.{str(key)[:60]}", one, faults)
            for key, one in faults.record(f"{name}.labels", given.get("labels")).items()
        },
        severities=_words(f"{name}.severities", given.get("severities"), RULES, faults),
        statuses=_words(f"{name}.statuses", given.get("statuses"), ("firing", "resolved"), faults),
    )
    if not found.key and not found.summary:
        faults.add(
            f"{name}.key",
            "Say where the key is, or at least the summary: the same key is the same trouble.",
            "required",
        )
    return found


def _pointer(name: str, value: object, faults: Faults) -> str:
    text = faults.text(name, value)
    return text if _sound(text, lambda why: faults.add(name, why)) else ""


def _sound(text: str, say: Callable[[str], None]) -> bool:
    try:
        pointer.parse(text)
    except pointer.BadPointer as error:
        say(f"No JSON pointer: {error}.")
        return False
    return True


def _duration(name: str, value: object, default: timedelta, faults: Faults, *, shortest: timedelta) -> timedelta:
    text = faults.text(name, value)
    if not text:
        return default
    try:
        found = durations.parse(text)
    except durations.BadDuration as error:
        faults.add(name, f"{error}.")
        return default
    if not shortest <= found <= LONGEST:
        faults.add(name, f"Use {durations.render(shortest)} to {durations.render(LONGEST)}.", "out_of_range")
        return default
    return timedelta(seconds=round(found.total_seconds()))


@lru_cache(maxsize=1000)
def _glob(pattern: str) -> re.Pattern[str]:
    """`*` stands for anything; nothing else is special."""
    return re.compile(translate(pattern.replace("[", "[[]").replace("?", "[?]")), re.IGNORECASE)
