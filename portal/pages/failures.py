"""What is answered when something of ours broke: a page, or problem details; from nothing that may be broken, too."""

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from portal.lib.problem_types import type_of

TITLE = "Something broke on our side"


def too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form of another session, with the way back to the form: the page it came from, if that is ours."""
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()})
    return render(request, "403_csrf.html", {"form": came_from if ours else ""}, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """500, with the id under which it is in the log; no database, no session, no context processors."""
    number = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    if request.path.startswith("/api/v1/"):
        detail = f"It is in the log as {number}." if number else "It is in the log."
        body = {"type": type_of(500), "title": TITLE, "status": 500, "detail": detail}
        return JsonResponse(body, status=500, content_type="application/problem+json")
    again = request.get_full_path() if request.method == "GET" else ""
    try:
        return HttpResponseServerError(render_to_string("500.html", {"request_id": number, "again": again}))
    except Exception:  # the templates may be what is broken, and this is the last who can say anything
        return HttpResponseServerError(f"500: {TITLE}. {number}\n", content_type="text/plain; charset=utf-8")
