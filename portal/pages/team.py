"""Teams: who is in them, who is on call, what they own and how that is."""

from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog import queries, registries
from catalog.editing import may_edit
from catalog.models import Domain, System, Team
from portal.lib.clock import now_of
from portal.lib.links import safe_url
from portal.lib.reading import known, readable
from portal.pages.catalog import lines
from portal.pages.component import filled
from portal.pages.domains import domain_lines
from portal.pages.entities import (
    change_facts,
    chosen_tab,
    links_of,
    relation_facts,
    shown_tabs,
    tab_links,
    yaml_facts,
)
from portal.pages.people import may_invite
from portal.pages.systems import system_lines

SIZE = 50
MOST = 100
"""Of sub-teams, people, systems and domains on a team's page; all of them are under Relations."""

TITLES = {"overview": "Overview", "relations": "Relations", "changes": "Changes", "yaml": "YAML"}


@readable
def teams(request: HttpRequest) -> HttpResponse:
    """All teams by name, with who is on call."""
    now, text = now_of(request), request.GET.get("q", "").replace("\x00", " ")
    living = Team.objects.filter(retired_at=None)
    page = queries.page(
        queries.holding(living, text), ("called", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE
    )
    ids = [team.pk for team in page.rows]
    duty, owned, sizes = queries.on_call_now(ids, now=now), queries.owned_by(ids), queries.sizes(ids)
    none = queries.Inside()
    context = {
        "now": now,
        "q": text,
        "total": living.count(),
        "rows": [(t, duty.get(t.pk), sizes.get(t.pk, 0), owned.get(t.pk, none).count) for t in page.rows],
        "next": _address(text, page.next),
        "previous": _address(text, page.previous),
    }
    return render(request, "catalog/teams.html", context)


@readable
def show(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """One team; `?tab=` a key of `TITLES`."""
    team = queries.team_by_ref(f"group:{namespace}/{name}")
    now, tab = now_of(request), chosen_tab(request, TITLES)
    wider = [(team.parent.label, team.parent.get_absolute_url())] if team.parent else []
    context = {
        "now": now,
        "team": team,
        "tab": tab,
        "tabs": tab_links(team.get_absolute_url(), shown_tabs(request, TITLES), tab),
        "trail": [("Teams", reverse("catalog:teams")), *wider, (team.label, "")],
        "panels": filled(registries.team_panels, team, request, now),
        "chat": safe_url(team.chat_url),
        "reachable": known(request),
        "may_write": may_edit(request, team),
        "may_invite": may_invite(request, team),
        **_tab_facts(team, tab, request, now=now),
    }
    return render(request, "catalog/team.html", context)


def _tab_facts(team: Team, tab: str, request: HttpRequest, *, now: datetime) -> dict[str, object]:
    if tab == "relations":
        return relation_facts(team.ref, request)
    if tab == "changes":
        return change_facts(team.ref, most=200)
    if tab == "yaml":
        return yaml_facts(team)
    page = queries.page(
        queries.components_of([team]), queries.SORTS["health"], cursor=request.GET.get("cursor", ""), size=SIZE
    )
    whole = not page.next and not page.previous
    members = list(team.memberships.select_related("person").order_by("role", "person_ref")[:MOST])
    systems = System.objects.filter(owner=team, retired_at=None).select_related("owner").order_by("called", "pk")
    domains = Domain.objects.filter(owner=team, retired_at=None).select_related("owner").order_by("called", "pk")
    return {
        "members": members,
        "people": team.memberships.count() if len(members) == MOST else len(members),
        "owned": len(page.rows) if whole else queries.owned_by([team.pk]).get(team.pk, queries.Inside()).count,
        "lines": lines(page.rows, now=now, request=request),
        "next": f"?cursor={page.next}" if page.next else "",
        "previous": f"?cursor={page.previous}" if page.previous else "",
        "systems": system_lines(systems[:MOST], now=now, request=request),
        "domains": domain_lines(domains[:MOST]),
        **_around(team),
        "links": links_of(team),
        **change_facts(team.ref, most=8, source=team.source),
    }


def _around(team: Team) -> dict[str, object]:
    """The teams it is part of and those in it, whichever side says so."""
    found = queries.relations_of(team.ref, types=("childOf", "parentOf"), most=MOST)
    return {
        "wider": [one for one in found if one.type == "childOf"],
        "children": [one for one in found if one.type == "parentOf"],
    }


def _address(text: str, cursor: str) -> str:
    asked = {key: value for key, value in {"q": text, "cursor": cursor}.items() if value}
    return f"{reverse('catalog:teams')}?{urlencode(asked)}" if cursor else ""
