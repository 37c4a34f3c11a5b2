"""Where apps plug in: plain dicts, filled by each app in `AppConfig.ready()`, read by pages that know none of them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from django.http import HttpRequest

from portal.lib.errors import Expected, FieldError

if TYPE_CHECKING:  # filled while apps are still being loaded, when models can't be imported
    from catalog.access import Actor
    from catalog.manifest import Document
    from catalog.models import Component, Person, Team


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One line of the sidebar. An entry whose `url_name` does not resolve (without arguments) is not shown.

    `badge` names a fact of `frame` whose `count` stands beside the title, such as `open-incidents`. `within` is the key
    of the entry below which it is shown while a page of that part is open; `also` is where further pages of it begin.
    `admins`: shown to platform admins alone, for there is nothing on it that others could do; it guards nothing.
    """

    title: str
    url_name: str
    icon: str
    order: int
    section: str = ""
    badge: str = ""
    within: str = ""
    also: tuple[str, ...] = ()
    admins: bool = False


navigation: dict[str, NavEntry] = {}
"""Sidebar by key: home 10, catalog 20, slos 30, incidents 40, on-call 50, reviews 60, status 70."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the change log names by `kind:name`: the kind in words, and its page, to which the name may be an argument.

    With `query` the page is a list, which the name is a filter of. `titled`: where its title is, as model, the field
    that the reference names, and the field that people read.
    """

    title: str
    url_name: str = ""
    named: bool = True
    query: str = ""
    titled: tuple[str, str, str] | None = None


subjects: dict[str, Subject] = {}
"""By the kind of a reference, for what is no entity of the catalog."""

Fact = Callable[[HttpRequest], object]

frame: dict[str, Fact] = {}
"""Live facts of the frame around every page, each asked once a page for a signed-in reader; one that fails is left out.

`open-incidents` → {"count": int, "worst": 1..5, "url": str}; `on-call` → {"person", "team", "more", "url"} or None;
`paging-swept-at` and `evaluated-at` → datetime or None.
"""


@dataclass(frozen=True, slots=True)
class Panel[E]:
    """A part of the page of a component or a team that another app fills.

    `facts(entity, request, now)` answers the context of `template`, or None to show nothing, once a page.
    `place` is `top` (notices), `strip` (a cell of the fact row), `main` or `side`. `title` and `count` (a key of the
    facts) make a tab that leads to the panel; without a title there is none.
    """

    template: str
    facts: Callable[[E, HttpRequest, datetime], Mapping[str, object] | None]
    place: str = "main"
    order: int = 50
    title: str = ""
    count: str = ""


component_panels: "dict[str, Panel[Component]]" = {}
"""By key, which is also the panel's id on the page: `objectives` 10 and `incidents` 20 of place main."""

TeamPanel = Panel["Team"]

team_panels: "dict[str, Panel[Team]]" = {}
"""By key, as `component_panels`; places top, main and side, no tabs."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who answers for a team now, and until when (None: until somebody changes it)."""

    person: "Person"
    until: datetime | None


class OnCallNow(Protocol):
    """Team ids and the moment → who is on call, for those teams that have somebody.

    With the `request` of a page, what one of its parts asked is not asked again for another, nor for the frame.
    """

    def __call__(
        self, team_ids: Collection[int], now: datetime, request: HttpRequest | None = None
    ) -> Mapping[int, OnCall]:
        """Who answers for each of them."""


on_call: dict[str, OnCallNow] = {}
"""One entry, `incidents`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check's answer about one component: True, False or None (unknown), why in words, and where to put it right."""

    outcome: bool | None
    reason: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class ScorecardCheck:
    """A check of components, asked for whole batches; a component left out of the answer, or an error, is *unknown*.

    `level` is bronze, silver or gold. Where `applies` says no, the check counts neither way. A check too costly for a
    page has `kept_fix`, where to put a component right: pages show what the last sweep kept of it, while that is fresh.
    """

    title: str
    level: str
    answer: "Callable[[Sequence[Component], datetime], Mapping[int, Verdict]]"
    applies: "Callable[[Component], bool] | None" = None
    kept_fix: "Callable[[Component], str] | None" = None


scorecard_checks: dict[str, ScorecardCheck] = {}
"""By key, which is kept with every answer and so never changes its meaning."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A search: what was typed, its words in lower case, and whether slips in longer words are forgiven.

    Providers are asked for what holds the words; where they find little, and nothing called so, once more forgivingly.
    """

    text: str
    words: tuple[str, ...]
    forgiving: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `score` is 0 to 1, by `catalog.likeness.score`, so that hits of all kinds compare."""

    kind: str
    ref: str
    title: str
    url: str
    icon: str
    detail: str = ""
    score: float = 0.0
    health: int | None = None


Search = Callable[[Sought, int, datetime], Sequence[Hit]]


@dataclass(frozen=True, slots=True)
class Searched:
    """Kinds of things that can be found, in the words of the API, and who finds the best few of them.

    `signed_in`: only for somebody who is, also where everything else is read by everybody.
    """

    kinds: tuple[str, ...]
    find: Search
    signed_in: bool = False


search: dict[str, Searched] = {}
"""By key: `components`, `groups` (teams, people, systems, domains), `objectives`, `incidents`, `docs`."""


@dataclass(frozen=True, slots=True)
class KindWritten:
    """What became of a document: its reference (`schedule:default/ci`), created, updated or unchanged, the diff.

    `warnings` say what is not done as it was written; their fields are paths in the document.
    """

    ref: str
    outcome: str
    diff: Mapping[str, tuple[object, object]]
    warnings: tuple[FieldError, ...] = ()


type LookUp = "Callable[[Sequence[Document], Actor, datetime], Mapping[int, Expected | Sequence[FieldError]]]"
"""See ApplyKind."""


@dataclass(frozen=True, slots=True)
class ApplyKind:
    """A kind of document that an app adds to `apply` and `export`, beside the catalog's own.

    `write(document, actor, now)` is one operation: it says in the transaction what is to be, idempotently, and raises
    Expected, whose fields are paths in the document (`spec.steps[0].delay`) and so get a line and a column. `ref_of`
    names the document without writing it, empty where it can't be named. `exported()` answers the documents that,
    applied again, change nothing. `retire(ref, actor, now)` takes one out that its source no longer names; without it
    such a one is only shown as orphaned. `look_up(documents, actor, now)` asks others than the database, before any
    transaction is opened: it is given the documents of all apps' kinds in the stream, and answers by their places what
    is wrong with those of its own kind (Expected, as `write` raises it) or to be warned of. It never raises, and
    answers in seconds whoever is down. `owned(refs, teams)` are those of `refs` that belong to the teams, so that who
    may write only for these may orphan and retire them. Kinds are written in `order`, after the catalog's.
    """

    write: "Callable[[Document, Actor, datetime], KindWritten]"
    ref_of: "Callable[[Document], str]"
    exported: Callable[[], Iterable[Mapping[str, object]]] = tuple
    retire: "Callable[[str, Actor, datetime], object] | None" = None
    order: int = 100
    owned: Callable[[Collection[str], Collection[int]], Collection[str]] = lambda _refs, _teams: ()
    look_up: "LookUp | None" = None


apply_kinds: dict[tuple[str, str], ApplyKind] = {}
"""By (apiVersion, kind), such as ("portico/v1", "Schedule")."""

pages: dict[str, str] = {}
"""Modules with `urlpatterns` by key, which a plugin's pages are: below /x/KEY/, in the namespace KEY."""

api: dict[str, str] = {}
"""The same for its API: below /api/v1/x/KEY/, in the namespace KEY-api."""
