"""What is being written where the cursor stands in a query: the name of a metric, of a label, or a label's value. Pure.

No parser: a query in the making is seldom one that can be parsed.
"""

import re
from dataclasses import dataclass
from typing import Literal

type Wanted = Literal["metric", "label", "value"]

LONGEST = 4000
"""So many characters before the cursor are looked at; no query is longer."""
_METRIC = re.compile(r"(?<![\w:.$])[A-Za-z_:][\w:]*\Z", re.ASCII)
_LABEL = re.compile(r"[{,]\s*([A-Za-z_]\w*|)\Z", re.ASCII)
_MATCHING = re.compile(r"([A-Za-z_]\w*)\s*(?:=~|!~|!=|=)\s*\Z", re.ASCII)
_QUOTES = "\"'`"


@dataclass(frozen=True, slots=True)
class Word:
    """What is being written: `text` is what there is of it; `metric` and `label` are what it belongs to, if known."""

    wanted: Wanted
    text: str
    metric: str = ""
    label: str = ""


def at_cursor(before: str) -> Word | None:
    """The word that ends at the cursor, of the text before it; None where no name is due, as in a duration."""
    before = before[-LONGEST:]
    opened, quoted, metric = _read(before)
    if quoted is not None:
        matching = _MATCHING.search(before[: quoted - 1]) if opened else None
        return Word("value", before[quoted:], metric, matching[1]) if matching else None
    if opened:
        label = _LABEL.search(before)
        return Word("label", label[1], metric) if label else None
    name = _METRIC.search(before)
    return Word("metric", name[0]) if name and not _in_brackets(before) else None


def _read(text: str) -> tuple[bool, int | None, str]:
    """Whether a brace is open, where the string begins that is, and whose brace it is."""
    opened, quoted, metric, at = False, None, "", 0
    while at < len(text):
        one = text[at]
        if quoted is not None:
            if one == "\\" and text[quoted - 1] != "`":
                at += 1
            elif one == text[quoted - 1]:
                quoted = None
        elif one in _QUOTES:
            quoted = at + 1
        elif one == "{":
            named = _METRIC.search(text[:at].rstrip())
            opened, metric = True, named[0] if named else ""
        elif one == "}":
            opened = False
        at += 1
    return opened, quoted, metric if opened else ""


def _in_brackets(text: str) -> bool:
    return text.rfind("[") > text.rfind("]")
