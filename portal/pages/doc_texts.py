"""Which texts the documentation has, in which order, and where they are kept: `templates/docs/*.md`.

A host project puts its own in their place, or adds some, where Django finds its templates first.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.http import Http404
from django.template.engine import Engine
from django.template.loaders.filesystem import Loader
from django.utils.safestring import SafeString

from portal.lib import conf, doc_text
from portal.lib.doc_text import Section
from portal.lib.kept import Kept

FIRST = "getting-started"
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Start here", (FIRST, "concepts")),
    (
        "How to",
        (
            "how-to/is-it-me",
            "how-to/tighten-a-promise",
            "how-to/answer-a-page",
            "how-to/nobody-answers",
            "how-to/register-from-ci",
            "how-to/set-up-a-team",
            "how-to/keep-things-private",
        ),
    ),
    ("Catalog", ("catalog", "trust", "maintenance", "accounts")),
    ("Objectives", ("slos", "budgets", "counting")),
    ("Paging", ("alerts", "escalation", "on-call", "notifications", "drills")),
    ("Incidents", ("incidents", "reviews", "analytics", "digest")),
    ("Plugging in", ("embedding", "plugins")),
    ("Reference", ("api", "problems", "kinds", "catalog-yaml", "openslo", "settings", "metrics", "operating")),
)
FURTHER, DECISIONS = "Further pages", "Decisions"
"""What no group names, a host's own texts among them; and why things are as they are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One page in the list of all: its name, which is its address below /docs, and its title."""

    name: str
    title: str


Groups = tuple[tuple[str, tuple[Entry, ...]], ...]


@dataclass(frozen=True, slots=True)
class Library:
    """All that is there: where each text is, and the list of all in reading order."""

    paths: Mapping[str, Path]
    groups: Groups


_library: Kept[Library] = Kept(seconds=60, most=1)


def groups() -> Groups:
    """All pages by group, in reading order; folders are looked through once a minute."""
    return library().groups


def entries() -> list[Entry]:
    """All pages, in reading order."""
    return [entry for _, found in groups() for entry in found]


def parts(name: str) -> tuple[Section, ...]:
    """The title and the sections of a page. 404 for a name that is none."""
    return _parts_of(_path(name))


def html(name: str) -> SafeString:
    """A page as it is shown below its title. 404 for a name that is none."""
    path = _path(name)
    return _html(path, path.stat().st_mtime_ns, conf.base_url())


def library() -> Library:
    """See Library; at most a minute old."""
    known = _library.get("all")
    if known is None:
        paths = _paths()
        known = Library(paths, tuple(_grouped(paths)))
        _library.put("all", known)
    return known


def _parts_of(path: Path) -> tuple[Section, ...]:
    return _parts(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=300)
def _parts(path: Path, _written: int) -> tuple[Section, ...]:
    return tuple(doc_text.sections(path.read_text(encoding="utf-8")))


@lru_cache(maxsize=100)
def _html(path: Path, _written: int, base_url: str) -> SafeString:
    """The examples are written for `conf.EXAMPLE_URL`, and shown for where this portal is reached."""
    text = path.read_text(encoding="utf-8").replace(conf.EXAMPLE_URL, base_url)
    return doc_text.html(text, picture=_picture)


def _grouped(paths: Mapping[str, Path]) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    for title, names in _named(paths.keys()):
        if names:
            yield title, tuple(_entry(name, paths[name]) for name in names)


def _named(there: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    listed = {name for _, names in GROUPS for name in names}
    for title, names in GROUPS:
        yield title, [name for name in names if name in there]
    further = sorted(set(there) - listed)
    yield FURTHER, [name for name in further if not name.startswith("decisions/")]
    yield DECISIONS, [name for name in further if name.startswith("decisions/")]


def _paths() -> dict[str, Path]:
    """Of two texts of one name, the one that Django would find first."""
    found: dict[str, Path] = {}
    for folder in _places("docs"):
        for path in (*folder.glob("*.md"), *folder.glob("how-to/*.md"), *folder.glob("decisions/[0-9]*.md")):
            found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
    return found


def _entry(name: str, path: Path) -> Entry:
    found = _parts_of(path)
    return Entry(name, found[0].heading if found else name)


def _path(name: str) -> Path:
    path = library().paths.get(name)
    if path is None or not path.is_file():
        raise Http404
    return path


def _picture(source: str) -> str | None:
    """An SVG below `docs/pictures`; nothing else is drawn into a page."""
    name = source.removeprefix("pictures/")
    if not source.startswith("pictures/") or "/" in name or not name.endswith(".svg"):
        return None
    return next((path.read_text(encoding="utf-8") for path in _places(f"docs/{source}") if path.is_file()), None)


def _places(name: str) -> Iterator[Path]:
    """Where Django would look for a template of this name, first first; the texts themselves are no templates."""
    for loader in Engine.get_default().template_loaders:
        inner = getattr(loader, "loaders", [loader])
        for one in inner:
            if isinstance(one, Loader):
                yield from (Path(str(origin.name)) for origin in one.get_template_sources(name))
