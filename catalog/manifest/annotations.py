"""PURE: the annotations Portico understands, read from what an entity says."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog import rules
from catalog.refs import BadReference, Ref, parse
from portal.lib.errors import FieldError

TIER, RESPONDERS, RUNBOOK = "portico/tier", "portico/responders", "portico/runbook"
DOCS, CHAT, LEADS, ZONE, CLOCK = "portico/docs", "portico/chat", "portico/leads", "portico/time-zone", "portico/clock"
RELATIONS = "portico/relations"
"""Relations that Backstage's model has no field for in this kind, as JSON: {"dependsOn": ["component:default/a"]}."""

UNSET = "portico/unset"
"""Names of required fields whose value stands there only because it must: `owner` of what nobody owns."""

OWN = (TIER, RESPONDERS, RUNBOOK, DOCS, CHAT, LEADS, ZONE, CLOCK, RELATIONS, UNSET)
RELATED = {
    "dependsOn": "",
    "dependencyOf": "",
    "providesApis": "api",
    "consumesApis": "api",
    "subcomponentOf": "component",
}
CLOCKS = ("12", "24")
TIER_TEXT = re.compile("[1-4]")
NAMED = {
    "github_project": "github.com/project-slug",
    "github_team": "github.com/team-slug",
    "techdocs": "backstage.io/techdocs-ref",
    "source_location": "backstage.io/source-location",
    "kubernetes_id": "backstage.io/kubernetes-id",
}
PROMETHEUS = "prometheus.io/"
MONITORED = tuple(PROMETHEUS + name for name in ("rule", "alert", "labels", "service-name"))
KNOWN = (*OWN, *NAMED.values(), *MONITORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What annotations say. Mappings are by what follows the `/`: `pagerduty["integration-key"]`."""

    tier: int | None = None
    responders: tuple[Ref, ...] = ()
    runbook: str = ""
    docs: str = ""
    chat: str = ""
    leads: tuple[Ref, ...] | None = None
    time_zone: str = ""
    clock_24h: bool | None = None
    relations: Mapping[str, tuple[Ref, ...]] = field(default_factory=dict)
    unset: frozenset[str] = frozenset()
    github_project: str = ""
    github_team: str = ""
    techdocs: str = ""
    source_location: str = ""
    kubernetes_id: str = ""
    pagerduty: Mapping[str, str] = field(default_factory=dict)
    opsgenie: Mapping[str, str] = field(default_factory=dict)
    prometheus: Mapping[str, str] = field(default_factory=dict)


def understand(annotations: Mapping[str, str], *, namespace: str) -> tuple[Understood, list[FieldError]]:
    """What `annotations` say, and the faults of our own ones; `field` of a fault is the annotation's key."""
    faults: list[FieldError] = []
    named = {name: annotations.get(key, "") for name, key in NAMED.items()}
    read = Understood(
        tier=_tier(annotations.get(TIER), faults),
        responders=_references(RESPONDERS, annotations.get(RESPONDERS, ""), "group", namespace, faults),
        runbook=_address(RUNBOOK, annotations.get(RUNBOOK, ""), faults),
        docs=annotations.get(DOCS, ""),
        chat=_address(CHAT, annotations.get(CHAT, ""), faults),
        leads=_references(LEADS, annotations[LEADS], "user", namespace, faults) if LEADS in annotations else None,
        time_zone=annotations.get(ZONE, "").strip(),
        clock_24h=_clock(annotations.get(CLOCK), faults),
        relations=_relations(annotations.get(RELATIONS), namespace, faults),
        unset=frozenset(filter(None, map(str.strip, annotations.get(UNSET, "").split(",")))),
        pagerduty=_below(annotations, "pagerduty.com/"),
        opsgenie=_below(annotations, "opsgenie.com/"),
        prometheus={key.removeprefix(PROMETHEUS): annotations[key] for key in MONITORED if key in annotations},
        **named,
    )
    return read, faults


def _tier(text: str | None, faults: list[FieldError]) -> int | None:
    if text is None:
        return None
    if TIER_TEXT.fullmatch(text.strip()):
        return int(text)
    help_ = 'write "1" (the whole company stops) to "4" (nobody notices), or leave it out'
    faults.append(FieldError(TIER, "out_of_range", f"{text!r}: {help_}."))
    return None


def _references(key: str, text: str, kind: str, namespace: str, faults: list[FieldError]) -> tuple[Ref, ...]:
    found: dict[Ref, None] = {}
    for part in _parts(text):
        try:
            found[parse(part, kind=kind, namespace=namespace)] = None
        except BadReference as error:
            faults.append(FieldError(key, "invalid_reference", f"{error}, and commas between several."))
    return tuple(found)


def listed(refs: Sequence[str]) -> str:
    """References in one text, as `understand` reads them: commas between, or JSON where one holds a comma itself."""
    odd = any("," in ref or ref != ref.strip() for ref in refs)
    return json.dumps(list(refs)) if odd else ", ".join(refs)


def _parts(text: str) -> list[str]:
    if text.lstrip().startswith("["):
        said = _json(text)
        if isinstance(said, list) and all(isinstance(one, str) for one in said):
            return said
    return [part for part in map(str.strip, text.split(",")) if part]


def _json(text: str) -> object:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _relations(text: str | None, namespace: str, faults: list[FieldError]) -> dict[str, tuple[Ref, ...]]:
    if text is None:
        return {}
    said = _json(text)
    if not isinstance(said, dict) or not all(key in RELATED and isinstance(refs, list) for key, refs in said.items()):
        help_ = 'write JSON such as {"dependsOn": ["component:default/a"]}'
        faults.append(FieldError(RELATIONS, "invalid_json", f"{text[:60]!r}: {help_}, with {', '.join(RELATED)}."))
        return {}
    return {
        key: _references(RELATIONS, json.dumps([str(ref) for ref in refs]), RELATED[key], namespace, faults)
        for key, refs in said.items()
    }


def _address(key: str, text: str, faults: list[FieldError]) -> str:
    wrong = list(rules.web_address(key, text.strip()))
    faults += wrong
    return "" if wrong else text.strip()


def _clock(text: str | None, faults: list[FieldError]) -> bool | None:
    if text is None or text.strip() in CLOCKS:
        return None if text is None else text.strip() == "24"
    faults.append(FieldError(CLOCK, "out_of_range", f'{text!r}: write "12" or "24", or leave it out.'))
    return None


def _below(annotations: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in annotations.items() if key.startswith(prefix)}
