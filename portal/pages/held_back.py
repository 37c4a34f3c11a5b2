"""Who is held back when signing in. Names are counted as typed, so that those that are nobody's are told alike.

- One name from one address: `TRIES` failures, then a quarter of an hour.
- One address, whatever names it tries: `TRIES_OF_AN_ADDRESS`.
- One name from everywhere (slow guessing from many addresses): after `TRIES_OF_A_NAME` only one try every `PAUSE`
  seconds is looked at. A browser that has signed in with that name before is exempt (it carries a signed cookie), so
  nobody can lock out another.
"""

import unicodedata
from dataclasses import dataclass

from django.core.cache import cache
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse

from portal.lib import conf
from portal.lib.client_address import client_address
from portal.lib.rates import Tries

TRIES = 10
TRIES_OF_AN_ADDRESS = 100
WITHIN = 15 * 60
"""Seconds after which the count of failures starts anew."""
TRIES_OF_A_NAME = 30
WITHIN_OF_A_NAME = 3600
PAUSE = 2

COOKIE = "portico_known"
REMEMBERED = 180 * 24 * 3600
_signer = TimestampSigner(salt="portal.pages.held_back")


@dataclass(frozen=True, slots=True)
class Guesser:
    """Somebody at the sign-in form: the name they typed, where they are, whether their browser is known for it."""

    name: str
    address: str
    known: bool

    def wait(self) -> int:
        """Seconds before another try is looked at; 0 for now. Takes the turn where turns are taken."""
        if self._here.count() >= TRIES or self._anywhere_from_here.count() >= TRIES_OF_AN_ADDRESS:
            return WITHIN
        slow = not self.known and self._from_everywhere.count() >= TRIES_OF_A_NAME
        if slow and not cache.add(f"turn:{self._from_everywhere.name}", 1, PAUSE):
            return PAUSE
        return 0

    def failed(self) -> None:
        """Count it."""
        self._here.add()
        self._anywhere_from_here.add()
        if not self.known:
            self._from_everywhere.add()

    def got_in(self) -> None:
        """The count of this name here starts anew; that of the address does not, for it may have one good password."""
        self._here.forget()

    @property
    def _here(self) -> Tries:
        known = "known" if self.known else ""  # a neighbour behind the same address must not spend their tries
        return Tries(f"sign-in\n{self.name}\n{self.address}\n{known}", WITHIN)

    @property
    def _anywhere_from_here(self) -> Tries:
        return Tries(f"sign-in-address\n{self.address}", WITHIN)

    @property
    def _from_everywhere(self) -> Tries:
        return Tries(f"sign-in-name\n{self.name}", WITHIN_OF_A_NAME)


def guesser(request: HttpRequest, name: str) -> Guesser:
    """Who is trying `name`."""
    typed = unicodedata.normalize("NFKC", name).strip().casefold()
    return Guesser(typed, client_address(request), _known_for(request) == typed and bool(typed))


def remember(response: HttpResponse, name: str) -> None:
    """Let this browser be known for `name` from now on."""
    typed = unicodedata.normalize("NFKC", name).strip().casefold()
    secure = conf.base_url().startswith("https://")
    response.set_cookie(COOKIE, _signer.sign(typed), max_age=REMEMBERED, httponly=True, secure=secure, samesite="Lax")


def _known_for(request: HttpRequest) -> str:
    try:
        return _signer.unsign(request.COOKIES.get(COOKIE, ""), max_age=REMEMBERED)
    except BadSignature:
        return ""
