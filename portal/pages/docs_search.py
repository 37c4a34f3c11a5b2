"""The product's own documentation as one search finds it; read once, when all apps are loaded."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse

from catalog import likeness, registries
from catalog.registries import Hit, Sought
from portal.lib.kept import Kept
from portal.pages import docs

DETAIL = "documentation"
LESS = 0.85
"""Beside things that people run, what is written about them comes second."""
_kept: Kept[tuple[tuple[str, str, list[str]], ...]] = Kept(seconds=60, most=1)


def find(sought: Sought, limit: int, now: datetime) -> list[Hit]:
    """Pages whose title or text holds the words; with slips forgiven, whose title nearly does."""
    return sorted(_hits(sought), key=lambda hit: -hit.score)[:limit]


def _hits(sought: Sought) -> Iterator[Hit]:
    for name, title, words in _pages():
        inside = not sought.forgiving and all(_begun(words, one) for one in sought.words)
        score = likeness.score(sought.words, (title, name), inside=inside)
        if inside or (sought.forgiving and score >= likeness.LIKE * likeness.ALIKE):
            yield Hit("doc", f"doc:{name}", title, reverse("docs-page", args=[name]), "book", DETAIL, LESS * score)


def _begun(words: Sequence[str], typed: str) -> bool:
    """Whether any of the words, which are in order, begins with what was typed: the first that is not before it."""
    at = bisect_left(words, typed)
    return at < len(words) and words[at].startswith(typed)


def _pages() -> tuple[tuple[str, str, list[str]], ...]:
    """Name, title and words of each, in order; files are read once a minute."""
    known = _kept.get("pages")
    if known is None:
        known = tuple((name, title, sorted(set(likeness.words_of(text)))) for name, title, text in docs.texts())
        _kept.put("pages", known)
    return known


registries.search["docs"] = registries.Searched(("doc",), find)
