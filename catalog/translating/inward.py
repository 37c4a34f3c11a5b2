"""PURE: a manifest's entity as a spec."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from catalog import manifest
from catalog.manifest import Entity, Marker, Profile, annotations
from catalog.refs import Ref
from catalog.specs import (
    AS_IT_IS,
    ComponentSpec,
    DomainSpec,
    EntitySpec,
    Link,
    MemberSpec,
    PersonSpec,
    SystemSpec,
    TeamSpec,
)

RELATED = {
    "depends_on": "dependsOn",
    "dependency_of": "dependencyOf",
    "provides_apis": "providesApis",
    "consumes_apis": "consumesApis",
}
type Read = Callable[[Marker], str | None]
"""What stands in another file, or None where that can't be read."""


class Untranslatable(ValueError):
    """The entity is of a kind that has no spec."""


def unread(_: Marker) -> str | None:
    """For texts that came without the files they speak of."""
    return None


def spec_of(entity: Entity, *, read: Read = unread) -> EntitySpec:
    """What the entity says, as a spec that is not checked yet. Raises Untranslatable for a Location."""
    said = entity.spec
    if isinstance(said, manifest.ComponentSpec | manifest.ApiSpec | manifest.ResourceSpec):
        return _component(entity, said, read)
    if isinstance(said, manifest.SystemSpec):
        return SystemSpec(**_shared(entity, read), type=said.type, owner=_owner(entity), domain=_ref(said.domain))
    if isinstance(said, manifest.DomainSpec):
        parent = _ref(said.subdomain_of)
        return DomainSpec(**_shared(entity, read), type=said.type, owner=_owner(entity), parent=parent)
    if isinstance(said, manifest.GroupSpec):
        return _team(entity, said, read)
    if isinstance(said, manifest.UserSpec):
        return _person(entity, said, read)
    raise Untranslatable(entity.kind)


def _component(
    entity: Entity, said: "manifest.ComponentSpec | manifest.ApiSpec | manifest.ResourceSpec", read: Read
) -> ComponentSpec:
    known = entity.understood
    shared = _shared(entity, read)
    lifecycle = getattr(said, "lifecycle", None)
    if lifecycle is None and isinstance(lifecycle := said.extra.get("lifecycle"), str):
        # a Resource may say it, though Backstage's model asks for none
        shared["extra"] = _without(shared["extra"], "lifecycle")
    texts = {"type": said.type, "lifecycle": lifecycle if isinstance(lifecycle, str) else "", "definition": ""}
    if isinstance(said, manifest.ApiSpec):
        texts["definition"] = _text(said.definition, "definition", shared["extra"], read)
    shared |= {name: "" if name in known.unset else text for name, text in texts.items()}
    shared |= {name: _named(entity, name, key) for name, key in RELATED.items()}
    return ComponentSpec(
        **shared,
        kind=entity.kind.lower(),
        tier=known.tier,
        owner=_owner(entity),
        system=_ref(said.system),
        subcomponent_of=_ref(getattr(said, "subcomponent_of", None)) or "".join(_also(entity, "subcomponentOf")[:1]),
        docs=known.docs,
        runbook=known.runbook,
        responders=_refs(known.responders),
    )


def _team(entity: Entity, said: "manifest.GroupSpec", read: Read) -> TeamSpec:
    shared = _shared(entity, read)
    named = shared["title"] or said.profile.display_name
    leads = entity.understood.leads
    members = None if said.members is None else tuple(_member(person, leads) for person in said.members)
    _keep_profile(shared["extra"], said.profile, ours={"displayName": named})
    shared["title"] = named
    return TeamSpec(
        **shared,
        type="" if "type" in entity.understood.unset else said.type,
        email=said.profile.email,
        picture=said.profile.picture,
        chat_url=entity.understood.chat,
        parent=_ref(said.parent),
        children=_refs(said.children),
        members=members,
    )


def _member(person: Ref, leads: tuple[Ref, ...] | None) -> MemberSpec:
    if leads is None:
        return MemberSpec(person=str(person), role=AS_IT_IS)
    return MemberSpec(person=str(person), role="lead" if person in leads else "member")


def _person(entity: Entity, said: "manifest.UserSpec", read: Read) -> PersonSpec:
    shared = _shared(entity, read)
    _keep_profile(shared["extra"], said.profile, ours={"displayName": said.profile.display_name})
    return PersonSpec(
        **shared,
        display_name=said.profile.display_name,
        email=said.profile.email,
        picture=said.profile.picture,
        time_zone=entity.understood.time_zone or "UTC",
        clock_24h=entity.understood.clock_24h is not False,
        member_of=_refs(said.member_of),
    )


def _shared(entity: Entity, read: Read) -> dict[str, Any]:
    said = entity.metadata
    extra: dict[str, Any] = {}
    if said.extra:
        extra["metadata"] = dict(said.extra)
    if entity.spec.extra:
        extra["spec"] = dict(entity.spec.extra)
    return {
        "namespace": said.namespace,
        "name": said.name,
        "title": _text(said.title, "title", extra, read),
        "description": _text(said.description, "description", extra, read),
        "tags": said.tags,
        "labels": dict(said.labels),
        "annotations": {key: text for key, text in said.annotations.items() if key not in annotations.OWN},
        "links": tuple(_link(link) for link in said.links),
        "extra": extra,
    }


def _text(said: str | Marker, field: str, extra: dict[str, Any], read: Read) -> str:
    """The text; what a marker speaks of where that can be read, else the marker is kept."""
    if isinstance(said, str):
        return said
    found = read(said)
    if found is None:
        extra["markers"] = {**extra.get("markers", {}), field: {said.key: said.target}}
        return ""
    return found


def _link(link: manifest.Link) -> Link:
    said = {"url": link.url, "title": link.title, "icon": link.icon, "type": link.type}
    return {**{key: text for key, text in said.items() if text}, **link.extra, "url": link.url}  # type: ignore[dict-item]


def _keep_profile(extra: dict[str, Any], profile: Profile, *, ours: Mapping[str, str]) -> None:
    """What a profile says beyond our fields, and a name that is another one than the title."""
    kept = dict(profile.extra)
    if profile.display_name and profile.display_name != ours["displayName"]:
        kept["displayName"] = profile.display_name
    if kept:
        extra["profile"] = kept


def _named(entity: Entity, name: str, key: str) -> tuple[str, ...]:
    """What its kind has a field for, and what `portico/relations` says beside."""
    return _refs(getattr(entity.spec, name, ())) + _also(entity, key)


def _also(entity: Entity, key: str) -> tuple[str, ...]:
    return _refs(entity.understood.relations.get(key, ()))


def _owner(entity: Entity) -> str:
    owner: Ref | None = getattr(entity.spec, "owner", None)
    return "" if "owner" in entity.understood.unset else _ref(owner)


def _without(extra: dict[str, Any], key: str) -> dict[str, Any]:
    rest = {name: value for name, value in extra["spec"].items() if name != key}
    others = {name: value for name, value in extra.items() if name != "spec"}
    return {**others, "spec": rest} if rest else others


def _ref(ref: Ref | None) -> str:
    return "" if ref is None else str(ref)


def _refs(refs: Iterable[Ref] | None) -> tuple[str, ...]:
    return tuple(str(ref) for ref in refs or ())
