"""The page of one incident, whole and in the parts that refresh by themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.access import Actor, NotSignedIn, actor_of, reader_teams
from incidents import access, boards, breaches, budgets, duty, forms, forms_working, ladders, panels, queries, together
from incidents.measuring import Measured, measured
from incidents.models import Alert, Incident, Page
from incidents.oncall.directory import LoadSchedules
from incidents.operations.engaging import DECLARED
from incidents.operations.handing_on import is_theirs
from incidents.queries import reviews
from incidents.queries.changes import changes_before
from portal.lib.clock import now_of
from slo import ledger


@login_required
@require_safe
def incident_page(request: HttpRequest, number: int) -> HttpResponse:
    """Everything about one incident, for everybody."""
    incident, now = _read(request, number), now_of(request)
    shown = context_of(request, incident, now=now, load=_shared(request))
    alerts = boards.alerts(incident)
    firing = any(alert.cleared_at is None and alert.source != DECLARED for alert in alerts)
    concerned = _concerned(incident, alerts)
    context = {
        **shown,
        **work_of(request, incident),
        **entries_of(request, incident),
        "alerts": alerts,
        "symptoms": together.symptoms_of(incident),
        "changes": panels.guarded("Changes", lambda: changes_before(incident, now=now)),
        **_of_promises(concerned, now),
        "measured": panels.guarded("Measured", lambda: _measured(concerned, alerts, now=now)),
        "resolve_form": forms.ResolveFiringForm() if firing else forms.ResolveForm(),
        "severity_form": forms.SeverityForm(initial={"severity": incident.severity}),
        "update_form": forms_working.UpdateForm(),
        "snoozes": forms_working.SNOOZES,
        "reviewed": reviews.reviewed(incident, may_work=bool(shown["may_work"])),
    }
    return render(request, "incidents/incident.html", context)


def _of_promises(concerned: budgets.Concerned, now: datetime) -> dict[str, Any]:
    with ledger.plainly_planned():  # both read it
        return {
            "budgets": panels.guarded("Budgets", lambda: concerned.budgets(now=now)),
            "costs": panels.guarded("Costs", lambda: concerned.costs(now=now)),
        }


@login_required
@require_safe
def incident_measured(request: HttpRequest, number: int) -> HttpResponse:
    """What is measured now, with what the sources of indicators say at this moment; refreshes by itself."""
    incident, now = queries.incident_by_number(number), now_of(request)
    alerts = boards.alerts(incident)
    concerned = _concerned(incident, alerts)
    found = panels.guarded("Measured", lambda: _measured(concerned, alerts, now=now, ask=True))
    return render(request, "incidents/parts/measured.html", {"incident": incident, "measured": found})


def _concerned(incident: Incident, alerts: Sequence[Alert]) -> budgets.Concerned:
    return budgets.Concerned(incident, breaches.rules_of(alert for alert in alerts if alert.objective_id))


def _measured(
    concerned: budgets.Concerned, alerts: Sequence[Alert], *, now: datetime, ask: bool = False
) -> list[Measured]:
    if not concerned.incident.is_open:
        return []
    by_key = {one.pk: one for one in concerned.objectives} if concerned.alerting else {}
    return measured(alerts, by_key, now=now, ask=ask)


@login_required
@require_safe
def incident_live(request: HttpRequest, number: int) -> HttpResponse:
    """Who has it, who is next, who has answered and whether the reader can take it, which refresh by themselves."""
    incident = queries.incident_by_number(number)
    return render(request, "incidents/parts/refreshed.html", context_of(request, incident, now=now_of(request)))


@login_required
@require_safe
def incident_work(request: HttpRequest, number: int) -> HttpResponse:
    """Status updates, roles, tasks and links, which refresh by themselves; the forms beside them are left alone."""
    incident = _read(request, number)
    context = {**work_of(request, incident), "incident": incident, "now": now_of(request)}
    return render(request, "incidents/parts/worked.html", context)


@login_required
@require_safe
def incident_entries(request: HttpRequest, number: int) -> HttpResponse:
    """The timeline's entries, which refresh by themselves too; the form above them is left alone."""
    incident = queries.incident_by_number(number)
    context = {**entries_of(request, incident), "incident": incident, "now": now_of(request)}
    return render(request, "incidents/parts/entries.html", context)


def work_of(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """What people do together in it."""
    return {"together": together.of(incident), "may_work": _may(request, incident)}


def entries_of(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """Its timeline, as the filter in the address has it."""
    show, actor = request.GET.get("show", ""), reader_of(request)
    return {
        "timeline": boards.timeline(incident, show=show),
        "show": show if show in boards.FILTERS else "",
        "me": actor.ref if actor else "",
        "may_work": _may(request, incident),
    }


def context_of(
    request: HttpRequest, incident: Incident, *, now: datetime, load: LoadSchedules | None = None
) -> dict[str, Any]:
    """What tells who has it, who is next and when."""
    actor = reader_of(request)
    pages = queries.pages_of(incident)
    teams = [team.pk for team in reader_teams(request)]
    mine, may = access.of_reader(actor, incident, pages, teams) if actor else (frozenset[int](), False)
    answers = boards.answers(pages, mine=mine, now=now, load=load)
    held = next((answer for answer in answers if answer.page.state == "acknowledged"), None)
    request.portico_may_work = may  # type: ignore[attr-defined]
    return {
        "now": now,
        "incident": incident,
        "answers": answers,
        "answered": sum(1 for answer in answers if answer.page.acknowledged_by_id),
        "mine": next((answer for answer in answers if answer.mine), None),
        "held": held,
        "may_take_over": bool(held and actor and held.page.pk in mine and held.page.acknowledged_by != actor.person),
        "waiting": next((answer for answer in answers if answer.hot and answer.next), None),
        "exhausted": any(answer.exhausted for answer in answers),
        "lasted": (incident.resolved_at or now) - incident.opened_at,
        "taken_after": _taken_after(incident, held),
        "to_hand_on": _to_hand_on(incident, pages, actor),
        "blocked": boards.blocked(incident),
        "policy_changes": ladders.newer(pages, now=now) if incident.is_open else [],
        "signed_in": actor is not None,
        "may_work": _may(request, incident),
    }


def _taken_after(incident: Incident, held: boards.Answer | None) -> timedelta | None:
    """How long it took whoever has it; where it opened again, from then, by the page they took."""
    if incident.reopened_at is None:
        return incident.taken_after
    at = held.page.acknowledged_at if held else None
    return at - incident.reopened_at if at and at >= incident.reopened_at else None


def _may(request: HttpRequest, incident: Incident) -> bool:
    """Whether the reader may work on it; asked once a request."""
    kept: bool | None = getattr(request, "portico_may_work", None)
    if kept is None:
        actor = reader_of(request)
        kept = actor is not None and access.may_hand(actor, incident, queries.pages_of(incident))
        request.portico_may_work = kept  # type: ignore[attr-defined]
    return kept


def reader_of(request: HttpRequest) -> Actor | None:
    """Who looks at it; None for an account that is nobody's."""
    try:
        return actor_of(request)
    except NotSignedIn:
        return None


def _read(request: HttpRequest, number: int) -> Incident:
    actor = reader_of(request)
    return queries.incident_by_number(number, reader=actor.person if actor else None, to_show=True)


def _shared(request: HttpRequest) -> LoadSchedules:
    """Schedules that the frame around the page wants too."""
    return lambda slugs, since: duty.schedules_named(slugs, now=since, request=request)


def _to_hand_on(incident: Incident, pages: Sequence[Page], actor: Actor | None) -> bool:
    """Whether a page of it waits for the reader, or is theirs."""
    person = actor.person if actor else None
    return incident.is_open and person is not None and any(is_theirs(page, person) for page in pages)
