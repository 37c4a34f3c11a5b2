"""What people fill in for each way out: readable fields, and what becomes of them. One file of `services` each.

Pure but for the guard's setting: no database, no network. What is secret ends up in `Filled.secret`, which is kept
sealed and never shown again; `Filled.address` is what people see in lists, and tells one method from another.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from portal.lib import addresses, conf
from portal.lib.errors import FieldError, Invalid

LONGEST = 500
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. `secret` ones are not shown again."""

    name: str
    label: str
    help: str = ""
    example: str = ""
    initial: str = ""
    secret: bool = False
    required: bool = True
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Filled:
    """A contact method as it is kept. `shown_once` is a secret made here, which its owner must be told."""

    address: str
    secret: str = ""
    shown_once: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """One way out as people choose it: how it is called, what to fill in, and `fill`, which raises Invalid."""

    channel: str
    title: str
    icon: str
    about: str
    fields: tuple[Field, ...]
    fill: Callable[[Mapping[str, str]], Filled]
    by_code: str = "A code is sent there."

    @property
    def sealed(self) -> bool:
        """Whether any of it is secret."""
        return any(field.secret for field in self.fields)


ways: dict[str, Way] = {}
"""By channel, in the order in which they are offered."""


def register(way: Way) -> None:
    """Offer a way out to people; its channel is registered beside it."""
    ways[way.channel] = way


def filled(channel: str, given: Mapping[str, str]) -> Filled:
    """What somebody filled in, looked at. Raises Invalid with a fault at each field."""
    way = ways.get(channel)
    if way is None:
        raise wrong("channel", f"There is no channel {channel!r}; there are {', '.join(ways)}.")
    faults = [
        FieldError(name, "unknown", f"{way.title} has no field {name!r}.")
        for name in given
        if name not in {field.name for field in way.fields}
    ]
    said = {field.name: given.get(field.name, "").strip() or field.initial for field in way.fields}
    for field in way.fields:
        faults += _faults(field, said[field.name])
    if faults:
        raise Invalid("; ".join(fault.message for fault in faults), errors=tuple(faults))
    return way.fill(said)


def wrong(field: str, message: str) -> Invalid:
    """One fault at one field."""
    return Invalid(message, errors=(FieldError(field, "invalid", message),))


def matched(pattern: str, text: str, field: str, message: str) -> re.Match[str]:
    """`text` as a whole. Raises Invalid."""
    found = re.fullmatch(pattern, text)
    if found is None:
        raise wrong(field, message)
    return found


def web_address(text: str, field: str, *, https: bool = False) -> SplitResult:
    """An http(s) address that may be reached, as far as can be told without asking the network. Raises Invalid."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise wrong(field, "This is not a web address; copy it whole.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong(field, "Write a whole web address that begins with https://.")
    if https and parts.scheme != "https":
        raise wrong(field, "This address must begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise wrong(field, "Leave name and password out of the address.")
    refuse_private(parts.hostname, field)
    return parts


def refuse_private(host: str, field: str) -> None:
    """Raise Invalid for a host that is plainly private. Names are looked at again whenever something is sent."""
    literal = "127.0.0.1" if host.lower().rstrip(".") == "localhost" else host
    try:
        address = addresses.read(literal)
    except ValueError:
        return
    refusal = conf.allowed_addresses().refusal(address, host=host)
    if refusal:
        raise wrong(field, f"{refusal}.")


def _faults(field: Field, value: str) -> list[FieldError]:
    if field.required and not value:
        return [FieldError(field.name, "required", f"{field.label} is missing.")]
    if len(value) > LONGEST:
        return [FieldError(field.name, "too-long", f"{field.label}: at most {LONGEST} characters.")]
    if CONTROL.search(value):
        return [FieldError(field.name, "invalid", f"{field.label}: on one line, without control characters.")]
    return []
