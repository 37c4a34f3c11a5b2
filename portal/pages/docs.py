"""The product's own documentation, from `templates/docs/*.md`; a host project can put its own in their place."""

from collections.abc import Iterator
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.engine import Engine
from django.template.loaders.filesystem import Loader

from portal.lib.markdown import to_html
from portal.lib.reading import readable

CONTENTS = (
    "getting-started",
    "catalog",
    "catalog-yaml",
    "trust",
    "digest",
    "accounts",
    "maintenance",
    "counting",
    "slos",
    "budgets",
    "openslo",
    "alerts",
    "escalation",
    "on-call",
    "drills",
    "notifications",
    "analytics",
    "reviews",
    "api",
    "embedding",
    "plugins",
    "operating",
)


@readable
def show(request: HttpRequest, page: str = CONTENTS[0]) -> HttpResponse:
    """One page, with the list of all beside it. 404 for a name that is not in the list."""
    decisions = [f"decisions/{name}" for name in _decisions()]
    if page not in (*CONTENTS, *decisions):
        raise Http404
    text = _read(page)
    context = {
        "title": _title(text),
        "body": to_html(text.partition("\n")[2]),
        "contents": [_entry(name, page) for name in CONTENTS if _exists(name)],
        "decisions": [_entry(name, page) for name in decisions],
    }
    return render(request, "portal/docs.html", context)


def texts() -> Iterator[tuple[str, str, str]]:
    """Name, title and text of every page, for search."""
    for name in (*(one for one in CONTENTS if _exists(one)), *(f"decisions/{one}" for one in _decisions())):
        text = _read(name)
        yield name, _title(text), text


def _entry(name: str, page: str) -> dict[str, object]:
    return {"name": name, "title": _title(_read(name)), "active": name == page}


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ").strip()


def _read(page: str) -> str:
    for path in _places(f"docs/{page}.md"):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise Http404


def _exists(page: str) -> bool:
    return any(path.is_file() for path in _places(f"docs/{page}.md"))


def _decisions() -> list[str]:
    found = {path.stem for folder in _places("docs/decisions") for path in folder.glob("[0-9]*.md")}
    return sorted(found)


def _places(name: str) -> Iterator[Path]:
    """Where Django would look for a template of this name, first first; the texts themselves are no templates."""
    for loader in Engine.get_default().template_loaders:
        inner = getattr(loader, "loaders", [loader])
        for one in inner:
            if isinstance(one, Loader):
                yield from (Path(str(origin.name)) for origin in one.get_template_sources(name))
