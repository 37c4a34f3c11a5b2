"""Domains: areas of the business, the systems and the narrower domains in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog import queries
from catalog.editing import may_edit
from catalog.models import Domain, System
from catalog.trails import way_to_domain
from portal.lib.clock import now_of
from portal.lib.reading import readable
from portal.pages.catalog import worst_key
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
from portal.pages.systems import SIZE, TITLES, health_facts, system_lines

MOST_CHILDREN = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A domain in a list."""

    domain: Domain
    health: str
    systems: int
    components: int


@readable
def index(request: HttpRequest) -> HttpResponse:
    """All domains by name, with what is in them."""
    text = request.GET.get("q", "").replace("\x00", " ")
    living = Domain.objects.filter(retired_at=None)
    rows = queries.holding(living, text).select_related("owner", "parent")
    page = queries.page(rows, ("called", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    context = {
        "now": now_of(request),
        "q": text,
        "trail": [("Catalog", reverse("catalog:components")), ("Domains", "")],
        "total": living.count(),
        "lines": domain_lines(page.rows),
        "next": _address(text, page.next),
        "previous": _address(text, page.previous),
    }
    return render(request, "catalog/domains.html", context)


@readable
def show(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """One domain; `?tab=` as of systems."""
    domain = queries.domain_by_ref(f"domain:{namespace}/{name}")
    now, tab = now_of(request), chosen_tab(request, TITLES)
    context = {
        "entity": domain,
        "kind": "domain",
        "now": now,
        "tab": tab,
        "tabs": tab_links(domain.get_absolute_url(), shown_tabs(request, TITLES), tab),
        "trail": [("Domains", reverse("catalog:domains")), *way_to_domain(domain.parent), (domain.label, "")],
        "may_write": may_edit(request, domain),
        "edit_url": reverse("catalog:edit-domain", args=[domain.namespace, domain.name]),
        "retire_url": reverse("catalog:retire-domain", args=[domain.namespace, domain.name]),
        **owner_facts(domain, request, now=now),
        **health_facts(queries.healths_inside(system__domain=domain, system__retired_at=None)),
        **_tab_facts(domain, tab, request),
    }
    return render(request, "catalog/domain.html", context)


def domain_lines(domains: Iterable[Domain]) -> list[Line]:
    """Domains as rows, with how much is in them and the worst health of that; two questions for all."""
    found = list(domains)
    ids = [domain.pk for domain in found]
    inside, systems, none = queries.inside_domains(ids), queries.systems_inside(ids), queries.Inside()
    return [
        Line(
            domain=domain,
            health=worst_key(inside.get(domain.pk, none).worst),
            systems=systems.get(domain.pk, 0),
            components=inside.get(domain.pk, none).count,
        )
        for domain in found
    ]


def _tab_facts(domain: Domain, tab: str, request: HttpRequest) -> dict[str, object]:
    if tab == "relations":
        return relation_facts(domain.ref, request)
    if tab == "changes":
        return change_facts(domain.ref, most=200)
    if tab == "yaml":
        return yaml_facts(domain)
    inside = System.objects.filter(domain=domain, retired_at=None).select_related("owner")
    page = queries.page(inside, ("called", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    narrower = domain.children.filter(retired_at=None).select_related("owner").order_by("called", "pk")[:MOST_CHILDREN]
    return {
        "lines": system_lines(page.rows, now=now_of(request), request=request),
        "next": f"?cursor={page.next}" if page.next else "",
        "previous": f"?cursor={page.previous}" if page.previous else "",
        "narrower": domain_lines(narrower),
        "links": links_of(domain),
        **change_facts(domain.ref, most=5, source=domain.source),
    }


def _address(text: str, cursor: str) -> str:
    asked = {key: value for key, value in {"q": text, "cursor": cursor}.items() if value}
    return f"{reverse('catalog:domains')}?{urlencode(asked)}" if cursor else ""
