"""API tokens: made, shown once, revoked."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import actor_of
from catalog.forms import TokenForm
from catalog.operations import create_token, revoke_token
from catalog.views.components import owners_for
from portal.lib import once
from portal.lib.clock import db_now
from portal.lib.errors import Expected


@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """The reader's tokens (of platform admins: all), and a form for a new one, whose text this page then shows once."""
    actor, now = actor_of(request), db_now()
    teams = list(owners_for(actor))
    form = TokenForm(request.POST or None, teams=teams, unlimited=actor.everywhere)
    if form.is_valid():
        try:
            minted = create_token(**form.said(), actor=actor, now=now)
        except Expected as error:
            form.explain(error)
        else:
            once.keep(request, "token", {"name": minted.row.name, "text": minted.text}, now=now)
            return redirect("catalog:tokens")
    context = {
        "form": form,
        "minted": once.take(request, "token", now=now),
        "tokens": queries.tokens_of(actor),
        "now": now,
        "may": bool(teams) or actor.everywhere,
    }
    response = render(request, "catalog/tokens.html", context, status=400 if form.errors else 200)
    add_never_cache_headers(response)  # a secret must not come back with the back button
    return response


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token at once."""
    revoke_token(token_id=pk, actor=actor_of(request), now=db_now())
    messages.success(request, "The token is revoked. Whoever still sends it gets 401.")
    return redirect("catalog:tokens")
