"""API tokens for Django REST framework: `Authorization: Bearer portico_…`."""

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from catalog.models import ApiToken
from portal.lib import conf
from portal.lib.clock import keep_now

if TYPE_CHECKING:  # the framework's views import this module
    from rest_framework.views import APIView

FRESH = timedelta(minutes=1)
FIND = "SELECT *, clock_timestamp() AS at FROM catalog_apitoken WHERE digest = %s AND revoked_at IS NULL"
"""Written out, for every request of a machine asks it; with the clock, which nearly all of them need as well."""


def digest(token: str) -> str:
    """What is stored of a token; it has 256 random bits, so a plain hash can't be turned round."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()  # half a pair may come out of JSON


class TokenAuthentication(BaseAuthentication):
    """Finds the token's row; `request.auth` is the ApiToken and `request.user` stays anonymous."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiToken] | None:
        """None without a bearer header; AuthenticationFailed (401) for an unknown, expired or revoked token."""
        parts = get_authorization_header(request).decode("latin-1").split()
        if not parts or parts[0].lower() not in {"bearer", "token"}:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("Send it as: Authorization: Bearer TOKEN")
        token, now = self._find(parts[1])
        keep_now(request._request, now)
        return AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        """Makes failures 401 rather than 403."""
        return 'Bearer realm="api"'

    def _find(self, text: str) -> tuple[ApiToken, datetime]:
        token = next(iter(ApiToken.objects.raw(FIND, [digest(text)])), None)
        if token is None:
            raise AuthenticationFailed("This token is not known, or was revoked.")
        now: datetime = vars(token)["at"]
        if token.expires_at and token.expires_at <= now:
            raise AuthenticationFailed(f"This token expired on {token.expires_at:%Y-%m-%d}.")
        if token.last_used_at is None or now - token.last_used_at > FRESH:  # one write a minute is enough to show it
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token, now


class SignedInOrToken(BasePermission):
    """Everybody known may ask; what they may change, each operation says (catalog.access)."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """True for a signed-in account or a token; every scope may read, for what one writes one may see.

        Where PORTAL_ANONYMOUS_READ opens reading, everybody may ask those views that say `open_to_readers`, and only
        what changes nothing; a view that says nothing stays closed.
        """
        known = isinstance(request.auth, ApiToken) or request.user.is_authenticated
        if known or request.method not in SAFE_METHODS:
            return known
        return getattr(view, "open_to_readers", False) and conf.flag("PORTAL_ANONYMOUS_READ")
