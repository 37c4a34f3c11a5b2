"""Where data comes from, and how that is."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.lib.clock import db_now
from slo import queries


@login_required
@require_safe
def source_list(request: HttpRequest) -> HttpResponse:
    """All data sources: one that is down is one fact, said here once."""
    return render(request, "slo/sources.html", {"sources": queries.sources(), "now": db_now()})
