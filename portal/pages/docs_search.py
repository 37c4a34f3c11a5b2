"""The product's own documentation as one search finds it; read once, when all apps are loaded."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from catalog import likeness, registries
from catalog.registries import Hit, Sought
from portal.lib.kept import Kept
from portal.pages import docs

_kept: Kept[tuple[tuple[str, str, str], ...]] = Kept(seconds=60, most=1)


def find(sought: Sought, limit: int, now: datetime) -> list[Hit]:
    """Pages whose title or text holds the words; with slips forgiven, whose title nearly does."""
    return sorted(_hits(sought), key=lambda hit: -hit.score)[:limit]


def _hits(sought: Sought) -> Iterator[Hit]:
    for name, title, text in _pages():
        inside = not sought.forgiving and all(word in text for word in sought.words)
        score = likeness.score(sought.words, (title, name), inside=inside)
        if inside or score >= (likeness.LIKE * likeness.ALIKE if sought.forgiving else likeness.NAMED):
            url = reverse("docs-page", args=[name])
            yield Hit("doc", f"doc:{name}", title, url, "book", "documentation", score - 0.05)


def _pages() -> tuple[tuple[str, str, str], ...]:
    """Name, title and lower-cased text of each; files are read once a minute."""
    known = _kept.get("pages")
    if known is None:
        known = tuple((name, title, text.lower()) for name, title, text in docs.texts())
        _kept.put("pages", known)
    return known


registries.search["docs"] = registries.Searched(("doc",), find)
