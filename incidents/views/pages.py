"""The list of incidents, and the page of one."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.access import Actor, NotSignedIn, actor_of
from catalog.models import Team
from incidents import access, boards, budgets, forms, ladders, queries
from incidents.models import Incident
from incidents.models.incident import Severity
from incidents.queries.policies import catch_all
from portal.lib.clock import db_now
from portal.lib.reading import readable

PER_PAGE = 50
VIEWS = (("", "All"), ("open", "Open"), ("mine", "My teams"), ("untaken", "Not taken"))


@readable
@require_safe
def incident_list(request: HttpRequest) -> HttpResponse:
    """Open ones first, worst first; then history, newest first, a page at a time by number."""
    now = db_now()
    found = _filtered(request)
    before = request.GET.get("before", "")
    is_open = found.exclude(state=Incident.State.RESOLVED).order_by("severity", "opened_at")
    ended = found.filter(state=Incident.State.RESOLVED).order_by("-number")
    if before.isdecimal():
        ended = ended.filter(number__lt=int(before))
    history = boards.rows(ended[: PER_PAGE + 1]) if request.GET.get("view") not in {"open", "untaken"} else []
    context = {
        "now": now,
        "open": [] if before.isdecimal() else boards.rows(is_open[:200]),
        "history": history[:PER_PAGE],
        "older": _with(request.GET, before=str(history[PER_PAGE - 1].incident.number))
        if len(history) > PER_PAGE
        else "",
        "newest": _with(request.GET, before="") if before else "",
        "tabs": _tabs(request),
        "filters": request.GET,
        "filtered": any(request.GET.get(name) for name in ("q", "severity", "team", "view")),
        "severities": Severity.choices,
        "teams": Team.objects.filter(retired_at=None).order_by("title", "name"),
        "counts": queries.open_counts(),
        "caught": catch_all(),
        "signed_in": request.user.is_authenticated,
        "last": Incident.objects.filter(state=Incident.State.RESOLVED).order_by("-resolved_at").first(),
    }
    return render(request, "incidents/list.html", context)


@login_required
@require_safe
def incident_page(request: HttpRequest, number: int) -> HttpResponse:
    """Everything about one incident, for everybody."""
    incident = queries.incident_by_number(number)
    now = db_now()
    context = {
        **context_of(request, incident, now=now),
        "budgets": budgets.of_incident(incident, now=now),
        "costs": budgets.costs_of(incident, now=now),
    }
    return render(request, "incidents/incident.html", context)


@login_required
@require_safe
def incident_live(request: HttpRequest, number: int) -> HttpResponse:
    """The parts of the page that refresh by themselves."""
    incident = queries.incident_by_number(number)
    return render(request, "incidents/parts/live.html", context_of(request, incident, now=db_now()))


@login_required
@require_safe
def incident_entries(request: HttpRequest, number: int) -> HttpResponse:
    """The timeline's entries, which refresh by themselves too; the form above them is left alone."""
    incident = queries.incident_by_number(number)
    show = request.GET.get("show", "")
    context = {"incident": incident, "timeline": boards.timeline(incident, show=show), "show": show, "now": db_now()}
    return render(request, "incidents/parts/entries.html", context)


def context_of(request: HttpRequest, incident: Incident, *, now: datetime) -> dict[str, Any]:
    """What the incident's templates are handed, whole or in part."""
    actor = _reader(request)
    pages = queries.pages_of(incident)
    mine = access.answerable(actor, pages) if actor else frozenset[int]()
    answers = boards.answers(pages, mine=mine, now=now)
    show = request.GET.get("show", "")
    return {
        "now": now,
        "incident": incident,
        "answers": answers,
        "answered": sum(1 for answer in answers if not answer.hot),
        "mine": next((answer for answer in answers if answer.mine), None),
        "waiting": next((answer for answer in answers if answer.hot and answer.next), None),
        "exhausted": any(answer.exhausted for answer in answers),
        "lasted": (incident.resolved_at or now) - incident.opened_at,
        "taken_after": _taken_after(incident),
        "blocked": boards.blocked(incident),
        "timeline": boards.timeline(incident, show=show),
        "show": show,
        "alerts": boards.alerts(incident),
        "policy_changes": ladders.newer(pages, now=now) if incident.is_open else [],
        "signed_in": actor is not None,
        "may_work": actor is not None and access.may_hand(actor, incident, pages),
        "resolve_form": forms.ResolveForm(),
        "severity_form": forms.SeverityForm(initial={"severity": incident.severity}),
        "teams_to_page": access.teams_to_page(incident, pages),
    }


def _reader(request: HttpRequest) -> Actor | None:
    try:
        return actor_of(request)
    except NotSignedIn:
        return None


def _taken_after(incident: Incident) -> timedelta | None:
    if incident.acknowledged_at is None:
        return None
    return incident.acknowledged_at - (incident.reopened_at or incident.opened_at)


def _filtered(request: HttpRequest) -> Any:  # noqa: ANN401  # a QuerySet[Incident], which the filters below keep
    severity = request.GET.get("severity", "")
    found = queries.incidents(
        text=request.GET.get("q", "").strip(),
        team=request.GET.get("team", ""),
        severities=[int(severity)] if severity.isdecimal() else [],
    )
    view = request.GET.get("view", "")
    if view == "untaken":
        found = found.filter(state=Incident.State.TRIGGERED)
    if view == "mine" and (actor := _reader(request)):
        found = found.filter(pages__team__in=actor.team_ids()).distinct()
    return found


def _tabs(request: HttpRequest) -> list[dict[str, object]]:
    chosen = request.GET.get("view", "")
    return [
        {"title": title, "url": _with(request.GET, view=key, before=""), "count": None, "active": key == chosen}
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
