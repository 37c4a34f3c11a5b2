"""What all kinds of OpenSLO documents do alike: names, faults, outcomes."""

from collections.abc import Callable, Mapping
from typing import Any

from catalog import registries
from catalog.manifest import Document
from portal.lib.errors import FieldError, Invalid
from slo.openslo import Faults, Meta


def named(kind: str) -> Callable[[Document], str]:
    """`ref_of` of a kind: `slo:web-availability`; empty where a document names nothing."""

    def ref_of(document: Document) -> str:
        said = document.value()
        metadata = said.get("metadata") if isinstance(said, dict) else None
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return f"{kind.lower()}:{name}".lower()[:200] if isinstance(name, str) and name else ""

    return ref_of


def name_of(ref: str) -> str:
    """The name in such a reference."""
    return ref.partition(":")[2]


def read[T](reader: Callable[[object, Faults], T | None], document: Document) -> tuple[T, Faults]:
    """What the document says. Raises Invalid with every fault at its path."""
    faults = Faults()
    found = reader(document.value(), faults)
    refuse(faults)
    if found is None:
        raise Invalid("This can't be read.")
    return found, faults


def refuse(faults: Faults) -> None:
    """Raise Invalid where anything is wrong."""
    if faults.errors:
        raise Invalid("; ".join(f"{one.field}: {one.message}" for one in faults.errors), errors=tuple(faults.errors))


def placed(error: Invalid, paths: Mapping[str, str], otherwise: str) -> Invalid:
    """The same refusal, with the paths of a document for the fields of a draft."""
    faults = tuple(FieldError(paths.get(one.field, otherwise), one.code, one.message) for one in error.errors)
    return Invalid(str(error), errors=faults or (FieldError(otherwise, "refused", str(error)),))


def answered(
    ref: str, *, created: bool, diff: Mapping[str, tuple[object, object]], faults: Faults
) -> registries.KindWritten:
    """What `apply` is told."""
    outcome = "created" if created else "updated" if diff else "unchanged"
    return registries.KindWritten(ref, outcome, dict(diff), tuple(faults.warnings))


def kept_of(meta: Meta, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """The `extra` of a row: what is only given back. Labels too where the row has no column for them."""
    said = {"metadata": dict(meta.kept), **more}
    return {key: value for key, value in said.items() if value}


def meta_of(name: str, title: str, extra: Mapping[str, Any], labels: Mapping[str, str] | None = None) -> Meta:
    """The metadata that a row and its `extra` stand for."""
    return Meta(name, title, extra.get("labels", {}) if labels is None else labels, {}, extra.get("metadata", {}))
