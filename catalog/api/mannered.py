"""What every endpoint below /api/v1/ does alike, whichever app it is of: `mannered` wraps their addresses.

A POST with an Idempotency-Key is answered once; somebody who is turned away again and again is told to wait; a query
string says nothing that the view does not know.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import wraps

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from catalog.access import actor_of
from catalog.api import asked
from catalog.models import IdempotentAnswer
from catalog.operations import idempotency
from catalog.operations.idempotency import Claim
from catalog.throttling import stranger
from portal.lib.api import problem
from portal.lib.clock import db_now
from portal.lib.errors import Expected, FieldError

HEADER = "Idempotency-Key"
LONGEST = 200
READING = ("GET", "HEAD")
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
AGAIN = 429
"""Too many: the one refusal that another try at the same thing may not meet."""

View = Callable[..., HttpResponseBase]


def mannered(patterns: Iterable[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """The same addresses, with the API's manners."""
    return [_wrapped(pattern) for pattern in patterns]


@csrf_exempt
def nowhere(_request: HttpRequest) -> HttpResponse:
    """For every address below /api/v1/ that is none: a refusal that programs can read."""
    return _said(problem(code=404, title="Not found", detail="There is no such address; see /api/v1/schema."))


def _wrapped(pattern: URLPattern | URLResolver) -> URLPattern | URLResolver:
    if isinstance(pattern, URLResolver):
        inner = mannered(pattern.url_patterns)
        return URLResolver(
            pattern.pattern, inner, pattern.default_kwargs, app_name=pattern.app_name, namespace=pattern.namespace
        )
    return URLPattern(pattern.pattern, _polite(pattern.callback), pattern.default_args, pattern.name)


def _polite(view: View) -> View:
    if not hasattr(view, "cls"):  # no view of the framework's, so nobody signs in there
        return view

    @wraps(view)
    def polite(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        unknown = asked.unknown(request, view.cls)
        if unknown and request.method not in READING:
            return _not_asked(unknown)  # before anything is written
        keyed = request.method == "POST" and HEADER in request.headers
        answer = _once(view, request, *args, **kwargs) if keyed else view(request, *args, **kwargs)
        if unknown and answer.status_code < 400:
            return _not_asked(unknown)  # after whoever may not read was turned away
        seconds = stranger(request) if answer.status_code == 401 else 0
        return _too_many(seconds) if seconds else answer

    return polite


def _once(view: View, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
    key = request.headers[HEADER]
    if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        return _bad_key()
    try:
        digest = _digest(request)  # before anybody signs in: a session's check of its origin may parse the body
        who = _sender(view, request)
    except (APIException, Expected, RequestDataTooBig):
        return view(request, *args, **kwargs)  # which says what is wrong
    try:
        found = idempotency.claim(actor_ref=who, key=key, request=digest, now=db_now())
    except idempotency.KeyUsedOtherwise as error:
        fault = FieldError(HEADER, "used_otherwise", str(error))
        return _said(problem(code=error.status, title=error.title, detail=str(error), errors=(fault,)))
    except idempotency.StillRunning as error:
        headers = {"Retry-After": "1"}
        return _said(problem(code=error.status, title=error.title, detail=str(error), headers=headers))
    if isinstance(found, IdempotentAnswer):
        return _again(found)
    return _first(found, view, request, *args, **kwargs)


def _first(claimed: Claim, view: View, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
    kept = False
    try:
        answer = view(request, *args, **kwargs)
        if isinstance(answer, Response) and not answer.is_rendered:
            answer.render()
        if isinstance(answer, HttpResponse) and answer.status_code < 500 and answer.status_code != AGAIN:
            headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
            body = answer.content.decode(errors="replace")
            idempotency.keep(claimed, status=answer.status_code, body=body, headers=headers)
            kept = True
        return answer
    finally:
        if not kept:
            idempotency.give_up(claimed)


def _again(found: IdempotentAnswer) -> HttpResponse:
    headers = {**found.headers, "Idempotent-Replayed": "true"}
    return HttpResponse(found.body or "", status=found.status or 200, headers=headers)


def _sender(view: View, request: HttpRequest) -> str:
    """By the view's own ways to sign in. Raises what they raise, NotSignedIn for nobody."""
    one = view.cls(**view.initkwargs)  # type: ignore[attr-defined]  # as_view() leaves both
    said = one.initialize_request(copy(request))  # for who fails to sign in on a request is nobody on it from then on
    said.user  # noqa: B018  # signs in, or raises
    actor = actor_of(said)
    return f"token:{actor.token.pk}" if actor.token else actor.ref  # two tokens may share a name


def _digest(request: HttpRequest) -> str:
    told = f"{request.method} {request.get_full_path()}\n{request.content_type}\n".encode()
    return hashlib.sha256(told + request.body).hexdigest()


def _not_asked(faults: Sequence[FieldError]) -> HttpResponse:
    detail = "; ".join(f"{one.field}: {one.message}" for one in faults[:5])
    return _said(problem(code=400, title="Some fields need attention", detail=detail, errors=faults[:50]))


def _bad_key() -> HttpResponse:
    message = f"Use 1 to {LONGEST} printable ASCII characters, such as a UUID."
    fault = FieldError(HEADER, "invalid", message)
    return _said(problem(code=400, title="Some fields need attention", detail=f"{HEADER}: {message}", errors=(fault,)))


def _too_many(seconds: int) -> HttpResponse:
    detail = f"Your address was turned away too often. Sign in, or wait {seconds} seconds."
    return _said(problem(code=AGAIN, title="Too many requests", detail=detail, headers={"Retry-After": str(seconds)}))


def _said(answer: Response) -> HttpResponse:
    """Made outside the framework's views, which would otherwise choose the renderer."""
    headers = {name: value for name, value in answer.items() if name != "Content-Type"}
    content = JSONRenderer().render(answer.data)
    return HttpResponse(content, status=answer.status_code, content_type=answer.content_type, headers=headers)
