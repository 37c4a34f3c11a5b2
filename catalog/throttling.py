"""How much one token or account may ask of the API in a minute.

Where alerts come in there is no limit (`throttle_classes = ()`): an alert that is turned away may be the one that
matters, and the intake is built for bursts.
"""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from catalog.models import ApiToken
from portal.lib import conf, rates
from portal.lib.client_address import client_address

if TYPE_CHECKING:  # the framework's views import this module
    from rest_framework.views import APIView

WRITES, READS, ANONYMOUS = 6_000, 12_000, 600
"""A minute, where the settings say nothing."""


class ActorThrottle(BaseThrottle):
    """Counts by token, by account, or of those nobody knows by address; reads and writes apart."""

    seconds = 0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Whether this one is within the limit."""
        reads = request.method in SAFE_METHODS
        kind, limit = ("read", reads_per_minute()) if reads else ("write", writes_per_minute())
        if isinstance(request.auth, ApiToken):
            self.seconds = rates.hit(f"token:{request.auth.pk}:{kind}", per_minute=limit)
        elif request.user.is_authenticated:
            self.seconds = rates.hit(f"account:{request.user.pk}:{kind}", per_minute=limit)
        else:
            self.seconds = stranger(request._request)
        return not self.seconds

    def wait(self) -> float:
        """Seconds, for Retry-After."""
        return float(self.seconds)


def stranger(request: HttpRequest) -> int:
    """Count a request of somebody nobody knows; the seconds to wait where their address asked too often."""
    limit = conf.number("PORTAL_API_ANONYMOUS_PER_MINUTE", ANONYMOUS)
    return rates.hit(f"address:{client_address(request)}", per_minute=limit)


def writes_per_minute() -> int:
    """PORTAL_API_WRITES_PER_MINUTE; 0 is no limit."""
    return conf.number("PORTAL_API_WRITES_PER_MINUTE", WRITES)


def reads_per_minute() -> int:
    """PORTAL_API_READS_PER_MINUTE; 0 is no limit."""
    return conf.number("PORTAL_API_READS_PER_MINUTE", READS)
