"""JSON bodies of requests, refused by the name of their field where they hold what no database can keep."""

import re
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import JSONParser

from portal.lib.errors import FieldError, Invalid

ODD = re.compile(rb"\x00|\\u0000|\\u[dD][89abAB]")
"""Only a text with one of these can hold NUL or half a pair; the others need no look at each of their strings."""

DEEPEST = 50
"""Levels of nesting; nothing of ours needs more than six."""


class JSONBody(JSONParser):
    """Django REST framework's parser, and an answer for NUL, half a surrogate pair, and nesting without end."""

    def parse(
        self,
        stream: Any,  # noqa: ANN401  # the framework's own signature
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """The body's value. Raises ParseError for no JSON, Invalid naming the fields that hold what can't be kept.

        Raises UnsupportedMediaType for a body that is packed.
        """
        refuse_packed(parser_context)
        raw = bytes(stream.read())
        try:
            found = super().parse(BytesIO(raw), media_type, parser_context)
        except RecursionError as error:
            raise ParseError(f"This is nested too deeply; use at most {DEEPEST} levels.") from error
        faults = tuple(_faults(found)) if ODD.search(raw) or too_deep(found) else ()
        if faults:
            raise Invalid("; ".join(f"{fault.field}: {fault.message}" for fault in faults[:5]), errors=faults[:20])
        return found


def refuse_packed(context: Mapping[str, Any] | None) -> None:
    """Raises UnsupportedMediaType where the body says that it is compressed: no server of ours unpacks it."""
    request = (context or {}).get("request")
    encoding = request.headers.get("Content-Encoding", "") if request is not None else ""
    if encoding.strip().lower() not in {"", "identity"}:
        said = f"Send the body as it is, without Content-Encoding; {encoding[:40]!r} is not unpacked here."
        raise UnsupportedMediaType(encoding, said)


def too_deep(body: object) -> bool:
    """Whether it has more than DEEPEST levels; looked at level by level, for the depth is the sender's."""
    level = [body] if isinstance(body, dict | list) else []
    for _ in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _inside(value: dict[str, object] | list[object]) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value


def _faults(body: object) -> Iterator[FieldError]:
    """Without recursion, for the depth is the sender's."""
    waiting: list[tuple[str, int, object]] = [("", 0, body)]
    while waiting:
        path, depth, value = waiting.pop()
        if isinstance(value, str):
            yield from _unkept(path, value)
        elif depth >= DEEPEST and isinstance(value, dict | list):
            yield FieldError(path[:200], "too_deep", f"Use at most {DEEPEST} levels.")
        elif isinstance(value, list):
            waiting.extend((f"{path}[{place}]", depth + 1, item) for place, item in enumerate(value))
        elif isinstance(value, dict):
            for name, item in value.items():
                yield from _unkept(f"{path}.{name}".strip("."), name)
                waiting.append((f"{path}.{name}".strip("."), depth + 1, item))


def _unkept(path: str, text: str) -> Iterator[FieldError]:
    """By the framework's codes for the same faults."""
    field = path.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")[:200]
    if "\x00" in text:
        yield FieldError(field, "null_characters_not_allowed", "The character NUL can't be stored; leave it out.")
    elif any("\ud800" <= character <= "\udfff" for character in text):
        yield FieldError(
            field, "surrogate_characters_not_allowed", "Half a surrogate pair is no character; leave it out."
        )
