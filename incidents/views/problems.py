"""What is wrong with who is on call in the next four weeks: one list, and where to put each right."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from catalog.models import Person, Team
from incidents.oncall.checking import problems_of
from incidents.oncall.problems import Kind
from incidents.views.oncall import writable
from portal.lib.clock import now_of
from portal.lib.reading import known, readable

SIZE = 50
TITLES = {Kind.GAP: "Gaps", Kind.UNREACHABLE: "Out of reach", Kind.AWAY: "Away", Kind.TWICE: "On call twice"}


@readable
@require_safe
def problem_list(request: HttpRequest) -> HttpResponse:
    """All of them by kind, the worst first; `?kind=` and `?team=` narrow them."""
    now = now_of(request)
    kind, team = request.GET.get("kind", ""), request.GET.get("team", "").replace("\x00", "").lower()
    kind = kind if kind in set(Kind) else ""
    everything = problems_of(now=now)
    of_team = [one for one in everything if not team or any(row.team and row.team.ref == team for row in one.schedules)]
    found = [one for one in of_team if not kind or one.kind == kind]
    page = Paginator(found, SIZE).get_page(request.GET.get("page"))
    tabs = [_tab("", "All", kind, team, len(of_team))]
    tabs += [_tab(one, title, kind, team, sum(p.kind == one for p in of_team)) for one, title in TITLES.items()]
    me: Person | None = getattr(request.user, "person", None)
    context = {
        "now": now,
        "mine": writable(me, [row for one in page.object_list for row in one.schedules]) if me else [],
        "problems": page.object_list,
        "tabs": tabs,
        "kind": kind,
        "team": team,
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk"),
        "filtered": bool(kind or team),
        "next": _address(kind, team, page.next_page_number()) if page.has_next() else "",
        "previous": _address(kind, team, page.previous_page_number()) if page.has_previous() else "",
        "known": known(request),
        "me": me,
    }
    return render(request, "incidents/oncall/problems.html", context)


def _tab(key: str, title: str, chosen: str, team: str, count: int) -> dict[str, object]:
    return {"title": title, "url": _address(key, team), "active": key == chosen, "count": count}


def _address(kind: str, team: str, page: int = 1) -> str:
    asked = {"kind": str(kind), "team": team, "page": str(page) if page > 1 else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    here = reverse("incidents:oncall-problems")
    return f"{here}?{query}" if query else here


urlpatterns = [path("on-call/problems", problem_list, name="oncall-problems")]
