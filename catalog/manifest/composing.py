"""PURE: the text of one YAML document → a tree of nodes.

libyaml's scanner (by PyYAML) finds the structure, because it is twenty times faster than any in Python; what scalars,
keys, tags and aliases mean is decided here, by YAML 1.2. Nothing recurses, and nodes are counted as they come, so that
time and memory are bounded whatever is sent.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import yaml

from catalog.manifest.nodes import ListNode, MapNode, Node, NotANumber, ScalarNode, Value, key_text, resolved
from catalog.manifest.problems import Mark, Problems

DEEPEST = 100
MOST_NODES = 100_000
MOST_CHARACTERS = 10_000_000
LONGEST_KEY = 500
TAG = "tag:yaml.org,2002:"
TAGGED_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
}
BREAKS_OF_1_1 = "\x85\u2028\u2029"
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB]..)\\u([dD][c-fC-F]..)".replace("..", "[0-9a-fA-F]{2}"))
LINE_BREAK = re.compile(r"\r\n|\r|\n")


class SomeMark(Protocol):
    """What libyaml says of a place; both count from 0."""

    line: int
    column: int


class Refused(Exception):
    """The document can't be read as YAML; says where it stopped."""

    def __init__(self, at: Mark, code: str, message: str) -> None:
        super().__init__(message)
        self.at, self.code, self.message = at, code, message


@dataclass(slots=True)
class _Frame:
    node: ListNode | MapNode
    anchor: str | None
    key: str | None = None
    twice: bool = False


def compose(text: str, *, line: int, problems: Problems) -> Node | None:
    """The tree of one document that begins on `line` of the whole text; None where it is empty.

    What is wrong but can be passed over (a key written twice, an unknown tag) goes to `problems`; what can't raises
    Refused.
    """
    _printable(text, line)
    composer = _Composer(line, problems, *_without_old_breaks(text))
    try:
        return composer.run()
    except yaml.MarkedYAMLError as error:
        if "escape code" in str(error.problem) and PAIR.search(text):
            problems.errors.clear()
            problems.warnings.clear()
            return compose(PAIR.sub(_joined, text), line=line, problems=problems)
        raise Refused(composer.at(error.problem_mark or error.context_mark), "invalid_yaml", _said(error)) from error
    except yaml.YAMLError as error:
        raise Refused((line, 1), "invalid_yaml", f"This is not YAML: {error}") from error
    finally:
        problems.values += composer.placed


def counted(text: str) -> int:
    """How many line breaks are in `text`; CRLF is one."""
    return sum(1 for _ in LINE_BREAK.finditer(text)) if "\r" in text else text.count("\n")


class _Composer:
    def __init__(self, line: int, problems: Problems, text: str, restore: dict[int, str]) -> None:
        self.line, self.problems, self.text, self.restore = line, problems, text, restore
        self.frames: list[_Frame] = []
        self.anchors: dict[str, Node | None] = {}
        self.root: Node | None = None
        self.count = self.length = self.placed = 0

    def run(self) -> Node | None:
        for event in _events(self.text):
            at = self.at(event.start_mark)
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event, at)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(str(event.anchor), at)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event, at)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end(at)
        return self.root

    def at(self, mark: SomeMark | None) -> Mark:
        return (self.line, 1) if mark is None else (self.line + mark.line, mark.column + 1)

    def _scalar(self, event: yaml.ScalarEvent, at: Mark) -> None:
        text = event.value.translate(self.restore) if self.restore else event.value
        if "\x00" in text:
            self.problems.error(at, self._path(), "invalid_text", "Remove the NUL character.")
        node = ScalarNode(self._value(event, text, at), text, at, length=len(text))
        self._spend(1, len(text), at)
        self._put(node, event.anchor, at)

    def _value(self, event: yaml.ScalarEvent, text: str, at: Mark) -> Value:
        try:
            if event.tag is None:
                return resolved(text) if event.implicit[0] else text
            return self._tagged(event.tag, text, at)
        except NotANumber as error:
            self.problems.error(at, self._path(), "not_a_number", str(error))
            return text

    def _tagged(self, tag: str, text: str, at: Mark) -> Value:
        name = tag.removeprefix(TAG)
        if name in TAGGED_TYPES:
            value = resolved(text)
            if not isinstance(value, TAGGED_TYPES[name]) or (isinstance(value, bool) and name != "bool"):
                self.problems.error(at, self._path(), "invalid_tag", f"{text!r} is no {name}; take the !!{name} away.")
            return float(value) if name == "float" and isinstance(value, int) else value
        if name not in ("str", "!"):
            self._unknown_tag(tag, at)
        return text

    def _unknown_tag(self, tag: str, at: Mark) -> None:
        self.problems.warning(
            at, self._path(), "unknown_tag", f"The tag {tag!r} says nothing here; the value is kept as it stands."
        )

    def _alias(self, anchor: str, at: Mark) -> None:
        if anchor not in self.anchors:
            raise Refused(at, "unknown_alias", f"*{anchor}: nothing before this is marked &{anchor}.")
        node = self.anchors[anchor]
        if node is None:
            raise Refused(at, "alias_of_itself", f"*{anchor} stands inside what it repeats; take it out.")
        self._spend(node.size, node.length, at)
        if len(self.frames) + node.height > DEEPEST:
            raise _too_deep(at)
        self._put(node, None, at)

    def _start(self, event: yaml.CollectionStartEvent, at: Mark) -> None:
        if len(self.frames) >= DEEPEST:
            raise _too_deep(at)
        is_map = isinstance(event, yaml.MappingStartEvent)
        if event.tag and event.tag not in ("!", f"{TAG}map" if is_map else f"{TAG}seq"):
            self._unknown_tag(event.tag, at)
        self._spend(1, 0, at)
        if event.anchor:
            self.anchors[event.anchor] = None
        self.frames.append(_Frame(MapNode(at) if is_map else ListNode(at), event.anchor))

    def _end(self, at: Mark) -> None:
        frame = self.frames.pop()
        self._put(frame.node, frame.anchor, frame.node.mark)

    def _put(self, node: Node, anchor: str | None, at: Mark) -> None:
        self.placed += 1
        if anchor:
            self.anchors[anchor] = node
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        if isinstance(frame.node, ListNode):
            frame.node.items.append(node)
        elif frame.key is None:
            self._key(frame, frame.node, node, at)
        else:
            if not frame.twice:
                frame.node.entries[frame.key] = node
            frame.key = None
        _grow(frame.node, node)

    def _key(self, frame: _Frame, holder: MapNode, node: Node, at: Mark) -> None:
        if not isinstance(node, ScalarNode):
            raise Refused(at, "invalid_key", "A key must be plain text; a list or a mapping can't be one.")
        if node.length > LONGEST_KEY:
            raise Refused(at, "key_too_long", f"A key has at most {LONGEST_KEY} characters.")
        key = key_text(node.value)
        frame.key, frame.twice = key, key in holder.keys
        if frame.twice:
            first = f"it stands on line {holder.keys[key][0]} already"
            self.problems.error(at, self._path(), "duplicate_key", f"{key!r} is said twice; {first}. Keep one of them.")
            return
        holder.keys[key] = at
        if key == "<<":
            self.problems.warning(
                at, self._path(), "merge_key", "YAML 1.2 has no merge keys: write out what << stands for."
            )

    def _path(self) -> str:
        steps = (f"[{len(f.node.items)}]" if isinstance(f.node, ListNode) else f".{f.key or ''}" for f in self.frames)
        return "".join(steps).strip(".")

    def _spend(self, nodes: int, characters: int, at: Mark) -> None:
        self.count += nodes
        self.length += characters
        if self.count > MOST_NODES:
            raise Refused(
                at, "too_many_nodes", f"With aliases written out this has over {MOST_NODES:,} values; split it."
            )
        if self.length > MOST_CHARACTERS:
            raise Refused(
                at, "too_long", f"With aliases written out this has over {MOST_CHARACTERS:,} characters; split it."
            )


def _events(text: str) -> Iterator[yaml.Event]:
    parser = yaml.CSafeLoader(text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    finally:
        parser.dispose()


def _grow(holder: ListNode | MapNode, node: Node) -> None:
    holder.size += node.size
    holder.length += node.length
    holder.height = max(holder.height, node.height + 1)


def _too_deep(at: Mark) -> Refused:
    return Refused(at, "too_deep", f"Nested more than {DEEPEST} levels deep; flatten it.")


def _printable(text: str, line: int) -> None:
    found = UNPRINTABLE.search(text)
    if found is None:
        return
    before = text[: found.start()]
    column = found.start() - max(before.rfind("\n"), before.rfind("\r"))
    name = f"U+{ord(found[0]):04X}"
    raise Refused((line + counted(before), column), "invalid_character", f"Remove the control character {name}.")


def _joined(pair: re.Match[str]) -> str:
    """One character for the two escapes that JSON writes for it, and libyaml doesn't know."""
    high, low = int(pair[2], 16), int(pair[3], 16)
    return pair[1] + chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def _without_old_breaks(text: str) -> tuple[str, dict[int, str]]:
    """`text` with the line breaks only YAML 1.1 knew swapped for private characters, and how to swap back."""
    found = [mark for mark in BREAKS_OF_1_1 if mark in text]
    if not found:
        return text, {}
    free = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in text)
    swap: dict[str, str | int | None] = dict(zip(found, free, strict=False))
    return text.translate(str.maketrans(swap)), {ord(str(private)): mark for mark, private in swap.items()}


def _said(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem or "something unexpected")
    if "\\t" in problem or "tab" in problem:
        return f"YAML: {problem}; indent with spaces, not tabs."
    context = f" ({error.context})" if error.context else ""
    return f"YAML: {problem}{context}; check the indentation, quotes, brackets and colons around here."
