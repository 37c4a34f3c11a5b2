"""Typed reading of the environment; a value that makes no sense stops the start and says which one."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

SOURCE = re.compile(
    r"'self'|'none'|\*|https?:|(https?://)?(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:([0-9]{1,5}|\*))?/?"
)


class BadEnvironment(Exception):
    """A variable is set to something that can't be used; the message names it and says what would do."""


@dataclass(frozen=True, slots=True)
class Env:
    """Reads variables from `source` (the process environment unless handed one)."""

    source: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def text(self, name: str, default: str = "") -> str:
        """The value, stripped; `default` where it is missing or empty."""
        return self.source.get(name, "").strip() or default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A yes or no."""
        value = self.text(name).lower()
        if value in {"1", "true", "yes", "on"}:
            return True
        if value in {"0", "false", "no", "off"}:
            return False
        if value:
            raise BadEnvironment(f"{name}={value!r}: use 1 or 0")
        return default

    def number(self, name: str, default: int, *, minimum: int = 0) -> int:
        """A whole number, not below `minimum`."""
        value = self.text(name)
        if not value:
            return default
        if not value.isdecimal() or int(value) < minimum:
            raise BadEnvironment(f"{name}={value!r}: use a whole number, {minimum} or more")
        return int(value)

    def words(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A comma-separated list."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip()) or default

    def path(self, name: str, default: Path) -> Path:
        """An absolute path; `~` is understood."""
        return Path(self.text(name, str(default))).expanduser().absolute()

    def folders(self, name: str) -> tuple[str, ...]:
        """A comma-separated list of absolute paths."""
        found = self.words(name)
        for folder in found:
            if not Path(folder).is_absolute() or Path(folder) == Path("/"):
                raise BadEnvironment(f"{name}={folder!r}: use absolute paths below /, with commas between")
        return found

    def sources(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A comma-separated list of sites, as a Content-Security-Policy names them; `self` needs no quotes here."""
        found = tuple(f"'{one}'" if one in ("self", "none") else one for one in self.words(name, default))
        for one in found:
            if not SOURCE.fullmatch(one):
                raise BadEnvironment(f"{name}={one!r}: use sites such as https://wiki.example.org, with commas between")
        return found

    def url(self, name: str, schemes: tuple[str, ...], default: str = "") -> SplitResult | None:
        """A URL with one of `schemes`, split; None where it is missing."""
        value = self.text(name, default)
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in schemes:
            raise BadEnvironment(f"{name}={value!r}: it must begin with {' or '.join(s + '://' for s in schemes)}")
        return parts


def database(parts: SplitResult) -> dict[str, object]:
    """Django's connection settings for a `postgres://` URL; a socket folder may stand in the host or in `?host=`."""
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    options: dict[str, object] = {k: unquote(v) for k, v in query.items() if k != "host"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "portico",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "OPTIONS": {"connect_timeout": 5, **options},
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
    }


def mailer(parts: SplitResult | None) -> dict[str, object]:
    """Django's mailer for an `smtp://user:password@host:port` URL (`smtps`: TLS at once); the console without."""
    if parts is None:
        return {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname or "localhost",
            "port": parts.port or (465 if parts.scheme == "smtps" else 25),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": parts.scheme == "smtps",
            "use_tls": "starttls=1" in parts.query,
            "timeout": 10,
        },
    }
