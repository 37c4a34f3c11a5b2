"""The list of incidents: what is open and who has it, then history; with filters, by the page, and as CSV."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from catalog.access import Actor, NotSignedIn, actor_of
from catalog.models import Team
from incidents import boards, queries
from incidents.intake.own import full_ref
from incidents.models import Incident
from incidents.models.incident import Severity
from incidents.queries.policies import catch_all
from portal.lib.clock import db_now
from portal.lib.reading import readable

PER_PAGE = 50
OPEN_AT_MOST = 200
VIEWS = (
    ("", "All"), ("open", "Open"), ("untaken", "Not taken"), ("resolved", "Resolved"), ("mine", "My teams"),
    ("drills", "Drills"),
)  # fmt: skip
OF_STATE = {"open": "open", "triggered": "untaken", "resolved": "resolved"}
"""The view that shows what the API finds by `?state=`, for addresses that people type."""
PERIODS = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days", "365": "Last year"}
FILTERS = ("q", "severity", "team", "component", "source", "period")
COLUMNS = (
    "number", "severity", "state", "title", "component", "owner", "source", "opened_at", "acknowledged_at",
    "acknowledged_by", "resolved_at", "cause", "teams_blocked", "people_blocked", "reopened", "root",
)  # fmt: skip


@readable
@require_safe
def incident_list(request: HttpRequest) -> HttpResponse:
    """Open ones first, worst first; then history, newest first, a page at a time by number."""
    now = db_now()
    found = filtered(request, now=now)
    before = request.GET.get("before", "")
    before = before if before.isdecimal() and len(before) < 18 else ""
    is_open = found.exclude(state=Incident.State.RESOLVED).order_by("severity", "root", "opened_at")
    ended = found.filter(state=Incident.State.RESOLVED).order_by("-number")
    if before:
        ended = ended.filter(number__lt=int(before))
    view = _view(request)
    history = boards.rows(ended[: PER_PAGE + 1]) if view not in {"open", "untaken"} else []
    shown = [] if before or view == "resolved" else boards.rows(is_open[:OPEN_AT_MOST])
    context = {
        "now": now,
        "open": shown,
        "groups": boards.by_severity(shown),
        "history": history[:PER_PAGE],
        "older": _with(request.GET, before=str(history[PER_PAGE - 1].incident.number))
        if len(history) > PER_PAGE
        else "",
        "newest": _with(request.GET, before="") if before else "",
        "tabs": _tabs(request),
        "view": view,
        "filters": request.GET,
        "filtered": bool(view) or any(request.GET.get(name) for name in FILTERS),
        "severities": Severity.choices,
        "periods": PERIODS,
        "sources": queries.sources_seen(),
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk"),
        "csv": f"{reverse('incidents:csv')}?{request.GET.urlencode()}",
        "caught": catch_all(),
        "signed_in": request.user.is_authenticated,
        "last": Incident.objects.filter(state=Incident.State.RESOLVED, is_drill=False).order_by("-resolved_at").first(),
    }
    return render(request, "incidents/list.html", context)


@login_required
@require_safe
def download(request: HttpRequest) -> HttpResponseBase:
    """All that the filters leave, newest first, as CSV."""
    rows = filtered(request, now=db_now()).order_by("-number")
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="incidents.csv"'
    return answer


def filtered(request: HttpRequest, *, now: datetime) -> QuerySet[Incident]:
    """The incidents that the address asks for; what makes no sense in it filters nothing."""
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in FILTERS}
    actor, view = _reader(request), _view(request)
    return queries.incidents(
        text=asked["q"],
        team=asked["team"],
        component=full_ref(asked["component"]),
        source=asked["source"],
        severities=[int(asked["severity"])] if asked["severity"] in {"1", "2", "3", "4", "5"} else [],
        since=now - timedelta(days=int(asked["period"])) if asked["period"] in PERIODS else None,
        state={"open": "open", "untaken": "triggered", "resolved": "resolved"}.get(view, ""),
        teams_called=actor.team_ids() if view == "mine" and actor else None,
        drills=view == "drills",
    )


def _view(request: HttpRequest) -> str:
    """The tab that is asked for: by its own name, or by the state that the API knows."""
    return request.GET.get("view", "") or OF_STATE.get(request.GET.get("state", ""), "")


class _Echo:
    """What `csv` writes to: hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: QuerySet[Incident]) -> Iterator[str]:
    sheet = csv.writer(_Echo())
    yield sheet.writerow(COLUMNS)
    for one in rows.iterator(chunk_size=1000):
        yield sheet.writerow([harmless(value) for value in _cells(one)])


def _cells(one: Incident) -> list[Any]:
    return [
        one.label, one.get_severity_display(), one.state, one.title, one.component_ref,
        one.owner.ref if one.owner else "", one.source, _moment(one.opened_at), _moment(one.acknowledged_at),
        one.acknowledged_by.ref if one.acknowledged_by else "", _moment(one.resolved_at), one.cause,
        one.teams_blocked, one.people_blocked, one.generation, one.root_id,
    ]  # fmt: skip


def harmless(value: object) -> object:
    """A text that a spreadsheet does not run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _moment(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _reader(request: HttpRequest) -> Actor | None:
    try:
        return actor_of(request)
    except NotSignedIn:
        return None


def _tabs(request: HttpRequest) -> list[dict[str, object]]:
    chosen = _view(request)
    return [
        {"title": title, "url": _with(request.GET, view=key, state="", before=""), "active": key == chosen}
        for key, title in VIEWS
        if key != "mine" or request.user.is_authenticated
    ]


def _with(given: QueryDict, **changes: str) -> str:
    query = given.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{reverse('incidents:list')}?{query.urlencode()}"


urlpatterns = [path("incidents", incident_list, name="list"), path("incidents.csv", download, name="csv")]
