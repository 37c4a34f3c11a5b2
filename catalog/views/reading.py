"""Star a thing, save a view of the list, take either away."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from catalog.access import actor_of
from catalog.filters import kept_query
from catalog.operations import Outcome, ViewSpec, delete_view, save_view, star, unstar
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from portal.lib.posted import posted


@login_required
@require_POST
def star_thing(request: HttpRequest) -> HttpResponse:
    """Star what `ref` names, or with `starred` take the star away; back to where the button was."""
    ref = posted(request, "ref")
    if request.POST.get("starred"):
        unstar(ref=ref, actor=actor_of(request))
    else:
        star(ref=ref, actor=actor_of(request), now=db_now())
    return redirect(back(request, "/"))


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the list as it is filtered under a name."""
    given, actor = request.POST, actor_of(request)
    try:
        query = kept_query(given.get("query", ""))
        spec = ViewSpec(name=given.get("name", ""), query=query, team=given.get("team", ""))
        written = save_view(spec=spec, actor=actor, now=db_now())
    except Expected as error:
        if error.status not in {400, 403, 409}:
            raise
        messages.error(request, "; ".join(fault.message for fault in error.errors) or str(error))
        return redirect(back(request, reverse("catalog:components")))
    said = {Outcome.CREATED: "is saved", Outcome.UPDATED: "is changed", Outcome.UNCHANGED: "was saved already"}
    messages.success(request, f"The view “{written.row.name}” {said[written.outcome]}.")
    return redirect(f"{reverse('catalog:components')}?{written.row.query}")


@login_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a view away."""
    delete_view(view_id=pk, actor=actor_of(request), now=db_now())
    messages.success(request, "The view is deleted. What it showed is still there.")
    return redirect(back(request, reverse("catalog:components")))


def back(request: HttpRequest, otherwise: str) -> str:
    """The page of ours that the form was on."""
    here = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(here, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return here if ours else otherwise
