"""From the bytes of a request to what they say: unpacked within a limit, decoded, parsed, not nested without end."""

import json
import zlib
from dataclasses import dataclass

from portal.lib.errors import Expected, FieldError, Invalid
from portal.lib.json_body import DEEPEST, too_deep

LARGEST = 5 * 1024 * 1024
GZIP = 16 + zlib.MAX_WBITS

WRONG = {
    "Expecting value": "a value is missing",
    "Expecting ',' delimiter": "a comma is missing, or a bracket",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting property name": "a name in double quotes is missing",
    "Illegal trailing comma": "there is a comma too many",
    "Unterminated string": "a text begins that has no end",
    "Invalid control character": "a text is broken by a line break or a tab",
    "Invalid \\": "a backslash stands before what it can't stand before",
    "Extra data": "something is left although it was at its end",
}
"""What Python says of JSON it can't read, by how it begins, in words of people."""


class TooLarge(Expected):
    """Send at most 5 MB at once, unpacked."""

    status = 413
    title = "Too large"


class UnknownEncoding(Expected):
    """Send the body as it is, or with Content-Encoding: gzip."""

    status = 415
    title = "Content-Encoding not understood"


@dataclass(frozen=True, slots=True)
class Body:
    """What came: `text` as it can be kept, `value` as JSON says it."""

    text: str
    value: object


def unpacked(raw: bytes, encoding: str) -> bytes:
    """The body itself. Raises TooLarge, UnknownEncoding, Invalid for a broken gzip."""
    if encoding.strip().lower() in ("", "identity"):
        found = raw
    elif encoding.strip().lower() in ("gzip", "x-gzip"):
        found = _gunzipped(raw)
    else:
        raise UnknownEncoding
    if len(found) > LARGEST:
        raise TooLarge
    return found


def text_of(raw: bytes) -> str:
    """What can be kept of any bytes, as text."""
    return raw.decode("utf-8", "replace").replace("\x00", "\ufffd")


def parsed(raw: bytes) -> Body:
    """Raises Invalid, saying where the JSON breaks off."""
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise _malformed(f"This is not UTF-8: byte {error.start} is wrong.") from error
    except RecursionError as error:
        raise _malformed(f"This is nested too deeply; use at most {DEEPEST} levels.") from error
    except json.JSONDecodeError as error:
        raise _malformed(_no_json(text, error)) from error
    except ValueError as error:
        raise _malformed(f"This is no JSON: {error}."[:300]) from error
    if too_deep(value):
        raise _malformed(f"This is nested too deeply; use at most {DEEPEST} levels.")
    return Body(text, value)


def _no_json(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "There is nothing in it: JSON was expected."
    wrong = next((words for said, words in WRONG.items() if error.msg.startswith(said)), "something can't be read")
    return f"This is no JSON: in line {error.lineno:,}, column {error.colno:,}, {wrong}."


def _gunzipped(raw: bytes) -> bytes:
    reader = zlib.decompressobj(GZIP)
    try:
        found = reader.decompress(raw, LARGEST + 1)
    except zlib.error as error:
        raise _malformed(f"This is no gzip: {error}.") from error
    if len(found) <= LARGEST and not reader.eof:
        raise _malformed("This gzip breaks off.")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _malformed(message: str) -> Invalid:
    return Invalid(message, errors=(FieldError("", "malformed", message),))
