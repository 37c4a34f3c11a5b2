"""PURE: where in a manifest a field of a spec stands, so that a fault found later still has its line and column."""

import re

from catalog.manifest import annotations

STEP = re.compile(r"[^.\[\]]+|\[[0-9]+\]")
METADATA = frozenset({"name", "namespace", "title", "description", "labels", "annotations", "tags", "links"})
OWN = {
    "tier": annotations.TIER,
    "responders": annotations.RESPONDERS,
    "runbook": annotations.RUNBOOK,
    "docs": annotations.DOCS,
    "chat_url": annotations.CHAT,
    "time_zone": annotations.ZONE,
    "clock_24h": annotations.CLOCK,
}
SPEC = {
    "depends_on": "dependsOn",
    "dependency_of": "dependencyOf",
    "provides_apis": "providesApis",
    "consumes_apis": "consumesApis",
    "subcomponent_of": "subcomponentOf",
    "member_of": "memberOf",
}
PROFILE = {"display_name": "displayName", "email": "email", "picture": "picture"}
type Path = tuple[str | int, ...]


def steps_of(field: str) -> Path:
    """A path as text in its steps: `spec.steps[0].delay` → ("spec", "steps", 0, "delay")."""
    return tuple(int(step[1:-1]) if step[0] == "[" else step for step in STEP.findall(field))


def path_of(field: str, *, kind: str) -> Path:
    """The path in the manifest of a fault's field, such as `depends_on[2]` → ("spec", "dependsOn", 2)."""
    if field.startswith(("labels.", "annotations.")):  # keys hold dots of their own
        name, _, key = field.partition(".")
        return ("metadata", name, key)
    first, *rest = steps_of(field) or ("",)
    name = str(first)
    if name in METADATA:
        return ("metadata", name, *rest)
    if name in OWN:
        return ("metadata", "annotations", OWN[name])
    if name in PROFILE:
        return ("spec", "profile", PROFILE[name])
    if name == "extra":
        return tuple(rest)
    if name == "members":
        return ("spec", "members", *rest[:1])
    if name == "parent" and kind == "Domain":
        return ("spec", "subdomainOf")
    return ("spec", SPEC.get(name, name), *rest)
