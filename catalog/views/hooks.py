"""Webhooks of repositories: a push makes the location due. They carry a signature instead of a sign-in.

GitHub, Gitea and Bitbucket sign the body with HMAC-SHA256 (`X-Hub-Signature-256: sha256=…`, Bitbucket in
`X-Hub-Signature`); GitLab sends the secret itself in `X-Gitlab-Token`.
"""

import hashlib
import hmac

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from catalog.models import Location
from catalog.operations.locations import hook_called
from portal.lib.clock import db_now
from portal.lib.crypto import CannotUnseal, unseal
from portal.lib.problem_types import type_of

SIGNATURES = ("X-Hub-Signature-256", "X-Hub-Signature")
TOKEN = "X-Gitlab-Token"  # noqa: S105  # the name of a header


@csrf_exempt  # the signature is the key; a server keeps no cookies
@require_POST
def location(request: HttpRequest, namespace: str, name: str) -> JsonResponse:
    """202 when the location will be read; 401 unsigned; 403 signed wrong, or no such location: nothing tells which."""
    if not any(header in request.headers for header in (*SIGNATURES, TOKEN)):
        return _problem(401, "Not signed", f"Send {SIGNATURES[0]} (GitHub, Gitea) or {TOKEN} (GitLab).")
    try:
        body = request.body
    except RequestDataTooBig:
        return _problem(413, "Too large", "Send at most 5 MB.")
    ref = f"location:{namespace}/{name}".lower()
    if not _signed(request, body, _secret(ref)):
        return _problem(403, "Signed wrong", "The secret is not that of a location of this name.")
    if request.headers.get("X-GitHub-Event") == "ping":
        return JsonResponse({"read": False, "detail": "The signature is right."})
    hook_called(ref=ref, now=db_now())
    return JsonResponse({"read": True, "detail": "It will be read in a moment."}, status=202)


def _secret(ref: str) -> str:
    row = Location.objects.filter(ref=ref, retired_at=None).only("hook_sealed").first()
    try:
        return unseal(row.hook_sealed) if row else ""
    except CannotUnseal:
        return ""


def _signed(request: HttpRequest, body: bytes, secret: str) -> bool:
    """Takes as long for a location that is not there."""
    key = secret or "nobody knows this one"
    wanted = "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    given = [request.headers[header] for header in SIGNATURES if header in request.headers]
    right = any(hmac.compare_digest(one.encode(), wanted.encode()) for one in given)
    token = request.headers.get(TOKEN, "")
    right = right or (bool(token) and hmac.compare_digest(token.encode(), key.encode()))
    return right and bool(secret)


def _problem(code: int, title: str, detail: str) -> JsonResponse:
    body = {"type": type_of(code), "title": title, "status": code, "detail": detail}
    return JsonResponse(body, status=code, content_type="application/problem+json")
