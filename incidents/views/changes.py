"""The list of changes: of everything, of one component, of one team."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from catalog.models import Team
from catalog.queries import page
from incidents.intake.own import full_ref
from incidents.models import Change
from incidents.queries.changes import changes, told
from portal.lib.clock import now_of
from portal.lib.reading import known, readable

SIZE = 50
FILTERS = ("q", "component", "team", "kind")


@readable
@require_safe
def change_list(request: HttpRequest) -> HttpResponse:
    """Newest first, a page at a time. Strangers don't see who made them."""
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in FILTERS}
    found = changes(
        text=asked["q"],
        component=full_ref(asked["component"]) if asked["component"] else "",
        team=asked["team"],
        kind=asked["kind"] if asked["kind"] in Change.Kind.values else "",
    )
    rows = page(found, ("-at", "-pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    context: dict[str, Any] = {
        "now": now_of(request),
        "changes": told(rows.rows),
        "filters": asked,
        "filtered": any(asked.values()),
        "kinds": Change.Kind.choices,
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk"),
        "next": _address(asked, rows.next),
        "previous": _address(asked, rows.previous),
        "known": known(request),
    }
    return render(request, "incidents/changes/list.html", context)


def _address(asked: dict[str, str], cursor: str) -> str:
    if not cursor:
        return ""
    query = {name: value for name, value in {**asked, "cursor": cursor}.items() if value}
    return f"{reverse('incidents:changes')}?{urlencode(query)}"


urlpatterns = [path("deployments", change_list, name="changes")]
