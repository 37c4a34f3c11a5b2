"""One component: who owns it, who is on call until when, is it healthy, who suffers with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from urllib.parse import urlencode

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from catalog import queries, registries
from catalog.access import reader_may_write
from catalog.graph import blast_radius
from catalog.models import Component, ComponentHealth, Dependency, Membership, Team
from catalog.rules import safe_url
from portal.lib.clock import db_now
from portal.lib.reading import readable
from portal.pages.catalog import health_key
from portal.pages.dependency_graph import Neighbour, draw

log = structlog.get_logger(__name__)
TABS = (("overview", "Overview"), ("dependencies", "Dependencies"), ("docs", "Docs"), ("changes", "Changes"))
Said = Mapping[int, Sequence[ComponentHealth]]
PROVIDES = Dependency.Relation.PROVIDES


@dataclass(frozen=True, slots=True)
class Filled:
    """A panel of another app, drawn."""

    key: str
    title: str
    count: object
    html: SafeString


@readable
def show(request: HttpRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """The component's page; `?tab=` dependencies, docs or changes."""
    component = queries.component_by_ref(f"{kind}:{namespace}/{name}")
    now = db_now()
    tab = request.GET.get("tab", "") if request.GET.get("tab") in dict(TABS) else "overview"
    panels = filled(registries.component_panels, component, request, now)
    needs, needed_by, said = neighbours(component)
    radius = blast_radius(component.pk)
    context = {
        "component": component,
        "now": now,
        "tab": tab,
        "trail": _trail(component),
        "panels": panels,
        "tabs": _tabs(component, panels["main"], tab, len(needs) + len(needed_by)),
        "needs": needs,
        "needed_by": needed_by,
        "graph": draw(needs, needed_by),
        "radius": radius,
        "may_write": may_edit(request, [component.owner]),
        **_owner(component, now=now),
        "health": health_key(said),
        "said": said,
        **(_tab_facts(component, tab, now=now)),
    }
    return render(request, "catalog/component.html", context)


def filled[E](
    panels: Mapping[str, registries.Panel[E]], entity: E, request: HttpRequest, now: datetime
) -> dict[str, list[Filled]]:
    """What other apps have to say here, drawn, by place."""
    found: dict[str, list[Filled]] = {"top": [], "strip": [], "main": [], "side": []}
    for key, panel in sorted(panels.items(), key=lambda item: item[1].order):
        if drawn := _drawn(key, panel, entity, request, now):
            found[panel.place].append(drawn)
    return found


def _drawn[E](key: str, panel: registries.Panel[E], entity: E, request: HttpRequest, now: datetime) -> Filled | None:
    try:
        facts = panel.facts(entity, request, now)
        if facts is None:
            return None
        html = render_to_string(panel.template, {"now": now, **facts}, request=request)
    except Exception:  # who owns this matters more than a part that is broken, and a plugin's may be
        log.exception("panel_failed", panel=key)
        return Filled(
            key, panel.title, None, render_to_string("catalog/parts/broken.html", {"title": panel.title or key})
        )
    return Filled(key, panel.title, facts.get(panel.count), html)


def neighbours(component: Component) -> tuple[list[Neighbour], list[Neighbour], Sequence[ComponentHealth]]:
    """What it needs and what needs it, by name (APIs it provides need it), and what is said of its own health."""
    own = list(component.dependencies.select_related("target__owner"))
    others = list(
        component.dependents.select_related("holder__owner").filter(holder__retired_at=None).exclude(holder=None)
    )
    met = [component, *(d.target for d in own if d.target), *(d.holder for d in others if d.holder)]
    health = queries.health_said([one.pk for one in met])

    def outward(edges: Iterable[Dependency]) -> list[Neighbour]:
        return [_neighbour(edge, edge.target, health) for edge in sorted(edges, key=attrgetter("target_ref"))]

    def inward(edges: Iterable[Dependency]) -> list[Neighbour]:
        return [_neighbour(edge, edge.holder, health) for edge in sorted(edges, key=attrgetter("holder.ref"))]

    needs = outward(d for d in own if d.relation != PROVIDES) + inward(d for d in others if d.relation == PROVIDES)
    needed_by = inward(d for d in others if d.relation != PROVIDES) + outward(d for d in own if d.relation == PROVIDES)
    return needs, needed_by, health.get(component.pk, [])


def may_edit(request: HttpRequest, teams: Iterable[Team | None]) -> bool:
    """Whether the reader may write what these teams own; what nobody owns is open to all with a team."""
    return reader_may_write(request, teams)


def _neighbour(edge: Dependency, other: Component | None, health: Said) -> Neighbour:
    if other is None:
        return Neighbour(edge.target_ref, None, "no-slo", edge.get_relation_display())
    return Neighbour(other.ref, other, health_key(health.get(other.pk)), edge.get_relation_display())


def _owner(component: Component, *, now: datetime) -> dict[str, object]:
    owner = queries.owner_of(component)
    leads = Membership.objects.filter(team=owner, role=Membership.Role.LEAD).select_related("person") if owner else []
    owned = list(component.ownerships.select_related("team").order_by("-period")[:8])
    since = next((one.period.lower for one in owned if one.period.upper is None), None)
    return {
        "owner": owner,
        "leads": [lead.person for lead in leads if lead.person],
        "owned_since": since,
        "ownerships": owned,
        "duty": queries.on_call_now([owner.pk], now=now).get(owner.pk) if owner else None,
        "responders": list(component.responders.select_related("team")),
        "chat": safe_url(owner.chat_url) if owner else "",
    }


def _tab_facts(component: Component, tab: str, *, now: datetime) -> dict[str, object]:
    all_changes = reverse("catalog:changes") + "?" + urlencode({"object": component.ref})
    if tab == "changes":
        return {"changes": queries.changes_of(component.ref).select_related("person")[:200], "all_changes": all_changes}
    if tab == "dependencies":
        return {}
    return {
        "changes": queries.changes_of(component.ref).select_related("person")[:5],
        "links": [
            {**link, "safe": safe_url(link["url"]), "host": link["url"].split("//")[-1].split("/")[0]}
            for link in component.links
        ],
        "runbook": safe_url(component.runbook),
    }


def _tabs(component: Component, main: list[Filled], tab: str, edges: int) -> list[dict[str, object]]:
    here = component.get_absolute_url()
    counts = {"dependencies": edges}
    own: list[dict[str, object]] = [
        {
            "title": title,
            "url": here if key == "overview" else f"{here}?tab={key}",
            "count": counts.get(key),
            "active": key == tab,
        }
        for key, title in TABS
        if key != "docs" or component.docs
    ]
    others: list[dict[str, object]] = [
        {"title": p.title, "url": f"{here}#{p.key}", "count": p.count, "active": False} for p in main if p.title
    ]
    return [own[0], *others, *own[1:]]


def _trail(component: Component) -> list[tuple[str, str]]:
    catalog = reverse("catalog:components")
    group = component.system_ref
    middle = [(group.rpartition("/")[2], f"{catalog}?system={group}")] if group else []
    return [("Catalog", catalog), *middle, (component.name, "")]
