"""What a source says of one alert, in one shape for all ways in; and what of foreign texts can be kept. Pure."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FIRING, RESOLVED, ACKNOWLEDGED = "firing", "resolved", "acknowledged"
WORDS = 2_000
"""Characters kept of one text."""

MANY = 100
"""Entries kept of one list or object."""

DEEP = 8
"""Levels kept of what is nested."""

LINKS = 20
KEY = 250


@dataclass(frozen=True, slots=True)
class Signal:
    """One alert as its source tells it; nothing is looked up yet.

    `key` is the source's own name of the trouble. `labels` are what the component, the rule and the group are found
    by. `level` is how loud the source says it is, in its own word. `same` tells copies: two deliveries of one key and
    status with the same `same` are one. `acknowledged_by` is an e-mail address.
    """

    key: str
    status: str = FIRING
    summary: str = ""
    level: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, object] = field(default_factory=dict)
    links: Sequence[Mapping[str, str]] = ()
    same: str = ""
    acknowledged_by: str = ""


def kept_text(value: object, length: int = WORDS) -> str:
    """`value` as a text that a database can keep: NUL and half a surrogate pair become U+FFFD; cut at `length`."""
    if isinstance(value, str):
        text = value
    elif value is None:
        return ""
    elif isinstance(value, bool):
        text = "true" if value else "false"
    else:
        text = str(value)
    text = text[: length + 1].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return text if len(text) <= length else f"{text[: length - 1]}…"


def kept(value: object, depth: int = 0) -> object:
    """`value` as JSON that a database can keep, cut where it is long, wide or deep."""
    match value:
        case bool() | None:
            return value
        case int():
            return (
                value if abs(value) < 10**30 else kept_text(f"{value:.6e}" if abs(value) < 10**300 else "a huge number")
            )
        case float():
            return value if math.isfinite(value) else str(value)
        case dict() | list() if depth >= DEEP:
            return "…"
        case dict():
            return {kept_text(k, 200): kept(v, depth + 1) for k, v in list(value.items())[:MANY]}
        case list():
            return [kept(item, depth + 1) for item in value[:MANY]]
    return kept_text(value)


def kept_labels(value: Mapping[str, object]) -> dict[str, str]:
    """Names and texts; what is nested is no label."""
    plain = ((k, v) for k, v in value.items() if not isinstance(v, dict | list))
    return {kept_text(k, 200): kept_text(v, 500) for k, v in list(plain)[:MANY]}


def link(url: object, title: str) -> Mapping[str, str] | None:
    """A link that a browser may follow; None for anything else."""
    text = kept_text(url).strip()
    return {"url": text, "title": kept_text(title, 100)} if text.startswith(("https://", "http://")) else None


def links(*found: Mapping[str, str] | None) -> list[Mapping[str, str]]:
    """Those that are some, each address once."""
    by_url = {one["url"]: one for one in found if one is not None}
    return list(by_url.values())[:LINKS]


def short_key(text: str) -> str:
    """A key as it is, or where it is long its beginning with a digest of all of it, so that two stay two."""
    text = kept_text(text, 10_000)
    if len(text) <= KEY:
        return text
    return f"{text[: KEY - 33]}#{hashlib.sha256(text.encode()).hexdigest()[:32]}"
