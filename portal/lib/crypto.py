"""Secrets at rest: sealed with a key derived from SECRET_KEY, unsealed with it or a fallback key."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotUnseal(Exception):
    """The secret was sealed with another PORTAL_SECRET_KEY; enter it again, or put the old key in the fallbacks."""


def seal(text: str) -> str:
    """`text` encrypted, as printable text; the empty text stays empty."""
    return _keys().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """What `seal` was given. Raises CannotUnseal when no known key fits."""
    if not sealed:
        return ""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotUnseal from error


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"seal:{s}".encode()).digest())) for s in secrets]
    )
