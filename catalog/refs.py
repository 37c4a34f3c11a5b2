"""PURE: entity references, `[kind:][namespace/]name`, compared and stored lower-cased (Backstage's rules)."""

from dataclasses import dataclass

LONGEST = 200
"""Letters of a reference that are said again to whoever sent it."""

WORDS = {"group": "team", "user": "person", "api": "API", "location": "import"}
"""What people call kinds that they don't call by their own name."""


class BadReference(ValueError):
    """The text is not a reference; the message says what is missing."""


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A whole reference; `str()` is how it is stored."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.name}".lower()


def parse(text: str, *, kind: str = "", namespace: str = "default") -> Ref:
    """Read a reference, filling in `kind` and `namespace` where it leaves them out.

    The first `:` ends the kind unless a `/` comes before it; the first `/` after that ends the namespace; the rest is
    the name, which may hold both. Raises BadReference for an empty part, or for a kind left out where there is no
    default.
    """
    given_kind, rest = _cut(text.strip(), ":", unless_after="/")
    given_namespace, name = _cut(rest, "/")
    found = (kind if given_kind is None else given_kind, namespace if given_namespace is None else given_namespace)
    if not found[0] and given_kind is None:
        raise BadReference(f"{text!r} says no kind; write for example component:{namespace}/{name or 'name'}")
    if not all((*found, name)):
        raise BadReference(f"{text!r} has an empty part; write kind:namespace/name")
    return Ref(found[0].lower(), found[1].lower(), name.lower())


def no_such(ref: str) -> str:
    """`There is no team called “ci” (group:default/ci).`: for people by its name, for programs by its reference."""
    whole = ref.lower()[:LONGEST]
    kind, _, place = whole.partition(":")
    namespace, _, name = place.partition("/")
    if not name:
        return f"There is no {whole}."
    where = "" if namespace == "default" else f" in {namespace}"
    return f"There is no {WORDS.get(kind, kind)} called “{name}”{where} ({whole})."


def _cut(text: str, mark: str, *, unless_after: str = "") -> tuple[str | None, str]:
    place = text.find(mark)
    earlier = text.find(unless_after) if unless_after else -1
    if place < 0 or 0 <= earlier < place:
        return None, text
    return text[:place], text[place + 1 :]
