"""PURE: keys that look like a slip, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from catalog.manifest import annotations
from catalog.manifest.kinds import GENERATED_KEYS, KINDS, METADATA_KEYS, RELATED, ROOT_KEYS, Kind
from catalog.manifest.mapping import Reader

LIKENESS = 0.8
LONGEST_GUESSED = 64


def meant(said: str, known: Iterable[str]) -> str:
    """The one of `known` that `said` is closest to, or empty; letter case and a plural don't count much."""
    by_case = {name.lower(): name for name in known}
    if len(said) > LONGEST_GUESSED:
        return ""
    found = get_close_matches(said.lower(), by_case, n=1, cutoff=LIKENESS)
    return by_case[found[0]] if found else ""


def in_root(key: str, kind: Kind | None) -> str:
    """Where a key that stands at the root was probably meant to stand."""
    fields = [field.key for field in kind.fields] if kind else []
    below = {key_: f"spec.{key_}" for key_ in fields} | {key_: f"metadata.{key_}" for key_ in METADATA_KEYS}
    return below.get(key) or meant(key, ROOT_KEYS)


def in_metadata(metadata: Reader, kind: Kind) -> None:
    """Warn of unknown keys that look like a slip, and of our own annotations misspelt."""
    fields = {field.key for field in kind.fields}
    for key in metadata:
        if key in METADATA_KEYS or key in GENERATED_KEYS:
            continue
        _warn(metadata, key, f"spec.{key}" if key in fields else meant(key, METADATA_KEYS))


def in_annotations(found: Reader) -> None:
    """Warn of annotations that are nearly one we understand."""
    for key in found:
        if key not in annotations.KNOWN:
            _warn(found, key, meant(key, annotations.KNOWN))


def in_spec(spec: Reader, name: str) -> None:
    """Warn of unknown keys that look like a slip, and of relations this kind doesn't have."""
    kind = KINDS[name]
    fields = [field.key for field in kind.fields]
    for key in spec:
        if key in fields or key in kind.also:
            continue
        if key in RELATED:
            spec.warning(key, "not_used", f"A {name} has no {key}; it is kept, but makes no relation.")
        else:
            _warn(spec, key, f"metadata.{key}" if key in METADATA_KEYS else meant(key, fields))


def in_keys(found: Reader, known: Iterable[str]) -> None:
    """Warn of keys that are nearly one of `known`."""
    for key in found:
        if key not in known:
            _warn(found, key, meant(key, known))


def _warn(found: Reader, key: str, suggestion: str) -> None:
    if suggestion:
        found.warning(key, "did_you_mean", f"{key!r} means nothing here and is kept as it stands.", suggestion)
