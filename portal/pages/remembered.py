"""Pages of things remember who opened them, for "recently visited". That never slows or breaks the page."""

from collections.abc import Callable
from functools import wraps

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver

from catalog.models import Person
from catalog.operations import remember_visit

log = structlog.get_logger(__name__)
KINDS = {"component": "", "team": "group", "person": "user", "system": "system", "domain": "domain"}
"""Pages by the name of their address, and the kind of what they show where the address does not say it."""

View = Callable[..., HttpResponseBase]


def remembering(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """The same addresses; those of a thing's page note who opened it."""
    for one in patterns:
        if isinstance(one, URLPattern) and one.name in KINDS:
            one.callback = remembered(one.callback, kind=KINDS[one.name])
    return patterns


def remembered(view: View, *, kind: str) -> View:
    """The view, noting what was opened by somebody signed in."""

    @wraps(view)
    def noting(request: HttpRequest, *args: str, **named: str) -> HttpResponseBase:
        answer = view(request, *args, **named)
        person: Person | None = getattr(request.user, "person", None)
        if person and request.method == "GET" and answer.status_code == 200 and not request.headers.get("HX-Request"):
            _note(person, f"{named.get('kind', kind)}:{named.get('namespace')}/{named.get('name')}", request.path)
        return answer

    return noting


def _note(person: Person, ref: str, url: str) -> None:
    try:
        remember_visit(person=person, ref=ref, url=url)
    except DatabaseError:  # a database that only reads, or is in trouble: the page stands
        log.warning("visit_not_kept", ref=ref, exc_info=True)
