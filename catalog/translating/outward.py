"""PURE: a spec as a manifest's entity, which Backstage reads too."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from catalog import manifest
from catalog.manifest import Entity, Marker, Metadata, Profile, annotations
from catalog.refs import Ref, parse
from catalog.specs import ComponentSpec, DomainSpec, EntitySpec, PersonSpec, SystemSpec, TeamSpec

NOTHING = "unknown"
"""Stands where Backstage asks for a value and there is none; `portico/unset` says so."""

OF_COMPONENTS = ("providesApis", "consumesApis", "subcomponentOf")


def entity_of(spec: EntitySpec) -> Entity:
    """The entity that `spec_of` reads as `spec`."""
    if isinstance(spec, ComponentSpec):
        return _component(spec)
    if isinstance(spec, SystemSpec):
        said: manifest.Spec = manifest.SystemSpec(
            owner=_owner(spec.owner), type=spec.type, domain=_ref(spec.domain), extra=_extra(spec, "spec")
        )
        return _entity("System", spec, said, unset=_missing(owner=spec.owner))
    if isinstance(spec, DomainSpec):
        said = manifest.DomainSpec(
            owner=_owner(spec.owner), type=spec.type, subdomain_of=_ref(spec.parent), extra=_extra(spec, "spec")
        )
        return _entity("Domain", spec, said, unset=_missing(owner=spec.owner))
    return _team(spec) if isinstance(spec, TeamSpec) else _person(spec)


def _component(spec: ComponentSpec) -> Entity:
    extra = _extra(spec, "spec")
    kept: dict[str, Any] = {"type": spec.type or NOTHING, "owner": _owner(spec.owner), "system": _ref(spec.system)}
    unset = _missing(owner=spec.owner, type=spec.type)
    own = {
        annotations.TIER: "" if spec.tier is None else str(spec.tier),
        annotations.RESPONDERS: annotations.listed(spec.responders),
        annotations.RUNBOOK: spec.runbook,
        annotations.DOCS: spec.docs,
    }
    if spec.kind == "resource":
        if spec.lifecycle:
            extra = {"lifecycle": spec.lifecycle, **extra}
        said: manifest.Spec = manifest.ResourceSpec(**kept, **_edges(spec), extra=extra)
        own[annotations.RELATIONS] = _beside(spec, *OF_COMPONENTS)
        return _entity("Resource", spec, said, own=own, unset=unset)
    kept["lifecycle"] = spec.lifecycle or NOTHING
    unset += _missing(lifecycle=spec.lifecycle)
    if spec.kind == "api":
        definition = _markable(spec, "definition", spec.definition)
        if not definition and "remotes" not in extra:
            definition = NOTHING
            unset += ["definition"]
        said = manifest.ApiSpec(**kept, definition=definition, extra=extra)
        own[annotations.RELATIONS] = _beside(spec, "dependsOn", "dependencyOf", *OF_COMPONENTS)
        return _entity("API", spec, said, own=own, unset=unset)
    said = manifest.ComponentSpec(
        **kept,
        **_edges(spec),
        subcomponent_of=_ref(spec.subcomponent_of),
        provides_apis=_refs(spec.provides_apis),
        consumes_apis=_refs(spec.consumes_apis),
        extra=extra,
    )
    return _entity("Component", spec, said, own=own, unset=unset)


def _beside(spec: ComponentSpec, *keys: str) -> str:
    """Relations that Backstage's model doesn't have for this kind and ours does, as `portico/relations` says them."""
    lists = {
        "dependsOn": spec.depends_on,
        "dependencyOf": spec.dependency_of,
        "providesApis": spec.provides_apis,
        "consumesApis": spec.consumes_apis,
        "subcomponentOf": tuple(filter(None, [spec.subcomponent_of])),
    }
    said = {key: list(lists[key]) for key in keys if lists[key]}
    return json.dumps(said) if said else ""


def _edges(spec: ComponentSpec) -> dict[str, Any]:
    return {"depends_on": _refs(spec.depends_on), "dependency_of": _refs(spec.dependency_of)}


def _team(spec: TeamSpec) -> Entity:
    leads = None if spec.members is None else [one.person for one in spec.members if one.role == "lead"]
    own = {annotations.CHAT: spec.chat_url, annotations.LEADS: annotations.listed(leads or ())}
    said = manifest.GroupSpec(
        type=spec.type or NOTHING,
        children=_refs(spec.children),
        parent=_ref(spec.parent),
        members=None if spec.members is None else _refs(one.person for one in spec.members),
        profile=_profile(spec, name=spec.title, email=spec.email, picture=spec.picture),
        extra=_extra(spec, "spec"),
    )
    return _entity("Group", spec, said, own=own, unset=_missing(type=spec.type), always=(annotations.LEADS,))


def _person(spec: PersonSpec) -> Entity:
    own = {annotations.ZONE: "" if spec.time_zone == "UTC" else spec.time_zone}
    own[annotations.CLOCK] = "" if spec.clock_24h else "12"
    said = manifest.UserSpec(
        member_of=_refs(spec.member_of or ()),
        profile=_profile(spec, name=spec.display_name, email=spec.email, picture=spec.picture),
        extra=_extra(spec, "spec"),
    )
    return _entity("User", spec, said, own=own)


def _entity(
    kind: str,
    spec: EntitySpec,
    said: manifest.Spec,
    *,
    own: Mapping[str, str] | None = None,
    unset: Iterable[str] = (),
    always: Iterable[str] = (),
) -> Entity:
    ours = {key: text for key, text in (own or {}).items() if text or key in always}
    if unset := sorted(unset):
        ours[annotations.UNSET] = ", ".join(unset)
    metadata = Metadata(
        name=spec.name,
        namespace=spec.namespace,
        title=_markable(spec, "title", spec.title),
        description=_markable(spec, "description", spec.description),
        labels=spec.labels,
        annotations={**spec.annotations, **ours},
        tags=spec.tags,
        links=tuple(_link(link) for link in spec.links),
        extra=_extra(spec, "metadata"),
    )
    return Entity(kind=kind, metadata=metadata, spec=said)


def _link(link: Mapping[str, Any]) -> manifest.Link:
    known = ("url", "title", "icon", "type")
    said = {key: str(link.get(key, "")) for key in known}
    return manifest.Link(**said, extra={key: value for key, value in link.items() if key not in known})


def _profile(spec: TeamSpec | PersonSpec, *, name: str, email: str, picture: str) -> Profile:
    extra = dict(_extra(spec, "profile"))
    other = extra.pop("displayName", "")
    return Profile(display_name=str(other or name), email=email, picture=picture, extra=extra)


def _markable(spec: EntitySpec, field: str, text: str) -> str | Marker:
    """The text, or the marker that stood for it and could not be read; a text given since wins."""
    kept = spec.extra.get("markers", {}).get(field) if not text else None
    if isinstance(kept, Mapping) and len(kept) == 1:
        ((key, target),) = kept.items()
        return Marker(str(key), str(target))
    return text


def _extra(spec: EntitySpec, part: str) -> Mapping[str, Any]:
    found = spec.extra.get(part, {})
    return found if isinstance(found, Mapping) else {}


def _missing(**required: str) -> list[str]:
    return [name for name, value in required.items() if not value]


def _owner(ref: str) -> Ref:
    return _ref(ref) or Ref("group", "default", NOTHING)


def _ref(ref: str) -> Ref | None:
    return parse(ref) if ref else None


def _refs(refs: Iterable[str]) -> tuple[Ref, ...]:
    return tuple(parse(ref) for ref in refs)
