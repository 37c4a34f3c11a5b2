"""Settings: what is set up, how each of it is, and a button that tries it."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST, require_safe

from catalog import queries as catalog
from catalog.access import Actor, actor_of, person_of
from catalog.models import ApiToken, AuditEntry, Person
from incidents.channels.ways import ways
from incidents.models import ContactMethod, EscalationPolicy
from incidents.queries import policies
from incidents.queries.judging import table
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from portal.pages import trials
from slo import queries as slo
from slo.models import AlertPolicy, DataSource


@login_required
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Every part of the set-up with its state, where to change it and how to try it."""
    return _page(request)


@login_required
@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    """Send a test to oneself."""
    try:
        tried = trials.mail_to_self(person=person_of(request), now=db_now())
    except Expected as refused:
        tried = trials.Tried(ok=False, words=str(refused))
    _say(request, tried)
    return redirect("settings")


@login_required
@require_POST
def sources(request: HttpRequest) -> HttpResponse:
    """Ask every data source now; for platform admins."""
    rows = list(DataSource.objects.filter(retired_at=None).order_by("name"))
    for name, tried in trials.sources(rows=rows, actor=actor_of(request)).items():
        _say(request, trials.Tried(tried.ok, f"{name}: {tried.words}"))
    return redirect("settings")


@login_required
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Which token a text is; the page that says so is kept nowhere."""
    try:
        found = trials.token_of(text=request.POST.get("token", "").strip(), by=person_of(request))
    except Expected as refused:
        return _page(request, token_error=str(refused), status=refused.status)
    response = _page(request, token=found)
    add_never_cache_headers(response)
    return response


def _page(
    request: HttpRequest, *, token: ApiToken | None = None, token_error: str = "", status: int = 200
) -> HttpResponse:
    actor, now = actor_of(request), db_now()
    context = {
        "now": now,
        "admin": actor.everywhere,
        **_state(actor, now),
        "route": trials.mail_route(),
        "me": actor.person,
        "mine": _methods(actor.person),
        "ways": [one.title for one in ways.values()],
        "token": token,
        "token_ended": bool(token and _ended(token, now)),
        "token_error": token_error,
    }
    return render(request, "portal/settings.html", context, status=status)


def _state(actor: Actor, now: datetime) -> dict[str, object]:
    rows = slo.sources()
    tokens = list(catalog.tokens_of(actor))
    return {
        "sources": rows,
        "down": [row for row in rows if row.reachable is False],
        "alert_policies": AlertPolicy.objects.count(),
        "policies": EscalationPolicy.objects.filter(retired_at=None).count(),
        "catch_all": policies.catch_all(),
        "rules": len(table()),
        "own_rules": bool(policies.severity_rules()),
        "tokens": sum(not _ended(one, now) for one in tokens),
        "last_change": AuditEntry.objects.first(),
    }


def _methods(person: Person | None) -> int:
    found = ContactMethod.objects.filter(person=person, removed_at=None, confirmed_at__isnull=False)
    return found.count() if person else 0


def _ended(token: ApiToken, now: datetime) -> bool:
    return token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now)


def _say(request: HttpRequest, tried: trials.Tried) -> None:
    (messages.success if tried.ok else messages.error)(request, tried.words)
