"""The product's own documentation: one page, with the list of all, its contents and what comes next; and its search."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString

from catalog import likeness, queries
from catalog.registries import Hit
from portal.lib import conf
from portal.lib.clock import now_of
from portal.lib.doc_text import IN_CONTENTS
from portal.lib.reading import readable
from portal.pages import doc_texts, docs_search
from portal.pages.doc_texts import Entry
from portal.pages.search import mark

FOUND = 40


@readable
def show(request: HttpRequest, page: str = doc_texts.FIRST) -> HttpResponse:
    """One page; with `?q=` what the documentation says about it. 404 for a name that is not in the list."""
    asked = request.GET.get("q", "").replace("\x00", " ").strip()[:200]
    if asked:
        return _found(request, asked)
    title, *sections = doc_texts.parts(page)
    before, after = _beside(doc_texts.entries(), page)
    context = {
        **_frame(page),
        "title": title.heading,
        "body": doc_texts.html(page),
        "contents": [one for one in sections if one.level in IN_CONTENTS],
        "before": before,
        "after": after,
        "edit": _edit(page),
    }
    return render(request, "portal/docs.html", context)


def _found(request: HttpRequest, asked: str) -> HttpResponse:
    hits = queries.search(asked, limit=FOUND, now=now_of(request), only=["doc"])
    meant = docs_search.meant(asked)
    context = {
        **_frame(""),
        "q": asked,
        "meant": " ".join(meant) if hits and meant != likeness.words_of(asked) else "",
        "hits": [(hit, mark(hit.title, likeness.marks(meant, hit.title)), _said(hit, meant)) for hit in hits],
    }
    return render(request, "portal/docs_found.html", context)


def _said(hit: Hit, meant: Sequence[str]) -> SafeString:
    """On which page a section is, and the words around what was asked for; that all is documentation goes unsaid."""
    detail = hit.detail.removeprefix(docs_search.DETAIL).removeprefix(" · ")
    return mark(detail, likeness.marks(meant, detail))


def _frame(page: str) -> dict[str, object]:
    return {
        "page": page,
        "groups": [(title, found, any(one.name == page for one in found)) for title, found in doc_texts.groups()],
    }


def _beside(entries: Sequence[Entry], page: str) -> tuple[Entry | None, Entry | None]:
    at = next((at for at, one in enumerate(entries) if one.name == page), None)
    if at is None:
        return None, None
    return (entries[at - 1] if at else None), (entries[at + 1] if at + 1 < len(entries) else None)


def _edit(page: str) -> str:
    """Where the page's text can be changed, if the host says so."""
    base = conf.text("PORTAL_DOCS_EDIT_URL")
    return f"{base.rstrip('/')}/{page}.md" if base else ""
