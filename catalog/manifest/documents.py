"""PURE: a stream of YAML documents, each read on its own, so that a broken one doesn't take the others with it.

A line that begins with `---` or `...` ends a document whatever stands around it (YAML 1.2.2, chapter 9.1), so the text
can be cut before it is parsed. Serves any kind of document, not only Backstage's.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from catalog.manifest.composing import Refused, compose, counted
from catalog.manifest.nodes import ListNode, MapNode, Node, ScalarNode, located, plain
from catalog.manifest.problems import Mark, Problem, Problems

LARGEST_TEXT = 10_000_000
LARGEST_DOCUMENT = 2_000_000
MOST_DOCUMENTS = 10_000
MOST_VALUES = 500_000
MARKER = re.compile(r"(?:\A|(?<=[\r\n]))(?:---|\.\.\.)(?=[ \t\r\n]|\Z)")
CONTENT = re.compile(r"(?:\A|(?<=[\r\n]))(?!%)[ \t]*[^ \t\r\n#]")
LINE_BOM = re.compile("(?<=[\r\n])\ufeff")
TEMPLATE_MARKS = re.compile(r"\$\{\{|\{%-?\s|\{\{-?\s")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
LISTED = "openslo/"
"""What begins the apiVersion of objects that may stand in a list."""
TEMPLATE_HELP = (
    "This is a scaffolder template, not an entity: ${{ … }} is filled in when somebody uses the template. "
    "Register what comes out of it, and leave the template's own folder out."
)


@dataclass(frozen=True, slots=True)
class Document:
    """One document that isn't empty. `root` is None where it couldn't be read; then `problems` has the reason."""

    number: int
    text: str
    line: int
    root: Node | None
    problems: Problems

    @property
    def api_version(self) -> str:
        """What it says as `apiVersion`, empty where it says none."""
        return self._said("apiVersion")

    @property
    def kind(self) -> str:
        """What it says as `kind`, empty where it says none."""
        return self._said("kind")

    def value(self) -> object:
        """The document as JSON has it; None where it couldn't be read."""
        return None if self.root is None else plain(self.root)

    def at(self, *path: str | int) -> Mark:
        """Line and column of the value at `path`, or of what would hold it."""
        return (self.line, 1) if self.root is None else located(self.root, path)

    def _said(self, key: str) -> str:
        node = self.root.entries.get(key) if isinstance(self.root, MapNode) else None
        return node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else ""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a text holds; `errors` are those of the whole text, each document has its own beside them."""

    documents: tuple[Document, ...]
    errors: tuple[Problem, ...]


def read(given: str | bytes) -> Stream:
    """Cut `given` into documents and read each. Never raises; empty documents are counted but left out."""
    try:
        return _read(_decoded(given))
    except Refused as refusal:
        return Stream((), (_refusal(refusal, 1),))


def _read(text: str) -> Stream:
    if len(text) > LARGEST_TEXT:
        raise Refused((1, 1), "too_large", f"{len(text):,} characters; send at most {LARGEST_TEXT:,} at once.")
    documents: list[Document] = []
    values = 0
    for number, (line, part) in enumerate(_parts(LINE_BOM.sub("", text.removeprefix("\ufeff"))), start=1):
        if number > MOST_DOCUMENTS or values > MOST_VALUES:
            return Stream(tuple(documents), (Problem(number, line, 1, "", "too_many", _too_many(number)),))
        document = _document(number, line, part)
        if document.root is not None or document.problems.errors:
            documents += _listed(document)
        values += document.problems.values
    return Stream(tuple(documents), ())


def _document(number: int, line: int, text: str) -> Document:
    problems = Problems(number)
    if len(text) > LARGEST_DOCUMENT:
        help_ = f"at most {LARGEST_DOCUMENT:,}; put a long definition in a file and write {{$text: ./that-file}}"
        problems.error((line, 1), "", "too_large", f"{len(text):,} characters in one document; {help_}.")
        return Document(number, "", line, None, problems)
    try:
        root = compose(text, line=line, problems=problems)
    except Refused as refusal:
        template = refusal.code in ("invalid_yaml", "invalid_key") and TEMPLATE_MARKS.search(text)
        said = ("template", TEMPLATE_HELP) if template else (refusal.code, refusal.message)
        problems.errors[:] = [Problem(number, *refusal.at, "", *said)]
        return Document(number, text, line, None, problems)
    return Document(number, text, line, None if _empty(root) else root, problems)


def _listed(document: Document) -> list[Document]:
    """The objects of a list of OpenSLO's, which writes many in one document; everything else is one.

    They share the document's number: their lines tell them apart.
    """
    root = document.root
    if not isinstance(root, ListNode) or not root.items or document.problems.errors:
        return [document]
    number = document.number
    found = [replace(document, line=item.mark[0], root=item, problems=Problems(number)) for item in root.items]
    if not all(one.api_version.startswith(LISTED) for one in found):
        return [document]
    found[0].problems.warnings.extend(document.problems.warnings)
    return found


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """First line and text of every document, as YAML counts them."""
    start, line, marked = 0, 1, False
    for found in MARKER.finditer(text):
        here = found.start()
        ends = found[0] == "..."
        said = marked or CONTENT.search(text, start, here) is not None
        if said:
            yield line, text[start : found.end() if ends else here]
        if said or ends:
            after = found.end() if ends else here
            line, start = line + counted(text[start:after]), after
        marked = not ends
    if marked or CONTENT.search(text, start):
        yield line, text[start:]


def _empty(root: Node | None) -> bool:
    return root is None or (isinstance(root, ScalarNode) and root.value is None)


def _decoded(given: str | bytes) -> str:
    if isinstance(given, str):
        return given
    if len(given) > 4 * LARGEST_TEXT:
        raise Refused((1, 1), "too_large", f"{len(given):,} bytes; send at most {LARGEST_TEXT:,} characters at once.")
    try:
        return given.decode("utf-16" if given.startswith(UTF_16) else "utf-8")
    except UnicodeDecodeError as error:
        before = given[: error.start]
        at = (before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise Refused(at, "not_utf8", "This is not UTF-8 text; save the file as UTF-8.") from error


def _refusal(refusal: Refused, number: int) -> Problem:
    return Problem(number, *refusal.at, "", refusal.code, refusal.message)


def _too_many(number: int) -> str:
    return f"Document {number} and what follows were not read: send at most {MOST_DOCUMENTS:,} documents at once."
