"""Signed links to badges, cards and feeds, which need no sign-in: they work for as long as their thing is shared.

A link is signed over the thing, what it shows, and the random nonce of its row, so that none can be guessed, none
opens something else than what it was made for, and all of a thing end with its row.
"""

from collections.abc import Iterable, Mapping

from django.core.signing import BadSignature, Signer

from catalog.models import Sharing

SALT = "catalog.sharing"
LONGEST = 64
"""Characters of a key; what is longer is none, and the database is not asked for it."""

STATUS = "status:all"
"""What the feed of the status page is shared as."""

FEED = "feed"


def keys_of(sharing: Sharing, shows: Iterable[str]) -> Mapping[str, str]:
    """The key of each link of a shared thing, by what it shows, such as `badge:owner`."""
    signer = Signer(salt=SALT)
    return {show: signer.signature(_signed(sharing, show)) for show in shows}


def opens(key: str, *, ref: str, show: str) -> bool:
    """Whether this key opens what it is asked for. One question to the database, none for what can't be a key."""
    if not 0 < len(key) <= LONGEST or not key.isascii():
        return False
    sharing = Sharing.objects.filter(ref=ref).first()
    if sharing is None:
        return False
    value = _signed(sharing, show)
    try:
        return Signer(salt=SALT).unsign(f"{value}:{key}") == value
    except BadSignature:
        return False


def _signed(sharing: Sharing, show: str) -> str:
    return f"{sharing.ref}|{show}|{sharing.nonce}"
