"""Teams: who is in them, who is on call, what they own and how that is."""

from urllib.parse import urlencode

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog import queries, registries
from catalog.models import Team
from catalog.rules import safe_url
from portal.lib.clock import db_now
from portal.lib.reading import readable
from portal.pages.catalog import lines
from portal.pages.component import filled, may_edit
from portal.pages.people import may_invite

SIZE = 50


@readable
def teams(request: HttpRequest) -> HttpResponse:
    """All teams by name, with who is on call."""
    now, text = db_now(), request.GET.get("q", "").replace("\x00", " ")
    living = Team.objects.filter(retired_at=None)
    rows = queries.holding(living, text).annotate(
        owned=Count("components", filter=Q(components__retired_at=None), distinct=True),
        size=Count("memberships", distinct=True),
    )
    page = queries.page(rows, ("name", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    duty = queries.on_call_now([team.pk for team in page.rows], now=now)
    here = reverse("catalog:teams") + f"?q={text}&cursor="
    context = {
        "now": now,
        "q": text,
        "total": living.count(),
        "rows": [(team, duty.get(team.pk)) for team in page.rows],
        "next": here + page.next if page.next else "",
        "previous": here + page.previous if page.previous else "",
    }
    return render(request, "catalog/teams.html", context)


@readable
def show(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """One team."""
    team = queries.team_by_ref(f"group:{namespace}/{name}")
    now = db_now()
    context = {
        "now": now,
        "team": team,
        "trail": [("Teams", reverse("catalog:teams")), (team.label, "")],
        "members": team.memberships.select_related("person").order_by("role", "person_ref"),
        "duty": queries.on_call_now([team.pk], now=now).get(team.pk),
        "lines": lines(queries.components_of([team])[:200], now=now),
        "panels": filled(registries.team_panels, team, request, now),
        "chat": safe_url(team.chat_url),
        "may_write": may_edit(request, [team]),
        "may_invite": may_invite(request, team),
        "changes": queries.changes_of(team.ref).select_related("person")[:8],
        "all_changes": reverse("catalog:changes") + "?" + urlencode({"team": team.ref}),
        "children": team.children.filter(retired_at=None).order_by("name"),
    }
    return render(request, "catalog/team.html", context)
