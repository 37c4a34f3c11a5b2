"""The catalog as a list: who owns it, is it healthy, who is on call, without opening anything."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from catalog import queries
from catalog.filters import component_filter, starred_filter
from catalog.models import Component, ComponentHealth, Person, SavedView, Team
from catalog.registries import OnCall
from portal.lib.clock import now_of
from portal.lib.errors import Expected
from portal.lib.reading import readable
from portal.looks import look_of

SIZE = 50
COLUMNS = (("name", "Component"), ("type", "Type"), ("owner", "Owner"), ("tier", "Tier"), ("health", "Health"))
LEGENDS = {
    "health": "Health", "tier": "Tier", "type": "Type", "owner": "Owner", "system": "System", "tag": "Tag",
    "kind": "Kind", "lifecycle": "Lifecycle",
}  # fmt: skip
SHOWN = 7
BY_NAME = frozenset({"owner", "system", "tag"})
"""Facets of which there may be thousands: what is not among those shown is typed."""
UNFILTERED = {"sort", "cursor"}
State = ComponentHealth.State
KEYS: dict[int, str] = {
    State.BAD: "bad", State.EXHAUSTED: "exhausted", State.AT_RISK: "at-risk", State.UNKNOWN: "no-data",
    State.GOOD: "healthy",
}  # fmt: skip
"""Health as the design language names it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table."""

    component: Component
    health: str
    said: str
    duty: OnCall | None
    used_by: int
    doubled: bool
    """Whether another row is called so too, such as an API as the service that provides it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One filter in force, in words, with the address without it."""

    title: str
    without: str


@dataclass(frozen=True, slots=True)
class Field:
    """One facet: its choices, those that leave most first; `typed` where there may be more than can be shown."""

    name: str
    legend: str
    first: list[queries.Facet]
    rest: list[queries.Facet]
    typed: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as a tab: one that everybody has, or one that was saved, which `view` is."""

    title: str
    url: str
    count: int
    active: bool
    view: SavedView | None = None


@readable
def show(request: HttpRequest) -> HttpResponse:
    """Components, filtered and sorted by the query string."""
    now = now_of(request)
    person: Person | None = getattr(request.user, "person", None)
    wanted = starred_filter(request)
    sort = request.GET.get("sort", "") if request.GET.get("sort") in queries.SORTS else "health"
    rows = queries.components(wanted).select_related("owner")
    page = queries.page(rows, queries.SORTS[sort], cursor=request.GET.get("cursor", ""), size=SIZE)
    counted, tabs = queries.count_choices(wanted), _tabs(request, person)
    mine = list(queries.teams_of(person)) if person else []
    context = {
        "now": now,
        "wanted": wanted,
        "lines": lines(page.rows, now=now, request=request),
        "facets": [_field(name, legend, counted.facets[name]) for name, legend in LEGENDS.items()],
        "chosen": _chosen(request.GET, counted.facets),
        "tabs": tabs,
        "saved": next((tab.view for tab in tabs if tab.active and tab.view), None),
        "query": _kept(request.GET),
        "narrowed": _narrowed(request.GET),
        "sort": sort,
        "columns": [(key, title, _address(request.GET, sort=key)) for key, title in COLUMNS],
        "count": counted.total,
        "total": tabs[0].count,
        "teams": Team.objects.filter(retired_at=None).count(),
        "unowned": next(tab.count for tab in tabs if tab.title == WITHOUT_OWNER),
        "my_teams": mine,
        "may_change": person is not None and (person.platform_admin or bool(mine)),
        "tiers": Component.Tier.choices,
        "next": _address(request.GET, cursor=page.next) if page.next else "",
        "previous": _address(request.GET, cursor=page.previous) if page.previous else "",
    }
    return render(request, "catalog/list.html", context)


def _field(name: str, legend: str, choices: list[queries.Facet]) -> Field:
    """The facet as drawn: what is chosen is never hidden behind "more"."""
    shown = [one for place, one in enumerate(choices) if place < SHOWN or one.chosen]
    rest = [one for one in choices if one not in shown]
    return Field(name, legend, shown, rest, typed=name in BY_NAME and bool(choices))


def lines(components: Iterable[Component], *, now: datetime, request: HttpRequest | None = None) -> list[Line]:
    """Components as rows, with their health in words and who is on call for their owners; four questions for all."""
    found = list(components)
    ids = [component.pk for component in found]
    health = queries.health_said(ids)
    owners = {c.owner_id for c in found if c.owner_id is not None}
    duty = queries.on_call_now(owners, now=now, request=request)
    used = queries.used_by(ids)
    called = Counter(component.label for component in found)
    return [
        Line(
            component=component,
            health=(key := health_key(health.get(component.pk))),
            said=_beside(key, health[component.pk][0].summary) if component.pk in health else "",
            duty=duty.get(component.owner_id or 0),
            used_by=used.get(component.pk, 0),
            doubled=called[component.label] > 1,
        )
        for component in found
    ]


def _beside(key: str, summary: str) -> str:
    """What is said, without the word that stands above it already."""
    return summary.removesuffix(f": {look_of(key).word.lower()}")


def health_key(said: Sequence[ComponentHealth | queries.Said] | None) -> str:
    """The worst of what is said (loudest first) as the design language names it; `no-slo` where nothing is.

    What only promises say is that they burn; broken it is when an incident says so too.
    """
    if not said:
        return "no-slo"
    burns = said[0].state == State.BAD and all(one.source == "slo" for one in said if one.state == State.BAD)
    return "burning" if burns else KEYS[said[0].state]


def worst_key(worst: int) -> str:
    """`Component.worst` as the design language names it."""
    return KEYS.get(worst, "no-slo")


WITHOUT_OWNER = "Without owner"


def _tabs(request: HttpRequest, person: Person | None) -> list[Tab]:
    """Views everybody needs, then those that were saved, each an address; the one that is shown is marked."""
    mine = sorted(queries.teams_of(person).values_list("ref", flat=True)) if person else []
    stars = tuple(queries.stars_of(person).values_list("ref", flat=True)) if person else ()
    plain: dict[str, list[tuple[str, str]]] = {
        "All": [],
        "My teams": [("owner", ref) for ref in mine],
        "Tier 1 and 2": [("tier", "1"), ("tier", "2")],
        "Unhealthy": [("health", key) for key in ("bad", "exhausted", "at-risk", "unknown")],
        WITHOUT_OWNER: [("owner", queries.NOBODY)],
        "Starred": [("starred", "1")] if stars else [],
    }
    views = {(title, 0): _query(pairs) for title, pairs in plain.items() if pairs or title == "All"}
    saved = {view.pk: view for view in queries.views_for(person)} if person else {}
    views |= {(view.name, pk): QueryDict(view.query) for pk, view in saved.items()}
    filters = {f"{pk}:{title}": _filter(query, stars) for (title, pk), query in views.items()}
    counts = queries.counts({key: one for key, one in filters.items() if one is not None})
    now = _plainly(request.GET)
    return [
        Tab(title, _url(query), counts.get(f"{pk}:{title}", 0), now == _plainly(query), saved.get(pk))
        for (title, pk), query in views.items()
    ]


def _query(pairs: list[tuple[str, str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for key, value in pairs:
        query.appendlist(key, value)
    return query


def _filter(query: QueryDict, stars: tuple[str, ...]) -> queries.ComponentFilter | None:
    """None for a saved view that asks for what is no longer known."""
    try:
        return component_filter(query, starred=stars)
    except Expected:
        return None


def _plainly(query: QueryDict) -> dict[str, list[str]]:
    """What is asked for, in whatever order it is said."""
    asked = {key: sorted(value for value in values if value) for key, values in query.lists()}
    return {key: values for key, values in asked.items() if values and key not in UNFILTERED}


def _kept(query: QueryDict) -> str:
    """The query string as a view keeps it and exports take it."""
    return _url(_clean(query)).partition("?")[2]


def _narrowed(query: QueryDict) -> str:
    """Of that what narrows the list: a stream of documents has an order of its own, and is asked for no other."""
    view = _clean(query)
    for name in UNFILTERED:
        view.pop(name, None)
    return _url(view).partition("?")[2]


def _clean(query: QueryDict) -> QueryDict:
    """Without the place in the list and fields of the form that were left empty."""
    view = QueryDict(mutable=True)
    for key, values in query.lists():
        if key != "cursor" and any(values):
            view.setlist(key, [value for value in values if value])
    return view


def _chosen(query: QueryDict, facets: Mapping[str, list[queries.Facet]]) -> list[Chosen]:
    """The filters in force; what no facet shows (a tag, a system) can be taken away here too."""
    words = dict(LEGENDS, q="Words", starred="Starred", retired="Retired")
    found = []
    for field, title in words.items():
        values = [value for value in query.getlist(field) if value]
        if values:
            titles = {one.value: one.title for one in facets.get(field, ()) if field != "tier"}  # a tier has a sentence
            said = ", ".join(titles.get(value) or value.rpartition("/")[2] for value in values)
            found.append(Chosen(f"{title}: {said}", _address(query, **{field: ""})))
    return found


def _address(query: QueryDict, **change: str) -> str:
    """This page with something changed; the first page again unless the change is the cursor."""
    view = _clean(query)
    for key, value in change.items():
        view.pop(key, None)
        if value:
            view[key] = value
    return _url(view)


def _url(query: QueryDict) -> str:
    return reverse("catalog:components") + (f"?{query.urlencode()}" if query else "")
