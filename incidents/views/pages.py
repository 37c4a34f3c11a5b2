"""The page of one incident, whole and in the parts that refresh by themselves."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.access import Actor, NotSignedIn, actor_of
from incidents import access, boards, budgets, forms, forms_oncall, forms_working, ladders, panels, queries, together
from incidents.models import Incident
from incidents.operations.engaging import DECLARED
from incidents.queries import reviews
from incidents.queries.changes import changes_before
from portal.lib.clock import db_now


@login_required
@require_safe
def incident_page(request: HttpRequest, number: int) -> HttpResponse:
    """Everything about one incident, for everybody."""
    incident = queries.incident_by_number(number)
    now = db_now()
    shown = context_of(request, incident, now=now)
    alerts = boards.alerts(incident)
    firing = any(alert.cleared_at is None and alert.source != DECLARED for alert in alerts)
    promises = list(dict.fromkeys(alert.objective_id for alert in alerts if alert.objective_id))
    context = {
        **shown,
        **work_of(request, incident),
        **entries_of(request, incident),
        "alerts": alerts,
        "symptoms": together.symptoms_of(incident),
        "changes": panels.guarded("Changes", lambda: changes_before(incident, now=now)),
        "budgets": panels.guarded("Budgets", lambda: budgets.of_incident(incident, promises, now=now)),
        "costs": panels.guarded("Costs", lambda: budgets.costs_of(incident, promises, now=now)),
        "resolve_form": forms.ResolveFiringForm() if firing else forms.ResolveForm(),
        "severity_form": forms.SeverityForm(initial={"severity": incident.severity}),
        "update_form": forms_working.UpdateForm(),
        "snoozes": forms_working.SNOOZES,
        "people": forms_oncall.suggestions(),
        "reviewed": reviews.reviewed(incident, may_work=bool(shown["may_work"])),
        "teams_to_page": access.teams_to_page(incident, [answer.page for answer in shown["answers"]]),
    }
    return render(request, "incidents/incident.html", context)


@login_required
@require_safe
def incident_live(request: HttpRequest, number: int) -> HttpResponse:
    """Who has it and who is next, which refreshes by itself."""
    incident = queries.incident_by_number(number)
    return render(request, "incidents/parts/live.html", context_of(request, incident, now=db_now()))


@login_required
@require_safe
def incident_work(request: HttpRequest, number: int) -> HttpResponse:
    """Status updates, roles, tasks and links, which refresh by themselves; the forms beside them are left alone."""
    incident = queries.incident_by_number(number)
    context = {**work_of(request, incident), "incident": incident, "now": db_now()}
    return render(request, "incidents/parts/work.html", context)


@login_required
@require_safe
def incident_entries(request: HttpRequest, number: int) -> HttpResponse:
    """The timeline's entries, which refresh by themselves too; the form above them is left alone."""
    incident = queries.incident_by_number(number)
    context = {**entries_of(request, incident), "incident": incident, "now": db_now()}
    return render(request, "incidents/parts/entries.html", context)


@login_required
@require_safe
def incident_attempts(request: HttpRequest, number: int) -> HttpResponse:
    """Every message of every page, with every try."""
    incident = queries.incident_by_number(number)
    context = {"incident": incident, "pages": queries.pages_of(incident), "now": db_now()}
    return render(request, "incidents/parts/attempts.html", context)


def work_of(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """What people do together in it."""
    actor = _reader(request)
    return {"together": together.of(incident, actor.person if actor else None), "may_work": _may(request, incident)}


def entries_of(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """Its timeline, as the filter in the address has it."""
    show, actor = request.GET.get("show", ""), _reader(request)
    return {
        "timeline": boards.timeline(incident, show=show),
        "show": show if show in boards.FILTERS else "",
        "me": actor.ref if actor else "",
        "may_work": _may(request, incident),
    }


def context_of(request: HttpRequest, incident: Incident, *, now: datetime) -> dict[str, Any]:
    """What tells who has it, who is next and when."""
    actor = _reader(request)
    pages = queries.pages_of(incident)
    mine, may = access.of_reader(actor, incident, pages) if actor else (frozenset[int](), False)
    answers = boards.answers(pages, mine=mine, now=now)
    request.portico_may_work = may  # type: ignore[attr-defined]
    return {
        "now": now,
        "incident": incident,
        "answers": answers,
        "answered": sum(1 for answer in answers if not answer.hot),
        "mine": next((answer for answer in answers if answer.mine), None),
        "held": next((answer for answer in answers if answer.page.state == "acknowledged"), None),
        "waiting": next((answer for answer in answers if answer.hot and answer.next), None),
        "exhausted": any(answer.exhausted for answer in answers),
        "lasted": (incident.resolved_at or now) - incident.opened_at,
        "taken_after": _taken_after(incident),
        "blocked": boards.blocked(incident),
        "policy_changes": ladders.newer(pages, now=now) if incident.is_open else [],
        "signed_in": actor is not None,
        "may_work": _may(request, incident),
    }


def _may(request: HttpRequest, incident: Incident) -> bool:
    """Whether the reader may work on it; asked once a request."""
    kept: bool | None = getattr(request, "portico_may_work", None)
    if kept is None:
        actor = _reader(request)
        kept = actor is not None and access.may_hand(actor, incident, queries.pages_of(incident))
        request.portico_may_work = kept  # type: ignore[attr-defined]
    return kept


def _reader(request: HttpRequest) -> Actor | None:
    try:
        return actor_of(request)
    except NotSignedIn:
        return None


def _taken_after(incident: Incident) -> timedelta | None:
    if incident.acknowledged_at is None:
        return None
    return incident.acknowledged_at - (incident.reopened_at or incident.opened_at)
