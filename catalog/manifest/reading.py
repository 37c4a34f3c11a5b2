"""PURE: documents → entities, by Backstage's rules."""

import re
from dataclasses import dataclass, replace
from typing import Any

from catalog import rules
from catalog.manifest import slips, templates
from catalog.manifest.annotations import Understood, understand
from catalog.manifest.documents import Document, read
from catalog.manifest.entities import Entity, Extra, Link, Metadata, Profile, Spec
from catalog.manifest.kinds import API_VERSIONS, KINDS, LINK_KEYS, METADATA_KEYS, PROFILE_KEYS, ROOT_KEYS, Field, Shape
from catalog.manifest.mapping import Reader
from catalog.manifest.nodes import MapNode
from catalog.manifest.problems import Problem
from catalog.manifest.relations import Relation
from catalog.refs import Ref
from portal.lib.errors import FieldError

KIND = re.compile(r"[a-zA-Z][a-z0-9A-Z]*")
TEMPLATE_KIND = "Template"
DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a text registers. An entity with an error is not among `entities`; one with warnings is."""

    entities: tuple[Entity, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def parse(given: str | bytes) -> Manifest:
    """All entities of a catalog-info.yaml, and all that is wrong with it. Never raises.

    A document that is broken, or that breaks a rule, is refused alone; the others survive.
    """
    stream = read(given)
    found: dict[Ref, Entity] = {}
    for document in stream.documents:
        entity = entity_of(document)
        if entity is None:
            continue
        if (first := found.get(entity.ref)) is not None:
            said = f"{entity.ref} is in document {first.document} already; keep one of them."
            document.problems.error(entity.at("metadata", "name"), "metadata.name", "twice", said)
        else:
            found[entity.ref] = entity
    return Manifest(
        tuple(found.values()),
        tuple(problem for document in stream.documents for problem in _in_order(document.problems.errors))
        + stream.errors,
        tuple(problem for document in stream.documents for problem in _in_order(document.problems.warnings)),
    )


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def entity_of(document: Document) -> Entity | None:
    """The entity that `document` is, or None; then `document.problems` says why."""
    root = document.root
    if root is None:
        return None
    if not isinstance(root, MapNode):
        document.problems.error(
            root.mark, "", "not_a_mapping", "An entity is a mapping: apiVersion, kind, metadata, spec."
        )
        return None
    if templates.refused(document, root):
        return None
    entity = _entity(Reader(root, "", root.mark, document.problems), root)
    return None if entity is None or document.problems.errors else replace(entity, document=document.number)


def _entity(root: Reader, node: MapNode) -> Entity | None:
    kind, version = _kind(root), _api_version(root)
    _root_keys(root, kind)
    inside, spec = root.mapping("metadata", required=True), root.mapping("spec", required=True)
    if kind not in KINDS or inside is None or spec is None:
        return None
    metadata = _metadata(inside)
    slips.in_metadata(inside, KINDS[kind])
    values = {field.attribute: _value(spec, field, metadata.namespace) for field in KINDS[kind].fields}
    slips.in_spec(spec, kind)
    understood = _understood(inside, metadata)
    if root.problems.errors:
        return None
    extra = spec.rest({field.key for field in KINDS[kind].fields})
    entity = Entity(
        api_version=version,
        kind=kind,
        metadata=metadata,
        spec=_spec(kind, values, extra),
        understood=understood,
        root=node,
    )
    return replace(entity, relations=_relations(entity.ref, values, KINDS[kind].fields, spec))


def _spec(kind: str, values: dict[str, Any], extra: Extra) -> Spec:
    said = {name: value for name, value in values.items() if value is not None}
    return KINDS[kind].spec(**said, extra=extra)


def _api_version(root: Reader) -> str:
    said = root.text("apiVersion", required=True)
    if said and said not in API_VERSIONS:
        help_ = f"write {API_VERSIONS[0]} (or {API_VERSIONS[1]})"
        root.error("apiVersion", "unknown_api_version", f"{said!r} is not one of Backstage's: {help_}.")
    return said


def _kind(root: Reader) -> str:
    said = root.text("kind", required=True)
    if not said or said in KINDS:
        return said
    if len(said) > 63 or not KIND.fullmatch(said):
        root.error("kind", "invalid_kind", f"{said!r}: use 1 to 63 letters and digits, beginning with a letter.")
    elif said == TEMPLATE_KIND:
        root.error("kind", "template", "A scaffolder template is not catalogued here; leave it out.")
    else:
        help_ = f"kinds are {', '.join(KINDS)}, in exactly these letters"
        root.error("kind", "unknown_kind", f"{said!r}: {help_}.", slips.meant(said, KINDS))
    return said


def _root_keys(root: Reader, kind: str) -> None:
    for key in root:
        if key not in ROOT_KEYS:
            help_ = "is worked out, never written" if key in ("relations", "status") else "can't stand here"
            message = f"{key!r} {help_}; only {', '.join(ROOT_KEYS)} may. Take it out."
            at = root.node.keys[key]
            root.problems.error(at, key, "unknown_root_key", message, slips.in_root(key, KINDS.get(kind)))


def _metadata(found: Reader) -> Metadata:
    name, namespace = found.text("name", required=True), _namespace(found)
    for fault in rules.naming(namespace=namespace, name=name if name.strip() else "missing"):
        found.error(fault.field, fault.code, fault.message)
    return Metadata(
        name=name,
        namespace=namespace,
        title=found.markable("title"),
        description=found.markable("description"),
        labels=_labels(found),
        annotations=_annotations(found),
        tags=found.texts("tags", rule=rules.tags) or (),
        links=tuple(_link(link) for link in found.mappings("links")),
        extra=found.rest(METADATA_KEYS),
    )


def _namespace(found: Reader) -> str:
    """The namespace said; where that can't be one, the default, so that one fault doesn't make others."""
    if "namespace" not in found:
        return DEFAULT_NAMESPACE
    text = found.text("namespace")
    if not rules.is_namespace(text):
        for fault in rules.naming(namespace=found.said("namespace", DEFAULT_NAMESPACE), name="given"):
            found.error(fault.field, fault.code, fault.message)
        return DEFAULT_NAMESPACE
    return text


def _labels(found: Reader) -> dict[str, str]:
    given = dict(found.text_map("labels"))
    inside = found.mapping("labels") if given else None
    for key, value in given.items():
        for fault in rules.labels({key: value}):
            _keyed(inside, key, fault)
    return given


def _annotations(found: Reader) -> dict[str, str]:
    given = dict(found.text_map("annotations"))
    inside = found.mapping("annotations") if given else None
    for fault in rules.annotations(given):
        _keyed(inside, fault.field.removeprefix("annotations."), fault)
    if inside is not None:
        slips.in_annotations(inside)
    return given


def _keyed(inside: Reader | None, key: str, fault: FieldError) -> None:
    if inside is not None:
        at = inside.node.keys[key] if fault.code == "invalid_key" else inside.mark(key)
        inside.problems.error(at, inside.where(key), fault.code, fault.message)


def _link(found: Reader) -> Link:
    link = Link(
        url=found.text("url", required=True),
        title=found.text("title"),
        icon=found.text("icon"),
        type=found.text("type"),
        extra=found.rest(LINK_KEYS),
    )
    slips.in_keys(found, LINK_KEYS)
    if link.url.strip() and not link.href:
        help_ = "is kept, but not shown as a link: write a whole address, beginning with https:// or http://"
        found.warning("url", "unsafe_link", f"{link.url!r} {help_}.")
    return link


def _understood(found: Reader, metadata: Metadata) -> Understood:
    read_, faults = understand(metadata.annotations, namespace=metadata.namespace)
    inside = found.mapping("annotations") if faults else None
    for fault in faults:
        _keyed(inside, fault.field, fault)
    return read_


def _value(spec: Reader, field: Field, namespace: str) -> object:
    required = field.required and not (field.unless and field.unless in spec)
    match field.shape:
        case Shape.TEXT:
            return spec.text(field.key, required=required)
        case Shape.MARKABLE:
            return spec.markable(field.key, required=required)
        case Shape.TEXTS:
            return spec.texts(field.key, required=required)
        case Shape.REFERENCE:
            return spec.reference(field.key, kind=field.kind, namespace=namespace, required=required)
        case Shape.REFERENCES:
            return spec.references(field.key, kind=field.kind, namespace=namespace, required=required)
        case Shape.PROFILE:
            return _profile(spec.mapping(field.key))


def _profile(found: Reader | None) -> Profile | None:
    if found is None:
        return None
    slips.in_keys(found, PROFILE_KEYS)
    said = {attribute: found.text(key) for key, attribute in PROFILE_KEYS.items()}
    return Profile(**said, extra=found.rest(PROFILE_KEYS))


def _relations(source: Ref, values: dict[str, Any], fields: tuple[Field, ...], spec: Reader) -> tuple[Relation, ...]:
    found: dict[Relation, None] = {}
    for field in fields:
        named = values[field.attribute] if field.relation else None
        for target in (named,) if isinstance(named, Ref) else named or ():
            if target == source:
                spec.warning(field.key, "itself", f"{source} names itself here; that makes no relation.")
            else:
                found[Relation(source, field.relation, target)] = None
    return tuple(found)
