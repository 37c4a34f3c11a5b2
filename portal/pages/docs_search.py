"""The product's own documentation as one search finds it: pages and their sections; read once, when it is asked."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches

from django.urls import reverse

from catalog import likeness, registries
from catalog.registries import Hit, Sought
from portal.lib.doc_text import plain
from portal.lib.kept import Kept
from portal.pages import doc_texts

DETAIL = "documentation"
DECISION, DECISIONS = "decision", "decisions/"
LESS = 0.7
"""Beside things that people run, what is written about them comes second."""
OF_SECTION = 0.98
"""Of equals, a page comes before its sections."""
OF_PAGE = 3
"""Sections of one page that are named: whoever opens it finds the others."""
NEAR = 0.75
QUOTED = 120


@dataclass(frozen=True, slots=True)
class Part:
    """A page, or a section of one: how it is called, where it is, its words in order."""

    page: str
    title: str
    url: str
    detail: str
    words: tuple[str, ...]
    text: str


type Found = tuple[Hit, Part, Sequence[str]]

_kept: Kept[tuple[tuple[Part, ...], tuple[str, ...]]] = Kept(seconds=60, most=1)


def find(sought: Sought, limit: int, now: datetime) -> list[Hit]:
    """What is called so, then what says so; with slips forgiven, what is nearly called so, or says what was meant."""
    ranked = sorted(_hits(sought), key=lambda hit: -hit[0].score)
    return _once(_few_of_each(ranked), limit)


def _once(ranked: Sequence[Found], limit: int) -> list[Hit]:
    """Of a page and its section that were found for the same words only one, in the better place of the two.

    That is the section, which leads there, but for a page that is called so.
    """
    kept: dict[tuple[str, str], Hit] = {}
    for hit, part, words in ranked:
        shown, quote = _quoting(hit, part, words)
        page, _, section = hit.ref.partition("#")
        before = kept.setdefault((page, quote), shown)
        if section and "#" not in before.ref and not likeness.marks(words, part.page):
            kept[page, quote] = shown
        if len(kept) > limit:
            break
    return list(kept.values())[:limit]


def _quoting(hit: Hit, part: Part, words: Sequence[str]) -> tuple[Hit, str]:
    """Where the title doesn't say why it fits, the words around the longest that was asked for; and those words."""
    if likeness.marks(words, hit.title):
        return hit, hit.title
    sought = re.compile(rf"\b{re.escape(max(words, key=len))}", re.IGNORECASE)
    for line in part.text.splitlines():
        said = " ".join(plain(line.strip("|-*> ").replace("|", " ")).split())
        found = sought.search(said)
        if found:
            quote = _cut(said, found.start())
            return replace(hit, detail=f"{hit.detail} · {quote}"), quote
    return hit, hit.ref


def _cut(said: str, at: int) -> str:
    """About `QUOTED` letters around the place, at the ends of words."""
    start = said.rfind(" ", 0, max(0, at - QUOTED // 3)) + 1
    end = start + QUOTED
    shown = said[start:] if len(said) <= end else f"{said[start:end].rpartition(' ')[0]}…"
    if ". " in shown and shown[-1].isalnum():  # a sentence that goes on, as before an example
        shown += "…"
    return f"…{shown}" if start else shown


def _few_of_each(hits: Sequence[Found]) -> list[Found]:
    kept: dict[str, int] = {}
    found = []
    for one in hits:
        page = one[0].ref.partition("#")[0]
        kept[page] = kept.get(page, 0) + 1
        if kept[page] <= OF_PAGE:
            found.append(one)
    return found


def _hits(sought: Sought) -> Iterator[Found]:
    parts, vocabulary = _known()
    asked = _meant(sought, vocabulary) if sought.forgiving else sought
    if sought.forgiving and asked.words == sought.words:
        return  # as typed, which was looked for already
    weight = LESS * (likeness.LIKE if sought.forgiving else 1.0)
    for part in parts:
        if all(_begun(part.words, one) for one in asked.words):
            score = likeness.score(asked.words, (part.title, part.page), inside=True)
            section = OF_SECTION if "#" in part.url else 1.0
            ref = f"doc:{part.page}#{part.url.partition('#')[2]}".rstrip("#")
            hit = Hit("doc", ref, part.title, part.url, "book", part.detail, weight * section * score)
            yield hit, part, asked.words


def meant(text: str) -> list[str]:
    """The words of `text`, those that the documentation doesn't know replaced by the nearest that it does know."""
    _, vocabulary = _known()
    return [_nearest(word, vocabulary) for word in likeness.words_of(text)]


def _meant(sought: Sought, vocabulary: Sequence[str]) -> Sought:
    """With every word that the documentation doesn't know replaced by the nearest that it does know."""
    return replace(sought, words=tuple(_nearest(word, vocabulary) for word in sought.words))


def _nearest(word: str, vocabulary: Sequence[str]) -> str:
    if len(word) < likeness.SHORTEST or _begun(vocabulary, word):
        return word
    for slip in likeness.slips(word):
        if _begun(vocabulary, slip):
            return slip
    alike = [one for one in vocabulary if one[0] == word[0] and abs(len(one) - len(word)) < 3]
    return next(iter(get_close_matches(word, alike, n=1, cutoff=NEAR)), word)


def _begun(words: Sequence[str], typed: str) -> bool:
    """Whether any of the words, which are in order, begins with what was typed: the first that is not before it."""
    at = bisect_left(words, typed)
    return at < len(words) and words[at].startswith(typed)


def _known() -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """All parts, and all their words; files are looked at once a minute and read when they changed."""
    known = _kept.get("parts")
    if known is None:
        parts = tuple(part for entry in doc_texts.entries() for part in _parts(entry.name))
        known = parts, tuple(sorted({word for part in parts for word in part.words}))
        _kept.put("parts", known)
    return known


def _parts(name: str) -> Iterator[Part]:
    title, *sections = doc_texts.parts(name)
    url = reverse("docs-page", args=[name])
    whole = " ".join((title.heading, title.text, *(f"{one.heading} {one.text}" for one in sections)))
    detail = DECISION if name.startswith(DECISIONS) else DETAIL
    yield Part(name, title.heading, url, detail, _words(whole), whole)
    page = f"{DECISION} {title.heading}" if name.startswith(DECISIONS) else title.heading
    for one in sections:
        yield Part(name, one.heading, f"{url}#{one.anchor}", page, _words(f"{one.heading} {one.text}"), one.text)


def _words(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(likeness.words_of(text))))


registries.search["docs"] = registries.Searched(("doc",), find)
