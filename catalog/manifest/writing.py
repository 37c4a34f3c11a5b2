"""PURE: JSON-like values → YAML that every parser reads alike, 1.1 or 1.2: what could be misread stands in quotes."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping

AMBIGUOUS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})
WORD = r"[A-Za-z0-9_./@+?=&%()-]+"
BARE = re.compile(rf"[A-Za-z/](?:{WORD})?(?::{WORD})*(?: {WORD}(?::{WORD})*)*", re.ASCII)
HIDDEN = "\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff"
ESCAPED = re.compile(f"[{HIDDEN}]")
NOT_IN_BLOCK = re.compile(f"[\x00-\x08\x0b-\x1f{HIDDEN}]|^[ \t]+$", re.MULTILINE)
NOT_AT_START = (" ", "\t", "\n")
LONGEST_SIMPLE_KEY = 900


def written(value: Mapping[str, object]) -> str:
    """`value` as one YAML document, without `---`. Raises TypeError or ValueError for what JSON doesn't have."""
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: object) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, inside in value.items():
            yield from _entry(_quoted(key), inside)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            yield from _led("- ", _lines(item))
    else:
        yield from _scalar(value)


def _entry(key: str, value: object) -> Iterator[str]:
    if len(key) > LONGEST_SIMPLE_KEY:  # no parser looks further for the colon than 1,024 characters
        yield f"? {key}"
        yield from _led(": ", _lines(value))
    elif isinstance(value, Mapping | list | tuple) and value:
        yield f"{key}:"
        yield from (_indented(line) for line in _lines(value))
    else:
        first, *rest = _scalar(value)
        yield f"{key}: {first}"
        yield from rest


def _led(mark: str, lines: Iterable[str]) -> Iterator[str]:
    for place, line in enumerate(lines):
        yield _indented(line) if place else mark + line


def _indented(line: str) -> str:
    return f"  {line}" if line else ""


def _scalar(value: object) -> list[str]:
    if isinstance(value, str):
        return _block(value) if _fits_block(value) else [_quoted(value)]
    if value is None or isinstance(value, bool | int):
        return [json.dumps(value)]
    if isinstance(value, float) and math.isfinite(value):
        return [repr(value)]
    if isinstance(value, Mapping | list | tuple):
        return ["{}" if isinstance(value, Mapping) else "[]"]
    raise TypeError(f"{type(value).__name__} {value!r:.60} can't be written as YAML")


def _fits_block(text: str) -> bool:
    return "\n" in text and not text.startswith(NOT_AT_START) and not NOT_IN_BLOCK.search(text)


def _block(text: str) -> list[str]:
    body, chomp = text, "-"
    if text.endswith("\n"):
        body, chomp = text[:-1], "+" if text.endswith("\n\n") else ""
    return [f"|{chomp}", *(_indented(line) for line in body.split("\n"))]


def _quoted(text: str) -> str:
    if BARE.fullmatch(text) and text.lower() not in AMBIGUOUS:
        return text
    return ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
