"""PURE: YAML as a tree that remembers where everything stood, with scalars as YAML 1.2's core schema reads them.

Source of the rules: YAML 1.2.2, chapter 10.3 (core schema). `yes`, `on` and dates are text, `012` is 12.
"""

import math
import re
from dataclasses import dataclass, field

from catalog.manifest.problems import Mark

LONGEST_NUMBER = 320
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
NUMERIC_START = frozenset("+-.0123456789")
type Value = str | int | float | bool | None


class NotANumber(ValueError):
    """The scalar is a number that JSON can't hold; the message says what to do."""


@dataclass(slots=True, eq=False)
class ScalarNode:
    """One value; `source` is the text as written, without quotes."""

    value: Value
    source: str
    mark: Mark
    size: int = 1
    length: int = 0
    height: int = 0


@dataclass(slots=True, eq=False)
class ListNode:
    """Values in order. `size` counts all nodes in it, aliases as often as they are used; `length` their characters."""

    mark: Mark
    items: list["Node"] = field(default_factory=list)
    size: int = 1
    length: int = 0
    height: int = 1


@dataclass(slots=True, eq=False)
class MapNode:
    """Values by key; `keys` says where each key stood."""

    mark: Mark
    entries: dict[str, "Node"] = field(default_factory=dict)
    keys: dict[str, Mark] = field(default_factory=dict)
    size: int = 1
    length: int = 0
    height: int = 1


type Node = ScalarNode | ListNode | MapNode


def resolved(text: str) -> Value:
    """What an unquoted scalar stands for. Raises NotANumber for infinity, not-a-number and endless digits."""
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    return _number(text) if text[0] in NUMERIC_START else text


def plain(node: Node) -> object:
    """`node` as JSON has it: text, numbers, booleans, None, lists and dictionaries."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def key_text(value: Value) -> str:
    """A key as text, for JSON has no others: `true`, `12`, and nothing at all for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def located(root: Node, path: tuple[str | int, ...]) -> Mark:
    """Where the value at `path` stands; where it is missing, what would hold it."""
    node = root
    for step in path:
        if isinstance(node, MapNode) and step in node.entries:
            node = node.entries[str(step)]
        elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node.mark


def _number(text: str) -> Value:
    if SPECIAL.fullmatch(text):
        raise NotANumber(f"{text} is not a number JSON can hold; put it in quotes.")
    if BASED.fullmatch(text):
        return int(_short(text), 0)
    if INTEGER.fullmatch(text):
        return int(_short(text))
    if not FLOAT.fullmatch(text):
        return text
    found = float(_short(text))
    if math.isinf(found):
        raise NotANumber(f"{text} is larger than a number can be; put it in quotes.")
    return found


def _short(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise NotANumber(f"A number of {len(text)} characters; put it in quotes.")
    return text
