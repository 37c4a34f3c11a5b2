"""PURE: DataSource and Service documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.manifest.fields import Faults, Fields
from slo.openslo.measures import TYPES
from slo.openslo.metadata import Meta, described, document, opened, read_meta

SOURCE, SERVICE = "DataSource", "Service"
TEXTS = {
    "url": "url", "auth": "auth", "username": "username", "certFile": "cert_file", "keyFile": "key_file",
    "caFile": "ca_file", "timeout": "timeout", "delay": "delay",
}  # fmt: skip
FLAGS = {"default": "is_default", "verify": "verify"}
SECRETS = ("secret", "password", "token", "headers", "apiKey", "appKey", "accessKeyID", "secretAccessKey")


@dataclass(frozen=True, slots=True)
class Source:
    """A data source: `details` by the names of SourceDraft. Secrets are never part of a document."""

    meta: Meta
    description: str
    kind: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """A service: the component of that name."""

    meta: Meta
    description: str


def read_source(value: object, faults: Faults) -> Source | None:
    """The DataSource that a document is; None where it can't be read."""
    root = opened(value, SOURCE, faults)
    meta = read_meta(root)
    spec = root.inside("spec", required=True)
    if spec is None:
        return None
    spec.only(("description", "type", "connectionDetails"))
    said = spec.text("type", required=True)
    if said and said.lower() not in TYPES:
        spec.error("type", "unknown_type", f"{said!r} can't be asked; Portico reads {', '.join(TYPES.values())}")
    details = _details(spec)
    return None if details is None else Source(meta, described(spec), said.lower(), details)


def _details(spec: Fields) -> dict[str, Any] | None:
    given = spec.value.get("connectionDetails")
    if isinstance(given, list):
        parts = spec.each("connectionDetails")
    else:
        inside = spec.inside("connectionDetails", required=True)
        parts = (inside,) if inside else ()
    found: dict[str, Any] = {}
    for part in parts:
        _no_secrets(part)
        part.only((*TEXTS, *FLAGS, "externalLabels", *(key for key in SECRETS if key in part)))
        found |= {ours: part.text(key) for key, ours in TEXTS.items() if key in part}
        found |= {ours: part.flag(key) for key, ours in FLAGS.items() if key in part}
        if "externalLabels" in part:
            found["external_labels"] = _labels(part)
    if not found.get("url"):
        spec.error("connectionDetails", "required", "Add url: the address that answers /api/v1/query.")
        return None
    return found


def _no_secrets(part: Fields) -> None:
    for key in SECRETS:
        if key in part:
            words = f"{key} is a secret, and no document is a place for one; set it by PUT /api/v1/sources/NAME"
            part.error(key, "secret", words)


def _labels(part: Fields) -> tuple[str, ...]:
    found = part.value["externalLabels"]
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return tuple(found)
    part.error("externalLabels", "not_a_list", "write a list of label names")
    return ()


def write_source(source: Source) -> dict[str, Any]:
    """A whole document."""
    names = {ours: key for key, ours in (TEXTS | FLAGS).items()} | {"external_labels": "externalLabels"}
    details = {
        names[key]: list(value) if isinstance(value, tuple) else value for key, value in source.details.items()
    }  # fmt: skip
    said = {"description": source.description} if source.description else {}
    spec = {**said, "type": TYPES[source.kind], "connectionDetails": details}
    return document(SOURCE, source.meta, spec)


def read_service(value: object, faults: Faults) -> Service | None:
    """The Service that a document is; None where it can't be read."""
    root = opened(value, SERVICE, faults)
    meta = read_meta(root, ours=False)
    spec = root.inside("spec", required=False)
    if spec is not None:
        spec.only(("description",))
    return Service(meta, described(spec) if spec else "")
