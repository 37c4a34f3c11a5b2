"""Every try to reach somebody for an incident: the part on its page, and a page of its own."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from catalog import queries as catalog_queries
from incidents import queries
from incidents.queries import attempts as reading
from incidents.queries.attempts import OF_STATE, STATES
from incidents.views.pages import reader_of
from portal.lib.clock import now_of

NEWEST = ("-pk",)


@login_required
@require_safe
def attempts(request: HttpRequest, number: int) -> HttpResponse:
    """What was sent by which channel, when, and the receipt or the error; asked by htmx, only the list.

    The newest messages first, each with its tries. Addresses are masked but for one's own and for platform admins.
    """
    incident, actor = queries.incident_by_number(number), reader_of(request)
    state, cursor = request.GET.get("state", ""), request.GET.get("cursor", "")
    state = state if state in OF_STATE else ""
    page = catalog_queries.page(reading.messages_of(incident, state=state), NEWEST, cursor=cursor)
    here = reverse("incidents:attempts", args=[number])
    found = reading.attempts_in(page.rows, reader=actor.person if actor else None)
    context = {
        "incident": incident,
        "attempts": found[::-1],
        "tabs": [
            {"title": title, "url": f"{here}?state={key}" if key else here, "active": key == state, "count": None}
            for key, title in STATES.items()
        ],
        "filtered": bool(state),
        "again": _address(here, state, cursor),
        "next": _address(here, state, page.next) if page.next else "",
        "previous": _address(here, state, page.previous) if page.previous else "",
        "now": now_of(request),
    }
    part = bool(request.headers.get("HX-Request"))
    answer = render(request, "incidents/parts/attempts.html" if part else "incidents/attempts.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _address(here: str, state: str, cursor: str) -> str:
    asked = urlencode({name: value for name, value in (("state", state), ("cursor", cursor)) if value})
    return f"{here}?{asked}" if asked else here


urlpatterns = [path("incidents/<int:number>/attempts", attempts, name="attempts")]
