"""PURE: what a client says of a location, whether it came by API, form or as a `kind: Location` document."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

from catalog import rules
from catalog.locations.targets import BadTarget, against, hosts, is_web
from portal.lib import durations
from portal.lib.errors import FieldError, Invalid

TYPES = ("url", "directory")
MOST_TARGETS = 100
LONGEST_TARGET = 2000
NEVER = "0s"
EVERY = "1h"
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(days=30)
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
OURS = frozenset({
    "host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "accept", "accept-encoding",
    "if-none-match", "user-agent", "proxy-authorization", "cookie",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSpec:
    """A location in whole. What is None stays as it is, and is the default in a new one; `auth` always is a secret.

    `every` is a duration (`1h`; `0s`: only when asked), `team` a reference (empty: no team limits it).
    """

    namespace: str
    name: str
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    type: str = "url"
    targets: tuple[str, ...] = ()
    team: str | None = None
    every: str | None = None
    prunes: bool | None = None
    auth_header: str | None = None
    auth: str | None = None

    @property
    def ref(self) -> str:
        """`location:default/platform`."""
        return f"location:{self.namespace}/{self.name}".lower()


def checked_location(spec: LocationSpec) -> LocationSpec:
    """`spec` with a whole team and without doubled targets. Raises Invalid naming every fault at once."""
    errors = [*rules.naming(namespace=spec.namespace, name=spec.name)]
    errors += rules.lengths(
        {"title": 200, "description": 20_000}, {"title": spec.title, "description": spec.description}
    )
    errors += [*rules.tags(spec.tags), *rules.labels(spec.labels), *rules.annotations(spec.annotations)]
    errors += [*_targets(spec), *_every(spec.every), *_auth(spec)]
    errors += [fault for name in ("title", "description") for fault in rules.storable(name, getattr(spec, name))]
    team, faults = rules.reference("team", spec.team or "", kind="group", namespace=spec.namespace)
    errors += faults
    if errors:
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors[:5]), errors=tuple(errors))
    targets = tuple(dict.fromkeys(target.strip() for target in spec.targets))
    return replace(
        spec, targets=targets, tags=tuple(dict.fromkeys(spec.tags)), team=None if spec.team is None else team
    )


def new_hosts(before: tuple[str, ...], after: tuple[str, ...]) -> set[str]:
    """Servers that `after` leads to and `before` did not: a secret that was meant for those is not for these."""
    return hosts(after) - hosts(before)


def _targets(spec: LocationSpec) -> Iterator[FieldError]:
    if spec.type not in TYPES:
        yield FieldError("type", "unknown_type", f"{spec.type!r}: use one of {', '.join(TYPES)}.")
        return
    if not spec.targets:
        yield FieldError("targets", "required", "Name at least one target.")
    if len(spec.targets) > MOST_TARGETS:
        yield FieldError("targets", "too_many", f"Use at most {MOST_TARGETS} targets; make it several locations.")
    for place, target in enumerate(spec.targets[:MOST_TARGETS]):
        if fault := _fault(spec.type, target.strip()):
            yield FieldError(f"targets[{place}]", "invalid_target", fault)


def _fault(type_: str, target: str) -> str:
    if len(target) > LONGEST_TARGET or "\x00" in target:
        return f"A target has at most {LONGEST_TARGET} characters, and no NUL."
    if type_ == "directory":
        inside = target.startswith("/") and ".." not in target.split("/")
        return "" if inside else f"“{target}”: write the absolute path of a directory, without .. in it."
    if not is_web(target):
        return (
            f"“{target}”: write a whole address, beginning with https:// or http://, or read from a directory instead."
        )
    try:
        parts = urlsplit(against(target, base=""))
        _ = parts.port
    except (BadTarget, ValueError) as error:
        return f"{str(error).rstrip('.')}."
    if parts.username is not None or parts.password is not None:
        return "The address holds a user name or a password; put what signs in into the header instead."
    if not parts.hostname or any(ord(character) <= 32 or ord(character) == 127 for character in target):
        return f"{target!r} is no address."
    return ""


def _every(text: str | None) -> Iterator[FieldError]:
    if text is None:
        return
    try:
        every = durations.parse(text)
    except (durations.BadDuration, OverflowError) as error:
        yield FieldError("every", "invalid_duration", f"{error}.")
        return
    if every and not SHORTEST <= every <= LONGEST:
        yield FieldError("every", "out_of_range", "Use 30s to 30d, or 0s to read it only when asked.")


def _auth(spec: LocationSpec) -> Iterator[FieldError]:
    header, value = spec.auth_header, spec.auth
    if header and (not HEADER.fullmatch(header) or header.lower() in OURS):
        yield FieldError("auth_header", "invalid_header", f"{header!r}: use a header such as Authorization.")
    if value is not None and (len(value) > 4000 or any(not " " <= character <= "~" for character in value)):
        yield FieldError("auth", "invalid_value", "Use at most 4000 printable ASCII characters, without line breaks.")
    if value and header == "":
        yield FieldError("auth_header", "required", "Say in which header it is sent, such as Authorization.")
    if (header or value) and spec.type == "directory":
        yield FieldError("auth_header", "not_for_directories", "A directory needs no header; leave it out.")
