"""Everybody the catalog knows: by name, by team, with or without an account."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog import queries
from catalog.access import reader_teams
from catalog.models import Membership, Person, Team
from portal.lib.clock import db_now

SIZE = 50
ACCOUNTS = {"yes": False, "no": True}
"""Of the filter: whether `account` is null."""


@login_required
def people(request: HttpRequest) -> HttpResponse:
    """All people by name; `?q=`, `?team=group:default/ci`, `?account=yes|no`."""
    asked = {name: request.GET.get(name, "").replace("\x00", " ").strip() for name in ("q", "team", "account")}
    living = Person.objects.filter(retired_at=None)
    page = queries.page(
        _wanted(living, asked), ("display_name", "ref"), cursor=request.GET.get("cursor", ""), size=SIZE
    )
    here = reverse("people") + "?" + urlencode({**{k: v for k, v in asked.items() if v}, "cursor": ""})
    context = {
        "now": db_now(),
        "asked": asked,
        "filtered": any(asked.values()),
        "total": living.count(),
        "rows": page.rows,
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk").only("ref", "name", "title")[:1000],
        "next": here + page.next if page.next else "",
        "previous": here + page.previous if page.previous else "",
        "may_invite": may_invite(request),
    }
    return render(request, "catalog/people.html", context)


def may_invite(request: HttpRequest, team: Team | None = None) -> bool:
    """Whether the reader may invite people, into `team` where one is meant."""
    reader: Person | None = getattr(request.user, "person", None)
    if reader is None or (team and team.retired_at):
        return False
    led = {one.pk for one in reader_teams(request) if one.leads and not one.retired}
    return reader.platform_admin or (team.pk in led if team else bool(led))


def _wanted(rows: QuerySet[Person], asked: dict[str, str]) -> QuerySet[Person]:
    rows = queries.holding(rows, asked["q"])
    if asked["team"]:
        rows = rows.filter(pk__in=Membership.objects.filter(team_ref=asked["team"].lower()).values("person"))
    if asked["account"] in ACCOUNTS:
        rows = rows.filter(account__isnull=ACCOUNTS[asked["account"]])
    teams = Membership.objects.filter(team__retired_at=None).select_related("team").order_by("team__called")
    return rows.prefetch_related(Prefetch("memberships", queryset=teams.exclude(team=None)))
