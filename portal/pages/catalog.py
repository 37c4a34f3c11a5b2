"""The catalog as a list: who owns it, is it healthy, who is on call, without opening anything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from catalog import queries
from catalog.filters import component_filter
from catalog.models import Component, ComponentHealth, Person, Team
from catalog.registries import OnCall
from portal.lib.clock import db_now
from portal.lib.reading import readable

SIZE = 50
COLUMNS = (("name", "Component"), ("type", "Type"), ("owner", "Owner"), ("tier", "Tier"), ("health", "Health"))
LEGENDS = {"health": "Health", "tier": "Tier", "type": "Type", "owner": "Owner", "lifecycle": "Lifecycle"}
SHOWN = 7
UNFILTERED = {"sort", "cursor", "q"}
State = ComponentHealth.State
KEYS: dict[int, str] = {State.BAD: "bad", State.AT_RISK: "at-risk", State.UNKNOWN: "no-data", State.GOOD: "healthy"}
"""Health as the design language names it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table."""

    component: Component
    health: str
    said: str
    duty: OnCall | None
    used_by: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """One filter in force, in words, with the address without it."""

    title: str
    without: str


@readable
def show(request: HttpRequest) -> HttpResponse:
    """Components, filtered and sorted by the query string."""
    now = db_now()
    wanted = component_filter(request.GET)
    sort = request.GET.get("sort", "") if request.GET.get("sort") in queries.SORTS else "health"
    rows = queries.components(wanted).select_related("owner")
    page = queries.page(rows, queries.SORTS[sort], cursor=request.GET.get("cursor", ""), size=SIZE)
    facets, tabs = queries.facets(wanted), _tabs(request)
    context = {
        "now": now,
        "wanted": wanted,
        "lines": lines(page.rows, now=now),
        "facets": [(field, LEGENDS[field], choices[:SHOWN], choices[SHOWN:]) for field, choices in facets.items()],
        "chosen": _chosen(request.GET),
        "tabs": tabs,
        "sort": sort,
        "columns": [(key, title, _address(request.GET, sort=key)) for key, title in COLUMNS],
        "count": tabs[0]["count"] if wanted.empty else rows.count(),
        "total": tabs[0]["count"],
        "teams": Team.objects.filter(retired_at=None).count(),
        "next": _address(request.GET, cursor=page.next) if page.next else "",
        "previous": _address(request.GET, cursor=page.previous) if page.previous else "",
    }
    return render(request, "catalog/list.html", context)


def lines(components: Iterable[Component], *, now: datetime) -> list[Line]:
    """Components as rows, with their health in words and who is on call for their owners; four questions for all."""
    found = list(components)
    ids = [component.pk for component in found]
    health = queries.health_said(ids)
    duty = queries.on_call_now({c.owner_id for c in found if c.owner_id is not None}, now=now)
    used = queries.used_by(ids)
    return [
        Line(
            component=component,
            health=health_key(health.get(component.pk)),
            said=health[component.pk][0].summary if component.pk in health else "",
            duty=duty.get(component.owner_id or 0),
            used_by=used.get(component.pk, 0),
        )
        for component in found
    ]


def health_key(said: Sequence[ComponentHealth] | None) -> str:
    """The worst of what is said (loudest first) as the design language names it; `no-slo` where nothing is."""
    return KEYS[said[0].state] if said else "no-slo"


def worst_key(worst: int) -> str:
    """`Component.worst` as the design language names it."""
    return KEYS.get(worst, "no-slo")


def _tabs(request: HttpRequest) -> list[dict[str, object]]:
    """Views everybody needs, each an address; the one that is shown is marked."""
    person: Person | None = getattr(request.user, "person", None)
    mine = sorted(queries.teams_of(person).values_list("ref", flat=True)) if person else []
    views: dict[str, list[tuple[str, str]]] = {
        "All": [],
        "My teams": [("owner", ref) for ref in mine],
        "Tier 1 and 2": [("tier", "1"), ("tier", "2")],
        "Unhealthy": [("health", "bad"), ("health", "at-risk"), ("health", "unknown")],
        "Without owner": [("owner", queries.NOBODY)],
    }
    if not mine:
        del views["My teams"]
    asked = {title: _query(pairs) for title, pairs in views.items()}
    counts = queries.counts({title: component_filter(query) for title, query in asked.items()})
    now = {key: sorted(values) for key, values in request.GET.lists() if key not in UNFILTERED and any(values)}
    return [
        {
            "title": title,
            "url": _url(query),
            "count": counts[title],
            "active": now == {key: sorted(values) for key, values in query.lists()},
        }
        for title, query in asked.items()
    ]


def _query(pairs: list[tuple[str, str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for key, value in pairs:
        query.appendlist(key, value)
    return query


def _chosen(query: QueryDict) -> list[Chosen]:
    """The filters in force; what no facet shows (a tag, a system) can be taken away here too."""
    words = dict(LEGENDS, q="Words", tag="Tag", system="System", kind="Kind", retired="Retired")
    found = []
    for field, title in words.items():
        values = [value for value in query.getlist(field) if value]
        if values:
            said = ", ".join(value.rpartition("/")[2] for value in values)
            found.append(Chosen(f"{title}: {said}", _address(query, **{field: ""})))
    return found


def _address(query: QueryDict, **change: str) -> str:
    """This page with something changed; the first page again unless the change is the cursor."""
    view = query.copy()
    view.pop("cursor", None)
    for key, value in change.items():
        view.pop(key, None)
        if value:
            view[key] = value
    return _url(view)


def _url(query: QueryDict) -> str:
    return reverse("catalog:components") + (f"?{query.urlencode()}" if query else "")
