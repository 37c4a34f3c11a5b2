"""OpenSLO v1 as documents of `apply` and `export`: what is read is written by operations, what is there is exported."""

from dataclasses import replace

from catalog import registries
from slo.documents import alerts, looking, slis, slos, sources
from slo.documents.alerts import save_policy
from slo.documents.slos import document_of
from slo.openslo import API_VERSION

KINDS: dict[tuple[str, str], registries.ApplyKind] = {
    (API_VERSION, kind): replace(one, look_up=looking.look_up) if kind in ("SLI", "SLO") else one
    for kind, one in {**sources.KINDS, **alerts.KINDS, **slis.KINDS, **slos.KINDS}.items()
}  # fmt: skip
"""Data sources first, SLOs last, in whatever order they stand in the files."""

__all__ = ["KINDS", "document_of", "save_policy"]
