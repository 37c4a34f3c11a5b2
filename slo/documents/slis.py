"""SLI documents: indicators that several SLOs share."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from catalog import registries
from catalog.access import Actor
from catalog.manifest import Document
from portal.lib.errors import Invalid
from slo import openslo
from slo.documents.common import answered, kept_of, meta_of, name_of, named, placed, read, refuse
from slo.documents.held import base_of, held
from slo.indicators import kinds
from slo.models import DataSource, Definition, Indicator
from slo.openslo import Faults, Sli
from slo.operations.indicators import IndicatorDraft, retire_indicator, save_indicator
from slo.operations.slos import follow_indicator


def write(document: Document, actor: Actor, now: datetime) -> registries.KindWritten:
    """Make the indicator; what is counted by it follows, with ledgers of its own."""
    found, faults = read(openslo.read_sli, document)
    meta, measure = found.meta, found.measure
    draft = IndicatorDraft(
        name=meta.name,
        type=measure.type,
        indicator=measure.indicator,
        title=meta.title,
        description=found.description,
        source=measure.source,
        labels=meta.labels,
        extra=kept_of(meta),
    )
    try:
        row, created, diff = save_indicator(draft=draft, actor=actor, now=now)
    except Invalid as error:
        paths = {f"indicator.{key}": path for key, path in measure.paths.items()}
        raise placed(error, paths | {"name": "metadata.name"}, "spec") from error
    if diff and not created:
        _follow(row, faults, actor, now)
    return answered(f"sli:{meta.name}", created=created, diff=diff, faults=faults)


def _follow(row: Indicator, faults: Faults, actor: Actor, now: datetime) -> None:
    default = DataSource.objects.filter(is_default=True, retired_at=None).first()
    used = Definition.objects.select_for_update(of=("self",)).filter(sli=row, retired_at=None)
    for definition in used.select_related("component", "source", "sli__source"):
        slo = held(definition)
        counted = openslo.counted(slo, base_of(row), faults)
        refuse(faults)
        source = row.source or default
        follow_indicator(
            definition=definition,
            type=counted.type,
            indicator=counted.indicator,
            source_id=None if kinds[counted.type].own or source is None else source.pk,
            actor=actor,
            now=now,
        )


def exported() -> Iterator[Mapping[str, object]]:
    """Every shared indicator."""
    for row in Indicator.objects.select_related("source").order_by("name"):
        meta = meta_of(row.name, row.title, row.extra, row.labels)
        yield openslo.write_sli(Sli(meta, row.description, base_of(row)))


def owned(refs: Collection[str], teams: Collection[int]) -> set[str]:
    """Indicators that only these teams count by."""
    names = {name_of(ref): ref for ref in refs if ref.startswith("sli:")}
    used = Definition.objects.filter(sli__name__in=names, component__owner__in=teams)
    others = Definition.objects.filter(sli__name__in=names).exclude(component__owner__in=teams)
    mine = set(used.values_list("sli__name", flat=True)) - set(others.values_list("sli__name", flat=True))
    return {names[name] for name in mine}


KINDS = {
    "SLI": registries.ApplyKind(
        write=write,
        ref_of=named("SLI"),
        exported=exported,
        retire=lambda ref, actor, now: retire_indicator(name=name_of(ref), actor=actor, now=now),
        order=225,
        owned=owned,
    )
}
