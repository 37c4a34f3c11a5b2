"""DataSource and Service documents."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from catalog import registries
from catalog.access import Actor
from catalog.manifest import Document
from catalog.models import Component
from catalog.refs import BadReference, parse
from portal.lib import durations
from portal.lib.errors import FieldError, Invalid
from slo import openslo
from slo.documents.common import answered, kept_of, meta_of, name_of, named, placed, read
from slo.models import DataSource
from slo.openslo import Faults, Source
from slo.openslo.sources import FLAGS, TEXTS
from slo.operations.sources import SourceDraft, changes_source, retire_source, save_source

DEFAULTS = SourceDraft("", "")


def write_source(document: Document, actor: Actor, now: datetime) -> registries.KindWritten:
    """Make the data source; its secrets, and whether it is the default where that isn't said, stay."""
    found, faults = read(openslo.read_source, document)
    name = found.meta.name
    before = DataSource.objects.filter(name=name, retired_at=None).first()
    details = {"is_default": bool(before and before.is_default), **found.details}
    draft = SourceDraft(
        name=name,
        kind=found.kind,
        description=found.description,
        extra=kept_of(found.meta, labels=dict(found.meta.labels), title=found.meta.title),
        **details,
    )
    diff: dict[str, tuple[object, object]] = {}
    if changes_source(draft):
        paths = {ours: f"spec.connectionDetails.{key}" for key, ours in (TEXTS | FLAGS).items()}
        try:
            row = save_source(draft=draft, actor=actor, now=now)
        except Invalid as error:
            raise placed(error, paths | {"name": "metadata.name"}, "spec.connectionDetails") from error
        diff = {"url": (before.url if before else None, row.url)}
    return answered(f"datasource:{name}", created=before is None, diff=diff, faults=faults)


def exported_sources() -> Iterator[Mapping[str, object]]:
    """Every data source, without its secrets."""
    for row in DataSource.objects.filter(retired_at=None).order_by("name"):
        details = {ours: getattr(row, ours) for ours in (*TEXTS.values(), *FLAGS.values())}
        details |= {"timeout": durations.render(row.timeout), "delay": durations.render(row.delay)}
        details["external_labels"] = tuple(row.external_labels)
        said = {key: value for key, value in details.items() if value != getattr(DEFAULTS, key)}
        meta = meta_of(row.name, row.extra.get("title", ""), row.extra)
        yield openslo.write_source(Source(meta, row.description, row.kind, said))


def write_service(document: Document, _actor: Actor, _now: datetime) -> registries.KindWritten:
    """The component of that name must be there; what else a service says of it is the catalog's to say."""
    found, faults = read(openslo.read_service, document)
    try:
        ref = str(parse(found.meta.name, kind="component"))
    except BadReference as error:
        raise Invalid(str(error), errors=(FieldError("metadata.name", "format", str(error)),)) from error
    component = Component.objects.filter(ref=ref, retired_at=None).first()
    if component is None:
        words = (
            f"There is no {ref}. A Service is a component of the catalog: register it first, by a catalog-info.yaml "
            "document in the same files, the form, or PUT /api/v1/components"
        )
        raise Invalid(words, errors=(FieldError("metadata.name", "missing", words),))
    _compare(faults, "metadata.displayName", found.meta.title, component.title)
    _compare(faults, "spec.description", found.description, component.description)
    return answered(f"service:{found.meta.name}".lower(), created=False, diff={}, faults=faults)


def _compare(faults: Faults, path: str, said: str, here: str) -> None:
    if said and said != here:
        faults.warn(path, "not_taken", f"is not taken over: the catalog says {here[:80]!r}")


def _keep(_ref: str, _actor: Actor, _now: datetime) -> None:
    """The component is the catalog's."""


KINDS = {
    "DataSource": registries.ApplyKind(
        write=write_source,
        ref_of=named("DataSource"),
        exported=exported_sources,
        retire=lambda ref, actor, now: retire_source(name=name_of(ref), actor=actor, now=now),
        order=200,
    ),
    "Service": registries.ApplyKind(write=write_service, ref_of=named("Service"), retire=_keep, order=205),
}
