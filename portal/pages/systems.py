"""Systems: what serves one purpose together, how it is, whose it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog import queries
from catalog.editing import may_edit
from catalog.models import Component, System
from catalog.registries import OnCall
from catalog.trails import way_to_domain
from portal.lib.clock import now_of
from portal.lib.reading import readable
from portal.pages.catalog import KEYS, lines, worst_key
from portal.pages.entities import (
    change_facts,
    chosen_tab,
    links_of,
    owner_facts,
    relation_facts,
    shown_tabs,
    tab_links,
    yaml_facts,
)

SIZE = 50
TITLES = {"overview": "Overview", "relations": "Relations", "changes": "Changes", "yaml": "YAML"}
LOUDEST_FIRST = (*sorted(KEYS, reverse=True), -1)


@dataclass(frozen=True, slots=True)
class Line:
    """A system in a list."""

    system: System
    health: str
    count: int
    duty: OnCall | None


@readable
def index(request: HttpRequest) -> HttpResponse:
    """All systems by name, with what is in them."""
    now, text = now_of(request), request.GET.get("q", "").replace("\x00", " ")
    living = System.objects.filter(retired_at=None)
    rows = queries.holding(living, text).select_related("owner", "domain")
    page = queries.page(rows, ("called", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    context = {
        "now": now,
        "q": text,
        "trail": [("Catalog", reverse("catalog:components")), ("Systems", "")],
        "total": living.count(),
        "lines": system_lines(page.rows, now=now, request=request),
        "next": _address(text, page.next),
        "previous": _address(text, page.previous),
    }
    return render(request, "catalog/systems.html", context)


@readable
def show(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """One system; `?tab=` a key of `TITLES`."""
    system = queries.system_by_ref(f"system:{namespace}/{name}")
    now, tab = now_of(request), chosen_tab(request, TITLES)
    healths = queries.healths_inside(system=system)
    context = {
        "entity": system,
        "kind": "system",
        "now": now,
        "tab": tab,
        "tabs": tab_links(system.get_absolute_url(), shown_tabs(request, TITLES), tab),
        "trail": [("Systems", reverse("catalog:systems")), *way_to_domain(system.domain), (system.label, "")],
        "may_write": may_edit(request, system),
        "edit_url": reverse("catalog:edit-system", args=[system.namespace, system.name]),
        "retire_url": reverse("catalog:retire-system", args=[system.namespace, system.name]),
        **owner_facts(system, request, now=now),
        **health_facts(healths),
        **_tab_facts(system, tab, request, now=now),
    }
    return render(request, "catalog/system.html", context)


def system_lines(systems: Iterable[System], *, now: datetime, request: HttpRequest) -> list[Line]:
    """Systems as rows, with the worst health inside and who is on call for their owners; three questions for all."""
    found = list(systems)
    inside = queries.inside_systems([system.pk for system in found])
    duty = queries.on_call_now({s.owner_id for s in found if s.owner_id is not None}, now=now, request=request)
    none = queries.Inside()
    return [
        Line(
            system=system,
            health=worst_key(inside.get(system.pk, none).worst),
            count=inside.get(system.pk, none).count,
            duty=duty.get(system.owner_id or 0),
        )
        for system in found
    ]


def health_facts(healths: Mapping[int, int]) -> dict[str, object]:
    """The worst inside, and how many are how well, the loudest first."""
    said = [(worst_key(key), healths[key]) for key in LOUDEST_FIRST if healths.get(key)]
    return {"health": said[0][0] if said else "no-slo", "healths": said, "size": sum(healths.values())}


def _tab_facts(system: System, tab: str, request: HttpRequest, *, now: datetime) -> dict[str, object]:
    if tab == "relations":
        return relation_facts(system.ref, request)
    if tab == "changes":
        return change_facts(system.ref, most=200)
    if tab == "yaml":
        return yaml_facts(system)
    parts = Component.objects.filter(system=system, retired_at=None).select_related("owner")
    page = queries.page(parts, queries.SORTS["health"], cursor=request.GET.get("cursor", ""), size=SIZE)
    return {
        "lines": lines(page.rows, now=now, request=request),
        "next": f"?cursor={page.next}" if page.next else "",
        "previous": f"?cursor={page.previous}" if page.previous else "",
        "links": links_of(system),
        **change_facts(system.ref, most=5, source=system.source),
    }


def _address(text: str, cursor: str) -> str:
    asked = {key: value for key, value in {"q": text, "cursor": cursor}.items() if value}
    return f"{reverse('catalog:systems')}?{urlencode(asked)}" if cursor else ""
