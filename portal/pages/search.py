"""One box over everything, and the palette that Ctrl/⌘-K opens: the same answers, as a page and as a part of one."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog import likeness, queries
from catalog.models import Person
from catalog.registries import Hit
from portal.context_processors import Frame
from portal.lib.clock import now_of
from portal.lib.reading import known, readable
from portal.pages import docs_search

ON_PAGE, IN_PALETTE, RECENT = 40, 12, 8
KINDS = {
    "component": "Component", "resource": "Resource", "api": "API", "system": "System", "domain": "Domain",
    "team": "Team", "person": "Person", "objective": "Objective", "incident": "Incident",
    "review": "Review", "action-item": "Action item", "doc": "Docs",
}  # fmt: skip
HEALTHS = {4: "bad", 3: "exhausted", 2: "at-risk", 1: "no-data", 0: "healthy"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the answer: where it leads, what it says, what it is."""

    url: str
    icon: str
    title: str | SafeString
    kind: str = ""
    detail: str | SafeString = ""
    health: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under a heading."""

    title: str
    lines: tuple[Line, ...]


@readable
def show(request: HttpRequest) -> HttpResponse:
    """Everything that fits `?q=`, best first; without it, where one may want to go."""
    text = request.GET.get("q", "").replace("\x00", " ").strip()[:200]
    kinds = queries.kinds(known=known(request))
    kind = request.GET.get("kind", "") if request.GET.get("kind") in kinds else ""
    palette = request.GET.get("in") == "palette"
    groups = (
        found(text, kind=kind, limit=IN_PALETTE if palette else ON_PAGE, now=now_of(request), kinds=kinds)
        if text
        else places(request)
    )
    context = {
        "q": text,
        "kind": kind,
        "groups": groups,
        "kinds": [(key, KINDS.get(key, key.capitalize())) for key in kinds],
    }
    part = ("#options" if palette else "#answers") if request.headers.get("HX-Request") else ""
    response = render(request, f"portal/search.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def found(text: str, *, kind: str, limit: int, now: datetime, kinds: Collection[str] = ()) -> list[Group]:
    """What fits, in one list; what is only like it says so."""
    hits = queries.search(text, limit=limit, now=now, only=[kind] if kind else kinds)
    if not hits:
        return []
    title = (
        "Best match first"
        if hits[0].score > likeness.LIKE + 0.05
        else f"Nothing is called “{_short(text)}”. Did you mean:"
    )
    return [Group(title, tuple(_line(hit, text) for hit in hits))]


def places(request: HttpRequest) -> list[Group]:
    """Where one may want to go before a letter is typed: stars, what was open lately, the sidebar."""
    person: Person | None = getattr(request.user, "person", None)
    return [group for group in _places(request, person) if group.lines]


def _places(request: HttpRequest, person: Person | None) -> Iterator[Group]:
    if person:
        stars = queries.stars_of(person)[:RECENT]
        yield Group("Starred", tuple(Line(star.url, "star", star.title, detail=star.ref) for star in stars))
        visits = queries.visits_of(person)[:RECENT]
        yield Group("Recently visited", tuple(Line(one.url, "history", one.title, detail=one.ref) for one in visits))
    yield Group("Go to", tuple(Line(one.url, one.icon, one.title) for one in Frame(request).navigation))


def _line(hit: Hit, text: str) -> Line:
    health = HEALTHS.get(hit.health, "") if hit.health is not None else ""
    kind = KINDS.get(hit.kind, hit.kind.capitalize())
    return Line(hit.url, hit.icon, mark(hit.title, queries.marked(hit, text)), kind, _detail(hit, text), health)


def _detail(hit: Hit, text: str) -> SafeString:
    """Of documentation, what it quotes has the words marked for which it was found."""
    return mark(hit.detail, likeness.marks(docs_search.meant(text), hit.detail) if hit.kind == "doc" else [])


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def mark(title: str, parts: list[tuple[int, int]]) -> SafeString:
    """`title` with `<mark>` around its parts; everything else, and what is inside them, is text."""
    at, pieces = 0, []
    for start, end in parts:
        pieces.append((title[at:start], title[start:end]))
        at = end
    return format_html_join("", "{}<mark>{}</mark>", pieces) + format_html("{}", title[at:])
