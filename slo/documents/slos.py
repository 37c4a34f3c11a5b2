"""SLO documents: a definition with its objectives."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects

from catalog import registries
from catalog.access import Actor
from catalog.manifest import Document
from portal.lib.errors import Expected, FieldError, Invalid
from slo import openslo
from slo.documents import alerts
from slo.documents.common import answered, name_of, named, placed, read, refuse
from slo.documents.held import base_of, kept, slo_of
from slo.drafts import ObjectiveDraft
from slo.models import Definition, Indicator, Objective
from slo.openslo import Counted, Faults, Measure, Slo
from slo.operations.objectives import NameTaken
from slo.operations.slos import SloDraft, retire_slo, save_slo

CHUNK = 500
REF = "slo:"
PATHS = {
    "name": "metadata.name",
    "title": "metadata.displayName",
    "description": "spec.description",
    "labels": "metadata.labels",
    "component": "spec.service",
    "source": "spec.indicator",
    "type": "spec.indicator",
    "indicator": "spec.indicator",
    "policy": "spec.alertPolicies[0].alertPolicyRef",
    "target": "spec.objectives[0].target",
    "window": "spec.timeWindow[0].duration",
    "time_zone": "spec.timeWindow[0].calendar.timeZone",
    "budgeting": "spec.budgetingMethod",
    "slice_length": "spec.objectives[0].timeSliceWindow",
}
"""Where in a document a field of a draft is said."""


@transaction.atomic
def write(document: Document, actor: Actor, now: datetime) -> registries.KindWritten:
    """Make the definition and its objectives what the document says."""
    slo, faults = read(openslo.read_slo, document)
    sli = _shared(slo, faults)
    refuse(faults)
    measure = base_of(sli) if sli else slo.sli.measure if slo.sli else Measure("", {})
    counted = openslo.counted(slo, measure, faults)
    refuse(faults)
    own = openslo.own_policy(slo)
    changed = False
    if slo.alerts != (own,):
        items = openslo.write_slo(slo)["spec"]["alertPolicies"]
        changed = alerts.put_own(
            slo=slo.meta.name, alerts=slo.alerts, items=items, faults=faults, actor=actor, now=now
        )  # fmt: skip
    extra = _with_others(slo, kept(slo, counted=counted))
    draft = SloDraft(slo.meta.name, slo.meta.title, _drafts(slo, counted, measure, own), sli, extra)
    try:
        saved = save_slo(draft=draft, actor=actor, now=now)
    except Invalid as error:
        raise placed(error, PATHS | paths_of(slo, measure), "spec") from error
    except NameTaken as error:
        raise _taken(error) from error
    if slo.alerts == (own,):
        alerts.drop_own(slo.meta.name, actor=actor, now=now)
    diff = saved.diff or ({"policy": (own, own)} if changed else {})
    return answered(f"{REF}{slo.meta.name}", created=saved.created, diff=diff, faults=faults)


def _with_others(slo: Slo, extra: dict[str, Any]) -> dict[str, Any]:
    """With how objectives are called that the document does not have: they are retired, and may come back."""
    found = Definition.objects.filter(name=slo.meta.name).values_list("extra", flat=True).first()
    names = {one.name for one in slo.promises}
    others = {name: text for name, text in (found or {}).get("display", {}).items() if name not in names}
    return {**extra, "display": others | extra.get("display", {})} if others else extra


def _taken(error: NameTaken) -> Expected:
    """The same refusal, at the name."""
    return NameTaken(str(error), errors=(FieldError("metadata.name", "taken", str(error)),))


def _shared(slo: Slo, faults: Faults) -> Indicator | None:
    if not slo.sli_ref:
        return None
    found = Indicator.objects.select_related("source").filter(name=slo.sli_ref).first()
    if found is None:
        faults.error("spec.indicatorRef", "missing", f"there is no SLI {slo.sli_ref}; add it to the same files")
    return found


def paths_of(slo: Slo, measure: Measure) -> dict[str, str]:
    """Where this document says what is not at its usual place in `PATHS`."""
    keys = {f"indicator.{key}": path for key, path in measure.paths.items()}
    if slo.sli_ref:
        keys |= dict.fromkeys(("source", "type", "indicator"), "spec.indicatorRef")
    if measure.paths:
        keys.setdefault("indicator.query", next(iter(measure.paths.values())))
    return {**keys, **slo.paths}


def _drafts(slo: Slo, counted: Counted, measure: Measure, own: str) -> list[ObjectiveDraft]:
    return [
        ObjectiveDraft(
            name=one.name,
            component=slo.component,
            type=counted.type,
            indicator=counted.indicator,
            target=one.target,
            window=one.window,
            time_zone=one.time_zone,
            title=one.title,
            description=slo.description,
            source=measure.source,
            policy=one.policy or own,
            budgeting=slo.budgeting,
            no_data=slo.no_data,
            blind_after=slo.blind_after,
            labels=slo.meta.labels,
            slice_length=slo.slice_length,
            group_by=slo.group_by,
            max_series=slo.max_series,
            budget_policy=one.budget_policy,
            preset=slo.preset,
        )
        for one in slo.promises
    ]


def exported() -> Iterator[Mapping[str, object]]:
    """Every definition that promises something, in chunks."""
    rows = Definition.objects.filter(retired_at=None).select_related("component", "source", "sli__source")
    for definition in rows.prefetch_related(_promised()).order_by("name").iterator(chunk_size=CHUNK):
        objectives = list(definition.objectives.all())
        if objectives:
            yield openslo.write_slo(slo_of(definition, objectives))


def _promised() -> "Prefetch[Any]":
    live = Objective.objects.filter(retired_at=None, parent=None)
    return Prefetch("objectives", live.select_related("policy", "budget_policy").order_by("pk"))


def document_of(objective: Objective) -> Mapping[str, object]:
    """The SLO that an objective belongs to, as a document; of a retired one, itself alone."""
    definition = objective.definition
    prefetch_related_objects([definition], _promised())
    return openslo.write_slo(slo_of(definition, list(definition.objectives.all()) or [objective]))


def owned(refs: Collection[str], teams: Collection[int]) -> set[str]:
    """SLOs on components of these teams."""
    names = {name_of(ref): ref for ref in refs if ref.startswith(REF)}
    found = Definition.objects.filter(name__in=names, component__owner__in=teams)
    return {names[name] for name in found.values_list("name", flat=True)}


KINDS = {
    "SLO": registries.ApplyKind(
        write=write,
        ref_of=named("SLO"),
        exported=exported,
        retire=lambda ref, actor, now: retire_slo(name=name_of(ref), actor=actor, now=now),
        order=230,
        owned=owned,
    )
}
