"""JSON pointers (RFC 6901): `/alert/tags/0` names a place in a document. Pure."""

import re
from dataclasses import dataclass

LONGEST = 300
BAD_ESCAPE = re.compile(r"~(?![01])")
INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class BadPointer(ValueError):
    """The text is no JSON pointer; the message says why."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What a pointer that leads nowhere finds: null is a value, and is not missing."""


MISSING = Missing()


def parse(text: str) -> tuple[str, ...]:
    """The steps of `/a~1b/0`: `("a/b", "0")`; the empty text is the whole document. Raises BadPointer."""
    if not text:
        return ()
    if not text.startswith("/"):
        raise BadPointer(f"{text[:60]!r} must begin with a slash, such as /{text[:60]}")
    if len(text) > LONGEST:
        raise BadPointer(f"use at most {LONGEST} characters")
    if BAD_ESCAPE.search(text):
        raise BadPointer(f"{text[:60]!r}: write ~0 for a tilde and ~1 for a slash within a name")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/"))


def find(document: object, pointer: str) -> object:
    """The value at `pointer`; MISSING where there is none. Raises BadPointer."""
    at = document
    for step in parse(pointer):
        if isinstance(at, dict) and step in at:
            at = at[step]
        elif isinstance(at, list) and INDEX.fullmatch(step) and int(step) < len(at):
            at = at[int(step)]
        else:
            return MISSING
    return at
