"""What every request gets: an id in the logs, and expected failures said as a page rather than a stack trace."""

import uuid
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from portal.lib import conf
from portal.lib.clock import keep_now
from portal.lib.errors import Expected
from portal.lib.problem_types import type_of

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestContext:
    """Binds a request id to every log line and hands it back in `X-Request-ID`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if 8 <= len(given) <= 64 and given.replace("-", "").isalnum() else uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id, path=request.path):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class StorableAddress:
    """No address of ours holds NUL, and no database can be asked for it: 404 for a path, 400 for a query of the API."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        api = request.path.startswith("/api/")
        if "\x00" in request.path:
            return _problem(404, "Not found") if api else HttpResponseNotFound("Not found", content_type="text/plain")
        named = [name for name, texts in request.GET.lists() if "\x00" in "".join((name, *texts))] if api else []
        if named:
            return _problem(400, "Some fields need attention", *named)
        return self.get_response(request)


def _problem(code: int, title: str, *fields: str) -> JsonResponse:
    message = "The character NUL is in no name and no text; leave it out."
    body: dict[str, object] = {"type": type_of(code), "title": title, "status": code, "detail": message}
    if fields:
        body["errors"] = [{"field": name, "code": "character", "message": message} for name in fields]
    return JsonResponse(body, status=code, content_type="application/problem+json")


class ReaderZone:
    """Pages tell times in the zone of whoever reads them; in UTC where that is unknown."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = getattr(request.user, "person", None) if request.user.is_authenticated else None
        if now := getattr(request.user, "loaded_at", None):
            keep_now(request, now)
        with timezone.override(_zone(str(getattr(person, "time_zone", "")))):
            return self.get_response(request)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


class ExpectedFailures:
    """An expected failure on a page: back where the form was, with the reason on top; or a page of its own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Called by Django for whatever a view raised."""
        if not isinstance(error, Expected):
            return None
        back = request.headers.get("Referer", "")
        same_site = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
        if request.method == "POST" and error.status == 409 and same_site:
            messages.error(request, str(error))
            return redirect(back)
        context = {
            "title": error.title,
            "detail": str(error),
            "status": error.status,
            "back": back if same_site else "",
            "about": type_of(error.status).removeprefix(conf.base_url()),
        }
        return render(request, "error.html", context, status=error.status)
