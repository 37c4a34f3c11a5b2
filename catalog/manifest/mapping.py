"""PURE: one mapping of a manifest being read: known keys by their shape, the rest kept, every fault with its place."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from catalog.manifest.entities import Extra, Marker
from catalog.manifest.nodes import ListNode, MapNode, Node, ScalarNode, plain
from catalog.manifest.problems import Mark, Problems
from catalog.refs import BadReference, Ref, parse
from portal.lib.errors import FieldError

LONGEST_REFERENCE = 200
type Rule = Callable[[Iterable[str]], Iterable[FieldError]]


def _no_rule(_: Iterable[str]) -> Iterable[FieldError]:
    return ()


class Reader:
    """Reads one mapping. Where a value is not what it should be, a problem is noted and something empty returned."""

    def __init__(self, node: MapNode, path: str, at: Mark, problems: Problems) -> None:
        self.node, self.path, self.at, self.problems = node, path, at, problems

    def where(self, key: str) -> str:
        """The path of `key`: `spec.owner`."""
        return f"{self.path}.{key}" if self.path else key

    def mark(self, key: str) -> Mark:
        """Where the value of `key` stands, or the mapping itself."""
        return self.node.entries[key].mark if key in self.node.entries else self.at

    def __iter__(self) -> Iterator[str]:
        return iter(self.node.entries)

    def error(self, key: str, code: str, message: str, suggestion: str = "") -> None:
        """Note an error at the value of `key`."""
        self.problems.error(self.mark(key), self.where(key), code, message, suggestion)

    def warning(self, key: str, code: str, message: str, suggestion: str = "") -> None:
        """Note a warning at `key` itself."""
        at = self.node.keys.get(key, self.at)
        self.problems.warning(at, self.where(key), code, message, suggestion)

    def said(self, key: str, otherwise: str) -> str:
        """The text of `key` as it stands, or `otherwise` where there is none."""
        node = self.node.entries.get(key)
        return node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else otherwise

    def text(self, key: str, *, required: bool = False) -> str:
        """A text; empty where it is missing."""
        node = self._node(key, required=required)
        if node is None:
            return ""
        text = self._text(node, self.where(key))
        if text is not None and required and not text.strip():
            self.error(key, "blank", "Say something here; it must not be empty.")
        return text or ""

    def markable(self, key: str, *, required: bool = False) -> str | Marker:
        """A text, or a marker that says in which file it stands."""
        node = self.node.entries.get(key)
        return marker(node) or self.text(key, required=required)

    def texts(self, key: str, *, rule: Rule = _no_rule, required: bool = False) -> tuple[str, ...] | None:
        """A list of texts, each held to `rule`; None where it is missing."""
        return self._each(key, lambda node, at: self._filled(node, at, rule), required=required)

    def reference(self, key: str, *, kind: str, namespace: str, required: bool = False) -> Ref | None:
        """A whole reference; None where it is missing."""
        node = self._node(key, required=required)
        return None if node is None else self._reference(node, self.where(key), kind, namespace)

    def references(self, key: str, *, kind: str, namespace: str, required: bool = False) -> tuple[Ref, ...] | None:
        """Whole references, each once, in order; None where the list is missing."""
        found = self._each(key, lambda node, at: self._reference(node, at, kind, namespace), required=required)
        return None if found is None else tuple(dict.fromkeys(found))

    def mapping(self, key: str, *, required: bool = False) -> "Reader | None":
        """A mapping below this one; None where it is missing or something else."""
        node = self._node(key, required=required)
        if node is None or isinstance(node, MapNode):
            return None if node is None else Reader(node, self.where(key), self.node.keys[key], self.problems)
        self.error(key, "not_a_mapping", f"{_words(node)} stands where a mapping (key: value) should.")
        return None

    def mappings(self, key: str) -> tuple["Reader", ...]:
        """A list of mappings; empty where it is missing."""
        return self._each(key, self._mapping) or ()

    def text_map(self, key: str) -> Mapping[str, str]:
        """A mapping whose values are all text."""
        inside = self.mapping(key)
        if inside is None:
            return {}
        found = {name: inside._text(node, inside.where(name)) for name, node in inside.node.entries.items()}
        return {name: text for name, text in found.items() if text is not None}

    def rest(self, known: Iterable[str]) -> Extra:
        """Every key that is not one of `known`, as JSON has it."""
        return {key: plain(node) for key, node in self.node.entries.items() if key not in known}

    def _node(self, key: str, *, required: bool) -> Node | None:
        node = self.node.entries.get(key)
        if node is None and required:
            self.error(key, "required", f"Add {self.where(key)}; it is needed.")
        elif isinstance(node, ScalarNode) and node.value is None:
            help_ = "it is needed" if required else "or leave the line out"
            self.error(key, "empty", f"There is no value here; add one, {help_}.")
            return None
        return node

    def _each[T](
        self, key: str, read: Callable[[Node, str], T | None], *, required: bool = False
    ) -> tuple[T, ...] | None:
        node = self._node(key, required=required)
        if node is None:
            return None
        if not isinstance(node, ListNode):
            self.error(key, "not_a_list", f"{_words(node)} stands where a list should; write - before each entry.")
            return None
        read_items = (read(item, f"{self.where(key)}[{place}]") for place, item in enumerate(node.items))
        return tuple(item for item in read_items if item is not None)

    def _text(self, node: Node, path: str) -> str | None:
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            return node.value
        if (mark := marker(node)) is not None:
            help_ = f"what stands in {mark.target!r} is needed here and was not read; write it out"
            self.problems.error(node.mark, path, "unreadable_marker", f"{mark.key}: {help_}.")
        else:
            self.problems.error(node.mark, path, "not_text", _as_text(node))
        return None

    def _filled(self, node: Node, path: str, rule: Rule) -> str | None:
        text = self._text(node, path)
        if text is None:
            return None
        if not text.strip():
            self.problems.error(node.mark, path, "blank", "Remove the empty entry.")
            return None
        for fault in rule((text,)):
            self.problems.error(node.mark, path, fault.code, fault.message)
        return text

    def _reference(self, node: Node, path: str, kind: str, namespace: str) -> Ref | None:
        text = self._text(node, path)
        if text is None:
            return None
        try:
            found = parse(text, kind=kind, namespace=namespace)
        except BadReference as error:
            code = "kind_needed" if not kind and text.strip() and ":" not in text.split("/")[0] else "invalid_reference"
            self.problems.error(node.mark, path, code, f"{error}.")
            return None
        if len(str(found)) > LONGEST_REFERENCE:
            help_ = f"A reference has at most {LONGEST_REFERENCE} characters; this has {len(str(found))}."
            self.problems.error(node.mark, path, "too_long", help_)
            return None
        return found

    def _mapping(self, node: Node, path: str) -> "Reader | None":
        if isinstance(node, MapNode):
            return Reader(node, path, node.mark, self.problems)
        self.problems.error(node.mark, path, "not_a_mapping", f"{_words(node)} stands where key: value should.")
        return None


def marker(node: Node | None) -> Marker | None:
    """The marker that `node` is: a mapping of one key that begins with `$`, as Backstage's placeholders do."""
    if not isinstance(node, MapNode) or len(node.entries) != 1:
        return None
    key, value = next(iter(node.entries.items()))
    if not key.startswith("$") or not isinstance(value, ScalarNode) or not isinstance(value.value, str):
        return None
    return Marker(key, value.value)


def _words(node: Node) -> str:
    if isinstance(node, ListNode):
        return "A list"
    if isinstance(node, MapNode):
        return "A mapping"
    if node.value is None:
        return "Nothing"
    names = {bool: f"The yes-or-no value {node.source}", str: f"The text {node.source[:60]!r}"}
    return names.get(type(node.value), f"The number {node.source[:60]}")


def _as_text(node: Node) -> str:
    if isinstance(node, ScalarNode) and node.value is not None:
        return f'{_words(node)} stands where text should; put it in quotes: "{node.source[:60]}".'
    return f"{_words(node)} stands where text should."
