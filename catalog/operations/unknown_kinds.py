"""Documents that nobody here reads: which kinds and versions are understood, and what may have been meant."""

from catalog import manifest, registries
from catalog.manifest import Document
from catalog.manifest.reading import TEMPLATE_KIND
from catalog.manifest.slips import meant
from portal.lib.errors import FieldError

LONGEST = 100
"""Letters of what can't be read that are said again."""


def fault_of_kind(document: Document) -> FieldError | None:
    """Why a document is none of another app's kinds, though it was meant as one."""
    said, kind = document.api_version, document.kind
    kinds = sorted({name for version, name in registries.apply_kinds if version == said and name not in manifest.KINDS})
    if kinds and said not in manifest.API_VERSIONS:
        guess = meant(kind, kinds)
        hint = f" Did you mean {guess}?" if guess else ""
        return FieldError("kind", "unknown_kind", f"{kind!r}: {said} has {', '.join(kinds)}.{hint}")
    versions = sorted({version for version, name in registries.apply_kinds if name == kind})
    if versions and kind not in manifest.KINDS:
        words = f"{said!r} can't be read here: a {kind} is written as {' or '.join(versions)}."
        return FieldError("apiVersion", "unknown_api_version", words)
    if not said or not kind or kind in manifest.KINDS or kind == TEMPLATE_KIND or meant(kind, manifest.KINDS):
        return None  # which is said where entities of the catalog are read
    if said in manifest.API_VERSIONS:
        return FieldError("kind", "unknown_kind", f"{kind[:LONGEST]!r} is no kind. {_understood()}")
    return FieldError("apiVersion", "unknown_api_version", f"{said[:LONGEST]!r} can't be read here. {_understood()}")


def _understood() -> str:
    """Every version and its kinds."""
    others: dict[str, list[str]] = {}
    for version, kind in sorted(registries.apply_kinds):
        others.setdefault(version, []).append(kind)
    ours = f"{' and '.join(manifest.API_VERSIONS)} with {', '.join(manifest.KINDS)}"
    rest = (f"{version} with {', '.join(kinds)}" for version, kinds in others.items())
    return f"Understood are {'; '.join([ours, *rest])}."
