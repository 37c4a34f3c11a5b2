"""PURE: what all specs share: their metadata, and the faults in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from catalog import rules
from catalog.leniency import refusing
from catalog.manifest.annotations import OWN
from catalog.manifest.kinds import KINDS as MANIFEST_KINDS
from catalog.manifest.kinds import METADATA_KEYS
from portal.lib.errors import FieldError, Invalid

type Link = Mapping[str, str]
type Extra = Mapping[str, Any]
LENGTHS = {"title": 200, "type": 63, "lifecycle": 63, "description": 20_000, "docs": 500_000, "definition": 2_000_000}
OF_KIND = {name.lower(): frozenset(field.key for field in kind.fields) for name, kind in MANIFEST_KINDS.items()}
PARTS: Mapping[str, frozenset[str]] = {
    "metadata": frozenset(METADATA_KEYS),
    "profile": frozenset({"email", "picture"}),
    "markers": frozenset(),
}
OWNERS = ("group", "user")
MARKED = ("title", "description", "definition")
KNOWN = "This has a field of its own; say it there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a client says of an entity of any kind; `extra` holds what a manifest says beyond our fields."""

    namespace: str
    name: str
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    extra: Extra = field(default_factory=dict)

    @property
    def kind_said(self) -> str:
        """Its kind as references name it: `component`."""
        return str(getattr(self, "ref", "")).partition(":")[0]


def metadata(spec: Metadata) -> Iterator[FieldError]:
    """Faults in names, tags, labels, annotations, links, and in the length and characters of every text."""
    yield from rules.naming(namespace=spec.namespace, name=spec.name)
    yield from rules.tags(spec.tags)
    yield from rules.labels(spec.labels)
    yield from rules.annotations(spec.annotations)
    yield from rules.links(spec.links)
    yield from _own(spec.annotations)
    yield from _extra(spec)
    said = texts(spec)
    yield from rules.lengths({name: limit for name, limit in LENGTHS.items() if name in said}, said)
    for name, text in _all_texts(spec, said):
        if "\x00" in text:
            yield from rules.storable(name, text)


def settled[S: Metadata](spec: S) -> Extra:
    """`extra` as it will be read back: without markers of what is said in words by now, and without empty parts."""
    markers = {name: mark for name, mark in spec.extra.get("markers", {}).items() if not getattr(spec, name, "")}
    return {part: _as_kept(said) for part, said in {**spec.extra, "markers": markers}.items() if said}


def _as_kept(value: Any) -> Any:  # noqa: ANN401  # JSON
    """As PostgreSQL's jsonb answers it: numbers are decimal there, and 1e300 comes back as an integer."""
    if isinstance(value, float) and "e+" in repr(value):
        return int(Decimal(repr(value)))
    if isinstance(value, Mapping):
        return {key: _as_kept(inner) for key, inner in value.items()}
    return [_as_kept(inner) for inner in value] if isinstance(value, list | tuple) else value


def texts(spec: Metadata) -> dict[str, str]:
    """The fields that are text."""
    kind: type = type(spec)
    names, read = _read(kind)
    return {name: value for name, value in zip(names, read(spec), strict=True) if isinstance(value, str)}


@cache
def _read(spec: type) -> tuple[tuple[str, ...], Callable[[Metadata], tuple[object, ...]]]:
    """The names of its fields, and what reads them all."""
    names = tuple(each.name for each in fields(spec))
    return names, attrgetter(*names)


def references(
    name: str, given: Iterable[str], *, kind: str, namespace: str, holder: str
) -> tuple[tuple[str, ...], list[FieldError]]:
    """Whole references, sorted, each once, and their faults; `holder` may not be among them."""
    errors: list[FieldError] = []
    found = set()
    for place, text in enumerate(given):
        where = f"{name}[{place}]"
        ref, faults = rules.reference(where, text, kind=kind, namespace=namespace)
        errors += faults
        if not ref:
            errors.append(FieldError(where, "blank", "Remove the empty entry."))
        if ref == holder:
            errors.append(FieldError(where, "itself", "It can't name itself here."))
        found.add(ref)
    return tuple(sorted(found)), errors


def mail(address: str) -> Iterator[FieldError]:
    """Faults of an address; the empty one is none."""
    name, at, host = address.rpartition("@")
    if address and (not name or not at or any(c.isspace() for c in address) or not host):
        yield FieldError("email", "invalid_email", f"{address!r}: write an address such as ada@example.org.")
    elif len(address) > 254:
        yield FieldError("email", "too_long", "Use at most 254 characters.")


def once(given: Iterable[str]) -> tuple[str, ...]:
    """Each text once, in order."""
    return tuple(dict.fromkeys(given))


def refuse(errors: list[FieldError]) -> None:
    """Raise Invalid naming every fault, if there is any that a file may not have."""
    if faults := refusing(errors):
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in faults[:5]), errors=tuple(faults))


def _own(annotations: Mapping[str, str]) -> Iterator[FieldError]:
    for key in annotations:
        if key in OWN:
            message = f"{key} is a field here, not an annotation; only a catalog-info.yaml says it so."
            yield FieldError(f"annotations.{key}", "own_annotation", message)


def _extra(spec: Metadata) -> Iterator[FieldError]:
    extra, known = spec.extra, {**PARTS, "spec": OF_KIND.get(spec.kind_said, frozenset())}
    for part, said in extra.items():
        if part not in known:
            yield FieldError(f"extra.{part}", "unknown_part", f"{part!r}: use {', '.join(known)}.")
        elif not isinstance(said, Mapping):
            yield FieldError(f"extra.{part}", "not_a_mapping", "This holds keys and their values.")
        else:
            yield from (FieldError(f"extra.{part}.{key}", "known", KNOWN) for key in said if key in known[part])
    for name, mark in _mapping(extra.get("markers")).items():
        whole = isinstance(mark, Mapping) and len(mark) == 1 and isinstance(next(iter(mark.values())), str)
        if name not in MARKED or not whole or not next(iter(mark)).startswith("$"):
            message = f'Write for example {{"$text": "./file"}}, for one of {", ".join(MARKED)}.'
            yield FieldError(f"extra.markers.{name}", "invalid_marker", message)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _all_texts(spec: Metadata, said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from said.items()
    yield from ((f"annotations.{key}", value) for key, value in spec.annotations.items())
    for place, link in enumerate(spec.links):
        yield from ((f"links[{place}].{key}", value) for key, value in link.items() if isinstance(value, str))
    yield from ((f"extra.{path}", text) for path, text in _inside(spec.extra))


def _inside(extra: Extra) -> Iterator[tuple[str, str]]:
    """Every key and text, without recursion, for the depth is the sender's."""
    waiting: list[tuple[str, object]] = [("", extra)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                yield path, str(key)
                waiting.append((f"{path}.{key}".strip("."), inner))
        elif isinstance(value, list | tuple):
            waiting.extend((f"{path}[{place}]", inner) for place, inner in enumerate(value))
