"""Saying that what the catalog says is right."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import actor_of
from catalog.operations import confirm_components, confirm_team
from portal.lib import words
from portal.lib.clock import db_now


@login_required
@require_POST
def component(request: HttpRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """One component is right as it stands."""
    ref = f"{kind}:{namespace}/{name}"
    confirm_components(refs=[ref], actor=actor_of(request), now=db_now())
    messages.success(request, "Confirmed. You are asked again in half a year.")
    return redirect(queries.component_by_ref(ref))


@login_required
@require_POST
def team(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """All that a team owns is right as it stands."""
    ref = f"group:{namespace}/{name}"
    done = confirm_team(ref=ref, actor=actor_of(request), now=db_now())
    messages.success(request, f"{words.plural(len(done.refs), 'component')} confirmed.")
    return redirect(queries.team_by_ref(ref))
