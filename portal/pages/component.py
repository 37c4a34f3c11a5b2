"""One component: who owns it, who is on call until when, is it healthy, who suffers with it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog import checks, queries, registries
from catalog.editing import may_edit
from catalog.graph import BlastRadius, blast_radius, narrow_blast_radius
from catalog.models import Component
from catalog.queries import Counts, Glance
from catalog.trails import trail_of
from portal.lib.clock import now_of
from portal.lib.links import safe_url
from portal.lib.reading import readable
from portal.pages import blast_radius as radius_tab
from portal.pages.catalog import health_key
from portal.pages.dependency_graph import MOST, draw, neighbour
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

log = structlog.get_logger(__name__)
TITLES = {
    "overview": "Overview",
    "dependencies": "Dependencies",
    "blast-radius": "Blast radius",
    "docs": "Docs",
    "definition": "Definition",
    "relations": "Relations",
    "changes": "Changes",
    "yaml": "YAML",
}
PLACES, ABOVE_TABS = ("top", "strip", "main", "side"), ("top", "strip")
WIDE = 250
"""From so many on, what breaks is worked out after the page is there."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A panel of another app, drawn."""

    key: str
    title: str
    count: object
    html: SafeString


@readable
def show(request: HttpRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """The component's page; `?tab=` a key of `TITLES`."""
    whole = queries.whole_component(f"{kind}:{namespace}/{name}")
    component, now = whole.component, now_of(request)
    checks.tell_responders(component, (one.team_ref for one in whole.responders if one.team is None))
    titles = shown_tabs(request, _titles(component))
    tab = chosen_tab(request, titles)
    beside = queries.glance(component, most=MOST)
    radius = blast_radius(component.pk) if tab == "blast-radius" else _narrow(component, beside.counts)
    places = PLACES if tab == "overview" else ABOVE_TABS
    panels = filled(registries.component_panels, component, request, now, drawn=places)
    facts = _tab_facts(component, tab, request, beside, radius, now=now)
    context = {
        "component": component,
        "now": now,
        "tab": tab,
        "trail": trail_of(component),
        "panels": panels,
        "tabs": _tabs(component, titles, [*panels["main"], *panels["side"]], tab, beside.counts, radius),
        "counts": beside.counts,
        "radius": radius,
        "may_write": may_edit(request, component),
        **owner_facts(component, request, now=now, leads=whole.leads),
        "ownerships": whole.owned,
        "owned_since": next((one.since for one in whole.owned if one.until is None), None),
        "responders": whole.responders,
        "health": health_key(whole.said),
        "said": whole.said,
        **facts,
    }
    return render(request, "catalog/component.html", context)


@readable
def radius_cell(request: HttpRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """What breaks with it in one line, for the page of a component with which very much does."""
    component = queries.component_by_ref(f"{kind}:{namespace}/{name}")
    context = {"component": component, "radius": blast_radius(component.pk)}
    return render(request, "catalog/parts/radius_cell.html", context)


def filled[E](
    panels: Mapping[str, registries.Panel[E]],
    entity: E,
    request: HttpRequest,
    now: datetime,
    *,
    drawn: Collection[str] = PLACES,
) -> dict[str, list[Filled]]:
    """What other apps have to say here, by place; in places that are not `drawn` only its title and count.

    What has no title has nothing to say there, and is not asked.
    """
    found: dict[str, list[Filled]] = {place: [] for place in PLACES}
    for key, panel in sorted(panels.items(), key=lambda item: item[1].order):
        here = panel.place in drawn
        if (here or panel.title) and (one := _filled(key, panel, entity, request, now, drawn=here)):
            found[panel.place].append(one)
    return found


def _filled[E](
    key: str, panel: registries.Panel[E], entity: E, request: HttpRequest, now: datetime, *, drawn: bool
) -> Filled | None:
    try:
        facts = panel.facts(entity, request, now)
        if facts is None:
            return None
        context = {"now": now, **facts}
        html = render_to_string(panel.template, context, request=request) if drawn else SafeString("")
    except Exception:  # who owns this matters more than a part that is broken, and a plugin's may be
        log.exception("panel_failed", panel=key)
        return Filled(
            key, panel.title, None, render_to_string("catalog/parts/broken.html", {"title": panel.title or key})
        )
    return Filled(key, panel.title, facts.get(panel.count), html)


def _titles(component: Component) -> dict[str, str]:
    without = {key for key in ("docs", "definition") if not getattr(component, key)}
    return {key: title for key, title in TITLES.items() if key not in without}


def _narrow(component: Component, counts: Counts) -> BlastRadius | None:
    """What breaks with it, where that is known at once."""
    return narrow_blast_radius(component.pk, most=WIDE) if counts.needed_by < WIDE else None


def _tab_facts(
    component: Component,
    tab: str,
    request: HttpRequest,
    beside: Glance,
    radius: BlastRadius | None,
    *,
    now: datetime,
) -> dict[str, object]:
    match tab:
        case "changes":
            return change_facts(component.ref, most=200)
        case "yaml":
            return yaml_facts(component)
        case "relations":
            return relation_facts(component.ref, request)
        case "dependencies":
            return _dependencies(component, request)
        case "blast-radius" if radius:
            return radius_tab.facts(component, radius, request, now=now)
        case "overview":
            return _overview(component, beside)
    return {}


def _dependencies(component: Component, request: HttpRequest) -> dict[str, object]:
    """Both sides by the page; each has a cursor of its own, and the other stays where it is."""
    places = {side: request.GET.get(side, "") for side in ("needs", "needed_by")}
    needs, needed_by = queries.neighbours(component, needs=places["needs"], needed_by=places["needed_by"])

    def lead(side: str, cursor: str) -> str:
        asked = {"tab": "dependencies", **places, side: cursor}
        return f"?{urlencode({key: value for key, value in asked.items() if value})}"

    return {
        "needs": [neighbour(one) for one in needs.rows],
        "needed_by": [neighbour(one) for one in needed_by.rows],
        "needs_next": lead("needs", needs.next) if needs.next else "",
        "needs_previous": lead("needs", needs.previous) if needs.previous else "",
        "needed_by_next": lead("needed_by", needed_by.next) if needed_by.next else "",
        "needed_by_previous": lead("needed_by", needed_by.previous) if needed_by.previous else "",
    }


def _overview(component: Component, beside: Glance) -> dict[str, object]:
    needs, needed_by = ([neighbour(one) for one in side] for side in (beside.needs, beside.needed_by))
    return {
        **change_facts(component.ref, most=5, source=component.source),
        "needs": needs,
        "needed_by": needed_by,
        "graph": draw(needs, needed_by),
        "wholes": beside.part_of,
        "links": links_of(component),
        "runbook": safe_url(component.runbook),
    }


def _tabs(
    component: Component,
    titles: Mapping[str, str],
    main: list[Filled],
    tab: str,
    counts: Counts,
    radius: BlastRadius | None,
) -> list[dict[str, object]]:
    here = component.get_absolute_url()
    known: dict[str, object] = {
        "dependencies": counts.needs + counts.needed_by,
        "blast-radius": len(radius.components) if radius else None,
    }
    own = tab_links(here, titles, tab, known)
    others: list[dict[str, object]] = [
        {"title": p.title, "url": f"{here}#{p.key}", "count": p.count, "active": False} for p in main if p.title
    ]
    return [own[0], *others, *own[1:]]
