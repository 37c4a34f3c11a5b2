"""PURE: the annotations Portico understands, read from what an entity says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog import rules
from catalog.refs import BadReference, Ref, parse
from portal.lib.errors import FieldError

TIER, RESPONDERS, RUNBOOK = "portico/tier", "portico/responders", "portico/runbook"
OWN = (TIER, RESPONDERS, RUNBOOK)
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
        responders=_responders(annotations.get(RESPONDERS, ""), namespace, faults),
        runbook=_runbook(annotations.get(RUNBOOK, ""), faults),
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


def _responders(text: str, namespace: str, faults: list[FieldError]) -> tuple[Ref, ...]:
    found: dict[Ref, None] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            found[parse(part, kind="group", namespace=namespace)] = None
        except BadReference as error:
            faults.append(FieldError(RESPONDERS, "invalid_reference", f"{error}, and commas between several."))
    return tuple(found)


def _runbook(text: str, faults: list[FieldError]) -> str:
    wrong = list(rules.web_address(RUNBOOK, text.strip()))
    faults += wrong
    return "" if wrong else text.strip()


def _below(annotations: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in annotations.items() if key.startswith(prefix)}
