"""PURE: entities → catalog-info.yaml, so that reading it again gives the same entities."""

from collections.abc import Iterable, Mapping

from catalog.manifest.entities import Entity, Link, Marker, Metadata, Profile, Spec
from catalog.manifest.kinds import KINDS, PROFILE_KEYS, Field
from catalog.manifest.writing import written
from catalog.refs import Ref

DEFAULT_NAMESPACE = "default"


def render(entities: Iterable[Entity]) -> str:
    """A manifest of `entities`, one document each; references stand whole. `parse` reads the same back."""
    return "---\n".join(written(data(entity)) for entity in entities)


def data(entity: Entity) -> dict[str, object]:
    """The entity as JSON has it, in the order in which people write it."""
    return {
        "apiVersion": entity.api_version,
        "kind": entity.kind,
        "metadata": _metadata(entity.metadata),
        "spec": _spec(entity.spec, KINDS[entity.kind].fields),
    }


def _metadata(metadata: Metadata) -> dict[str, object]:
    said: dict[str, object] = {
        "namespace": "" if metadata.namespace == DEFAULT_NAMESPACE else metadata.namespace,
        "title": _plain(metadata.title),
        "description": _plain(metadata.description),
        "labels": metadata.labels,
        "annotations": metadata.annotations,
        "tags": metadata.tags,
        "links": [_link(link) for link in metadata.links],
    }
    return {"name": metadata.name, **_said(said), **metadata.extra}


def _link(link: Link) -> dict[str, object]:
    return {"url": link.url, **_said({"title": link.title, "icon": link.icon, "type": link.type}), **link.extra}


def _spec(spec: Spec, fields: Iterable[Field]) -> dict[str, object]:
    given = {field: getattr(spec, field.attribute) for field in fields}
    told = {field.key: _plain(value) for field, value in given.items() if _is_said(field, value)}
    return {**told, **spec.extra}


def _is_said(field: Field, value: object) -> bool:
    return (
        (field.required and not field.unless)
        or value not in ("", (), None, Profile())
        or (field.key == "members" and value is not None)
    )


def _plain(value: object) -> object:
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, Marker):
        return {value.key: value.target}
    if isinstance(value, Profile):
        return {**_said({key: getattr(value, name) for key, name in PROFILE_KEYS.items()}), **value.extra}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _said(given: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in given.items() if value}
