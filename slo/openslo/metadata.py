"""PURE: what every document of OpenSLO v1 begins with: apiVersion, kind, metadata."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.manifest.fields import Faults, Fields
from catalog.manifest.slips import meant

API_VERSION = "openslo/v1"
PREFIX = "portico/"
NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
LONGEST_DESCRIPTION = 1050


@dataclass(frozen=True, slots=True)
class Meta:
    """`labels` are those with one value, `own` our annotations, `kept` what is only given back, as metadata has it."""

    name: str
    title: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)


def opened(value: object, kind: str, faults: Faults) -> Fields:
    """The document's root, held to its apiVersion and kind; an inline object may leave both out."""
    root = Fields(value if isinstance(value, Mapping) else {}, "", faults)
    if not isinstance(value, Mapping):
        faults.error("", "not_a_mapping", "An OpenSLO object is a mapping: apiVersion, kind, metadata, spec.")
    said = root.text("apiVersion")
    if said != API_VERSION:
        root.error("apiVersion", "unknown_api_version", f"{said!r} can't be read here: write {API_VERSION}.")
    if root.text("kind") != kind:
        root.error("kind", "unknown_kind", f"{root.text('kind')!r}: write {kind}.")
    root.only(("apiVersion", "kind", "metadata", "spec"))
    return root


def inline(found: Fields, kind: str) -> None:
    """Hold an object that stands within another to its kind."""
    found.only(("apiVersion", "kind", "metadata", "spec"))
    if found.text("apiVersion") not in ("", API_VERSION):
        found.error("apiVersion", "unknown_api_version", f"{found.text('apiVersion')!r}: write {API_VERSION}.")
    if found.text("kind") not in ("", kind):
        found.error("kind", "unknown_kind", f"{found.text('kind')!r} can't stand here: write {kind}.")


def read_meta(root: Fields, *, own: Collection[str] = (), required: bool = True, ours: bool = True) -> Meta:
    """The metadata; `own` are the annotations of ours that mean something here, without `portico/`."""
    found = root.inside("metadata", required=required)
    if found is None:
        return Meta("")
    found.only(("name", "displayName", "labels", "annotations"))
    name = found.text("name", required=required)
    if name and ours and not NAME.fullmatch(name):
        found.error("name", "format", "use 1 to 63 of a–z, 0–9, '-', '.' and '_', such as ci-build-success")
    title = found.text("displayName")
    if len(title) > 200:
        found.error("displayName", "too_long", f"{len(title)} characters; use at most 200")
    labels, lists = _labels(found)
    mine, others = _annotations(found, own)
    kept = {key: value for key, value in (("labels", lists), ("annotations", others)) if value}
    return Meta(name, title, labels, mine, kept)


def _labels(found: Fields) -> tuple[dict[str, str], dict[str, list[str]]]:
    inside = found.inside("labels")
    one: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    for key, value in (inside.value if inside else {}).items():
        if isinstance(value, str):
            one[key] = value
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            several[key] = value
        elif inside:
            inside.error(key, "not_text", "A label is a text or a list of texts; put numbers in quotes.")
    return one, several


def _annotations(found: Fields, own: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
    inside = found.inside("annotations")
    mine: dict[str, str] = {}
    others: dict[str, str] = {}
    for key in inside.value if inside else ():
        if inside is None:
            continue
        text = inside.text(key)
        if not key.startswith(PREFIX):
            others[key] = text
        elif key.removeprefix(PREFIX) in own:
            mine[key.removeprefix(PREFIX)] = text
        else:
            known = [PREFIX + name for name in own]
            guess = meant(key, known)
            hint = f" Did you mean {guess}?" if guess else ""
            words = f"{key!r} means nothing here; of ours there may be {', '.join(known) or 'none'}.{hint}"
            inside.error(key, "unknown", words)
    return mine, others


def write_meta(meta: Meta) -> dict[str, Any]:
    """Metadata that `read_meta` reads alike."""
    labels = {**meta.labels, **meta.kept.get("labels", {})}
    annotations = {**meta.kept.get("annotations", {}), **{PREFIX + key: value for key, value in meta.own.items()}}
    said = {"name": meta.name, "displayName": meta.title, "labels": labels, "annotations": annotations}
    return {key: value for key, value in said.items() if value}


def described(spec: Fields) -> str:
    """The description."""
    text = spec.text("description")
    if len(text) > LONGEST_DESCRIPTION:
        spec.warn("description", "long", f"{len(text)} characters; OpenSLO allows {LONGEST_DESCRIPTION}.")
    return text


def document(kind: str, meta: Meta, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A whole document."""
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": write_meta(meta), "spec": dict(spec)}
