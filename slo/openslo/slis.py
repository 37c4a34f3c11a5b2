"""PURE: SLI documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.manifest.fields import Faults, Fields
from slo.openslo.measures import INDICATOR, Measure, read_measure, write_measure
from slo.openslo.metadata import PREFIX, Meta, described, document, inline, opened, read_meta, write_meta

KIND = "SLI"


@dataclass(frozen=True, slots=True)
class Sli:
    """An SLI, by itself or inline."""

    meta: Meta
    description: str
    measure: Measure


def read_sli(value: object, faults: Faults) -> Sli | None:
    """The SLI that a whole document is; None where it can't be read."""
    return _read(opened(value, KIND, faults), faults, required=True)


def read_inline(found: Fields) -> Sli | None:
    """An SLO's `indicator`."""
    inline(found, KIND)
    return _read(found, found.faults, required=False)


def _read(root: Fields, faults: Faults, *, required: bool) -> Sli | None:
    meta = read_meta(root, own=(INDICATOR,), required=required, ours=required)
    spec = root.inside("spec", required=True)
    if spec is None:
        return None
    spec.only(("description", "thresholdMetric", "ratioMetric"))
    at = f"{root.where('metadata')}.annotations.{PREFIX}{INDICATOR}"
    measure = read_measure(spec, meta.own.get(INDICATOR, ""), at)
    return None if measure is None else Sli(_without(meta), described(spec), measure)


def _without(meta: Meta) -> Meta:
    return Meta(meta.name, meta.title, meta.labels, {}, meta.kept)


def write_sli(sli: Sli) -> dict[str, Any]:
    """A whole document."""
    meta, spec = _parts(sli)
    return document(KIND, meta, spec)


def write_inline(sli: Sli) -> dict[str, Any]:
    """As an SLO's `indicator`."""
    meta, spec = _parts(sli)
    return {"metadata": write_meta(meta), "spec": dict(spec)}


def _parts(sli: Sli) -> tuple[Meta, Mapping[str, Any]]:
    metric, exact = write_measure(sli.measure)
    own = {INDICATOR: exact} if exact else {}
    said = {"description": sli.description} if sli.description else {}
    return Meta(sli.meta.name, sli.meta.title, sli.meta.labels, own, sli.meta.kept), {**said, **metric}
