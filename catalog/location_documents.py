"""Locations as documents of `apply` and `export`, as Backstage writes them."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from catalog import manifest, registries
from catalog.access import Actor
from catalog.manifest import API_VERSIONS, Document, Marker, Problem
from catalog.models import Location
from catalog.models.entity import Origin
from catalog.operations.locations import LocationGone, put_location, retire_location
from catalog.specs_location import LocationSpec
from portal.lib.errors import FieldError, Invalid

SOURCE = "location:"


def ref_of(document: Document) -> str:
    """`location:default/platform`; empty where the document names nothing."""
    said = document.value()
    metadata = said.get("metadata") if isinstance(said, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return ""
    return f"location:{metadata.get('namespace') or 'default'}/{metadata['name']}".lower()[:200]


def write(document: Document, actor: Actor, now: datetime) -> registries.KindWritten:
    """Make the location. One that stands in a location's own files is followed by whoever reads those, and not made."""
    before = len(document.problems.errors)
    entity = manifest.entity_of(document)
    if entity is None or not isinstance(entity.spec, manifest.LocationSpec):
        raise _invalid(document.problems.errors[before:])
    if actor.system.startswith(SOURCE):
        return registries.KindWritten(str(entity.ref), "unchanged", {})
    spec, metadata = entity.spec, entity.metadata
    targets = (*([spec.target] if spec.target else []), *spec.targets)
    written = put_location(
        spec=LocationSpec(
            namespace=metadata.namespace,
            name=metadata.name,
            title=_text(metadata.title),
            description=_text(metadata.description),
            tags=metadata.tags,
            labels=metadata.labels,
            annotations=metadata.annotations,
            type="directory" if targets and all(target.startswith("/") for target in targets) else "url",
            targets=targets,
        ),
        actor=actor,
        now=now,
        origin=Origin.MANIFEST,
    )
    return registries.KindWritten(written.row.ref, str(written.outcome), written.diff)


def retire(ref: str, actor: Actor, now: datetime) -> None:
    """Retire the location, unless it only stood in another's files, or in its own."""
    if actor.system.startswith(SOURCE):
        return
    try:
        retire_location(ref=ref, actor=actor, now=now)
    except LocationGone:
        return


def exported() -> Iterator[Mapping[str, object]]:
    """Every location as a document; how often it is read and what signs in are no part of one."""
    for row in Location.objects.filter(retired_at=None).order_by("ref").iterator():
        metadata = {
            "name": row.name,
            "namespace": row.namespace,
            "title": row.title,
            "description": row.description,
            "labels": row.labels,
            "annotations": row.annotations,
            "tags": row.tags,
        }
        yield {
            "apiVersion": API_VERSIONS[0],
            "kind": "Location",
            "metadata": {key: value for key, value in metadata.items() if value},
            "spec": {"targets": list(row.targets)},
        }


def _text(said: str | Marker) -> str:
    return said if isinstance(said, str) else ""


def _invalid(problems: list[Problem]) -> Invalid:
    faults = tuple(FieldError(one.field, one.code, one.message) for one in problems)
    return Invalid("; ".join(fault.message for fault in faults) or "This is no location.", errors=faults)


KINDS = {
    (version, "Location"): registries.ApplyKind(
        write=write, ref_of=ref_of, exported=tuple if place else exported, retire=retire, order=90
    )
    for place, version in enumerate(API_VERSIONS)
}
"""For `apply` and `export`; exported once, though two versions are read."""
