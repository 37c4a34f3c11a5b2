"""What is in the database, as the SLO a document would say."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.lib import durations
from slo import openslo
from slo.documents.alerts import alerts_of
from slo.documents.common import kept_of, meta_of
from slo.models import AlertPolicy, Definition, Indicator, Objective
from slo.openslo import WORKBOOK, Faults, Measure, Meta, Promise, Sli, Slices, Slo


def base_of(row: Indicator) -> Measure:
    """What a shared indicator measures."""
    return Measure(row.type, row.indicator, row.source.name if row.source else "")


def kept(slo: Slo, *, counted: openslo.Counted) -> dict[str, Any]:
    """The `extra` of a definition: what the SLO says beside what its columns hold."""
    sli = slo.sli
    inline = {} if sli is None else kept_of(
        sli.meta, name=sli.meta.name, title=sli.meta.title, labels=dict(sli.meta.labels), description=sli.description
    )  # fmt: skip
    sliced: dict[str, Any] = {}
    if slo.slices is not None and (slo.slices.target != 1 or not slo.condition):
        sliced = {"target": str(slo.slices.target), "op": slo.slices.op}
        if sli is not None and sli.measure.type != counted.type:
            sliced |= {"type": sli.measure.type, "indicator": dict(sli.measure.indicator)}
        if sli is not None and sli.measure.type == counted.type and slo.slices.target == 1:
            sliced = {}
    return kept_of(
        slo.meta,
        sli=inline,
        slices=sliced,
        condition=slo.condition if slo.sli_ref else "",
        start=slo.start,
        display={one.name: one.display for one in slo.promises if one.display},
    )


def slo_of(definition: Definition, objectives: Sequence[Objective]) -> Slo:
    """The definition and `objectives` of it, as a document says them; reading that again changes nothing."""
    return _with_promises(held(definition), definition, objectives)


def held(definition: Definition) -> Slo:
    """The definition alone. What was kept of a document is used only while it still says what is counted."""
    slo = _plain(definition)
    here = openslo.Counted(definition.type, definition.indicator)
    if definition.sli is not None:
        shared = _said(slo, definition, sli=None, sli_ref=definition.sli.name)
        if _counts(shared, base_of(definition.sli)) == here:
            return shared
    sliced = definition.extra.get("slices", {})
    if "type" in sliced:
        base = Measure(sliced["type"], sliced["indicator"], definition.source.name if definition.source else "")
        ratio = _said(slo, definition, sli=Sli(_meta(definition), _about(definition), base), sli_ref="")
        if _counts(ratio, base) == here:
            return ratio
    return openslo.apart(slo)


def _counts(slo: Slo, measure: Measure) -> openslo.Counted | None:
    faults = Faults()
    found = openslo.counted(slo, measure, faults)
    return None if faults.errors else openslo.Counted(found.type, dict(found.indicator))


def _said(slo: Slo, definition: Definition, *, sli: Sli | None, sli_ref: str) -> Slo:
    sliced: Mapping[str, str] = definition.extra.get("slices", {})
    slices = Slices(Decimal(sliced["target"]), sliced["op"]) if sliced else None
    said = {name: getattr(slo, name) for name in Slo.__dataclass_fields__}
    condition = definition.extra.get("condition", "") if sli_ref else ""
    return Slo(**{**said, "sli": sli, "sli_ref": sli_ref, "slices": slices, "condition": condition})


def _plain(definition: Definition) -> Slo:
    measure = Measure(definition.type, definition.indicator, definition.source.name if definition.source else "")
    sliced: Mapping[str, str] = definition.extra.get("slices", {})
    slices = Slices(Decimal(sliced["target"]), sliced["op"]) if sliced and "type" not in sliced else None
    return Slo(
        meta=meta_of(definition.name, definition.title, definition.extra, definition.labels),
        component=definition.component.ref,
        promises=(),
        sli=Sli(_meta(definition), _about(definition), measure),
        description=definition.description,
        slices=slices,
        budgeting=definition.budgeting,
        slice_length=durations.render(definition.slice_length),
        no_data=definition.no_data,
        blind_after=durations.render(definition.blind_after),
        group_by=tuple(definition.group_by),
        max_series=definition.max_series,
        preset=definition.preset,
        start=definition.extra.get("start", ""),
    )


def _meta(definition: Definition) -> Meta:
    extra = definition.extra.get("sli", {})
    return meta_of(extra.get("name", ""), extra.get("title", ""), extra)


def _about(definition: Definition) -> str:
    return str(definition.extra.get("sli", {}).get("description", ""))


def _with_promises(slo: Slo, definition: Definition, objectives: Sequence[Objective]) -> Slo:
    display = definition.extra.get("display", {})
    first: AlertPolicy | None = objectives[0].policy if objectives else None
    promises = tuple(
        Promise(
            name=one.name,
            title=one.title,
            target=one.target.normalize(),
            window=f"{one.window_days}d" if one.window_days else one.calendar,
            time_zone=one.time_zone,
            policy="" if one.policy == first else one.policy.name,
            budget_policy=one.budget_policy.name if one.budget_policy else "",
            display=display.get(one.name, ""),
        )
        for one in objectives
    )
    alerts = alerts_of(first, definition.name) if first else (WORKBOOK,)
    said = {name: getattr(slo, name) for name in Slo.__dataclass_fields__}
    start = slo.start if objectives and objectives[0].calendar else ""
    return Slo(**{**said, "promises": promises, "alerts": alerts, "start": start})
