"""PURE: what names, tags, labels, annotations and links may look like; each fault says what to do about it.

The rules are those of Backstage's catalog model, so that what is accepted here is accepted there.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from catalog.refs import WORDS, BadReference, parse
from portal.lib.errors import FieldError
from portal.lib.links import safe_url

NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
NAMESPACE = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*")
TAG = re.compile(r"[a-z0-9:+#]+(-[a-z0-9:+#]+)*")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
NAME_HELP = "use 1 to 63 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit"
NAMESPACE_HELP = "use 1 to 63 lower-case letters and digits, with '-' between them"
TAG_HELP = "use 1 to 63 lower-case letters, digits, ':', '+' or '#', with '-' between them"
LONGEST_KEPT = 200
KEY_HELP = f"{NAME_HELP}; a prefix is a lower-case DNS name and ends with '/'"


def is_name(text: str) -> bool:
    """Whether `text` may name an entity, or be a label's value."""
    return len(text) <= 63 and NAME.fullmatch(text) is not None


def is_namespace(text: str) -> bool:
    """Whether `text` may be a namespace."""
    return len(text) <= 63 and NAMESPACE.fullmatch(text) is not None


def is_key(text: str) -> bool:
    """Whether `text` may be the key of a label or an annotation: `[prefix/]name`."""
    prefix, slash, name = text.rpartition("/")
    return is_name(name) and (not slash or (len(prefix) <= 253 and SUBDOMAIN.fullmatch(prefix) is not None))


def naming(*, namespace: str, name: str) -> Iterator[FieldError]:
    """Faults of an entity's own name."""
    if not is_name(name):
        yield FieldError("name", "invalid_name", f"{name!r}: {NAME_HELP}.")
    if not is_namespace(namespace):
        yield FieldError("namespace", "invalid_namespace", f"{namespace!r}: {NAMESPACE_HELP}.")


def tags(given: Iterable[str]) -> Iterator[FieldError]:
    """Faults of tags."""
    for place, tag in enumerate(given):
        if len(tag) > 63 or not TAG.fullmatch(tag):
            yield FieldError(f"tags[{place}]", "invalid_tag", f"{tag!r}: {TAG_HELP}.")


def labels(given: Mapping[str, str]) -> Iterator[FieldError]:
    """Faults of labels: keys, and values that are empty or like a name."""
    yield from _keys("labels", given)
    for key, value in given.items():
        if value and not is_name(value):
            yield FieldError(f"labels.{key}", "invalid_label", f"{value!r}: leave it empty, or {NAME_HELP}.")


def annotations(given: Mapping[str, str]) -> Iterator[FieldError]:
    """Faults of annotations: keys only, for a value may be any text."""
    yield from _keys("annotations", given)


def links(given: Sequence[Mapping[str, str]]) -> Iterator[FieldError]:
    """Faults of links. A `javascript:` or `data:` one is kept, as Backstage does; `safe_url` never makes it a link."""
    for place, link in enumerate(given):
        if not link.get("url"):
            yield FieldError(f"links[{place}].url", "required", "A link needs a url.")


def web_address(field: str, url: str) -> Iterator[FieldError]:
    """Faults of a URL people will be sent to; the empty one is none."""
    if url and not safe_url(url):
        yield FieldError(field, "invalid_url", f"{url!r}: write a whole address, beginning with https:// or http://.")
    elif len(url) > 500:
        yield FieldError(field, "too_long", "Use at most 500 characters.")


def lengths(limits: Mapping[str, int], given: Mapping[str, str]) -> Iterator[FieldError]:
    """Faults of texts longer than they may be."""
    for field, limit in limits.items():
        if len(given[field]) > limit:
            yield FieldError(field, "too_long", f"Use at most {limit} characters; this has {len(given[field])}.")


def storable(field: str, text: str) -> Iterator[FieldError]:
    """Faults of texts PostgreSQL can't keep."""
    if "\x00" in text:
        yield FieldError(field, "invalid_text", "Remove the NUL character.")


def reference(
    field: str, text: str, *, kind: str, namespace: str, kinds: Collection[str] = ()
) -> tuple[str, list[FieldError]]:
    """The reference as stored, and its faults; the empty text is no reference and no fault.

    `kinds` are those it may be of, where not only `kind`; of whatever kind, where that is left out.
    """
    if not text.strip():
        return "", []
    if faults := list(storable(field, text)):
        return text, faults
    try:
        found = (_stored if len(text) <= LONGEST_KEPT else _stored.__wrapped__)(text, kind, namespace)
    except BadReference as error:
        return text, [FieldError(field, "invalid_reference", f"{error}.")]
    if len(found) > 200:
        return text, [FieldError(field, "too_long", "A reference has at most 200 characters.")]
    return found, _unfit(field, found, tuple(kinds) or ((kind,) if kind else ()))


def _unfit(field: str, ref: str, kinds: tuple[str, ...]) -> list[FieldError]:
    """Why nothing that this place is for can ever be called so."""
    kind, _, place = ref.partition(":")
    namespace, _, name = place.partition("/")
    if "/" in name or ":" in name:
        form = f"write {'kind:' if not kinds else ''}{namespace}/name, or the name alone"
        return [FieldError(field, "odd_reference", f"{ref!r}: a name holds no '/' and no ':'; {form}.")]
    if kinds and kind not in kinds:
        words = " or ".join(_word(one) for one in kinds)
        message = f"{ref} is {_word(kind)}, and here belongs {words}: write for example {kinds[0]}:{namespace}/{name}."
        return [FieldError(field, "wrong_kind", message)]
    return []


def _word(kind: str) -> str:
    word = WORDS.get(kind, kind)
    return f"{'an' if word[0] in 'aeiouA' else 'a'} {word}"


@lru_cache(maxsize=4096)
def _stored(text: str, kind: str, namespace: str) -> str:
    """Many name the same team, system or component; of long texts none is kept."""
    return str(parse(text, kind=kind, namespace=namespace))


def future(field: str, at: datetime | None, *, now: datetime) -> Iterator[FieldError]:
    """Fault of a moment that has passed already."""
    if at is not None and at <= now:
        yield FieldError(field, "in_the_past", "Choose a moment still to come.")


def _keys(field: str, given: Mapping[str, str]) -> Iterator[FieldError]:
    for key in given:
        if not is_key(key):
            yield FieldError(f"{field}.{key}", "invalid_key", f"{key!r}: {KEY_HELP}.")
