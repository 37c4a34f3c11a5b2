"""PURE: scaffolder templates, which look like entities and are not: `${{ … }}` stands where a value will be."""

from collections.abc import Iterator

from catalog.manifest.documents import TEMPLATE_HELP, Document
from catalog.manifest.nodes import ListNode, MapNode, Node, ScalarNode

PLACEHOLDER = "${{"
PROSE = frozenset({"metadata.description", "spec.definition"})


def refused(document: Document, root: MapNode) -> bool:
    """Whether the document is a template, and was refused as one.

    Prose may speak of `${{ … }}` (as an API's definition or a description does) as long as it says something else too.
    """
    if PLACEHOLDER not in document.text:
        return False
    for path, node in _texts(root, ""):
        if PLACEHOLDER in node.source and (path not in PROSE or _is_whole(node.source)):
            document.problems.errors.clear()
            document.problems.error(node.mark, path, "template", TEMPLATE_HELP)
            return True
    return False


def _is_whole(text: str) -> bool:
    return text.strip().startswith(PLACEHOLDER) and text.strip().endswith("}}")


def _texts(node: Node, path: str) -> Iterator[tuple[str, ScalarNode]]:
    if isinstance(node, ScalarNode):
        yield path, node
    elif isinstance(node, ListNode):
        for place, item in enumerate(node.items):
            yield from _texts(item, f"{path}[{place}]")
    else:
        for key, value in node.entries.items():
            yield from _texts(value, f"{path}.{key}" if path else key)
