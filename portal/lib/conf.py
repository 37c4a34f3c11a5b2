"""Portico's own settings with their defaults, so that a host project need not define any of them."""

from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from portal.lib import addresses

EXAMPLE_URL = "http://localhost:8000"
"""Where a portal is reached whose host says nothing; the documentation's examples are written for it."""


def base_url() -> str:
    """Where people reach the portal, without a slash at the end; links in messages begin with it."""
    return str(getattr(settings, "PORTAL_BASE_URL", EXAMPLE_URL)).rstrip("/")


def data_dir() -> Path:
    """The folder for everything kept outside the database."""
    return Path(getattr(settings, "PORTAL_DATA", ".portal"))


def prometheus_url() -> str:
    """The data source a first start sets up by itself; empty for none."""
    return str(getattr(settings, "PROMETHEUS_URL", ""))


def watchdog_url() -> str:
    """Called on every pass of the watchdog, so that an outside system notices when we fall silent; empty for none."""
    return str(getattr(settings, "WATCHDOG_URL", ""))


def allowed_addresses() -> addresses.Allowed:
    """What requests that people ask us for may reach beside the public internet (PORTAL_ALLOW_PRIVATE_ADDRESSES)."""
    return _allowed(tuple(getattr(settings, addresses.SETTING, ())))


def location_roots() -> tuple[Path, ...]:
    """Folders below which locations may read directories of this machine; none: they may not."""
    return tuple(Path(root) for root in getattr(settings, "PORTAL_LOCATION_ROOTS", ()))


@lru_cache(maxsize=8)
def _allowed(words: tuple[str, ...]) -> addresses.Allowed:
    return addresses.allowed(words)


def flag(name: str, *, default: bool = False) -> bool:
    """A yes/no setting by name, such as PORTAL_ANONYMOUS_READ."""
    return bool(getattr(settings, name, default))


def text(name: str, default: str = "") -> str:
    """A text by name, such as PORTAL_DOCS_EDIT_URL."""
    return str(getattr(settings, name, default))


def number(name: str, default: int) -> int:
    """A whole number by name, such as PORTAL_API_WRITES_PER_MINUTE."""
    return int(getattr(settings, name, default))


def minutes(name: str, default: int) -> timedelta:
    """A time in whole minutes by name, such as PORTAL_REOPEN_MINUTES."""
    return timedelta(minutes=number(name, default))
