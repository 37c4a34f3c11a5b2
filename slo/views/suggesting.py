"""Names offered beside a query in the making."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.access import actor_of
from portal.lib.clock import db_now
from slo.operations.objectives import require_author
from slo.queries.suggesting import suggested


@login_required
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """Options for the word at the cursor; `before` is the text before it."""
    require_author(actor_of(request))
    found = suggested(
        source_name=request.GET.get("source", ""),
        before=request.GET.get("before", ""),
        histograms="histograms" in request.GET,
        now=db_now(),
    )
    return render(request, "slo/parts/suggestions.html", {"found": found})
