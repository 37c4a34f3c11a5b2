"""One side of a recorded difference in words: never the structure in which it was kept."""

import re
from collections.abc import Mapping
from datetime import datetime

from django.utils.timezone import localtime

from portal.lib.moments import far

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KEYS = {
    "min_bad": "at least bad",
    "min_events": "at least events",
    "starts_at": "from",
    "ends_at": "until",
    "time_zone": "time zone",
}
"""Keys of structures that don't read as words. All others stand as they are: the key of a label is its name."""
REFERENCE = re.compile(r"(?:user|group|component|resource|api|system|domain):([^\s/]+)/(\S+)")


def in_words(value: object) -> str:
    """`value` as one line: a member as `ada (lead)`, a rotation as `every 1 week, people linh, ben`.

    References lose what everybody knows (`user:default/ada` is `ada`); moments are told in the
    reader's zone. The empty text stands for an empty list or object.
    """
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(in_words(item) for item in value)
        case {"person": person, "role": role, **rest} if not rest:
            return in_words(person) if role == "member" else f"{in_words(person)} ({role})"
        case {"every": "week" | "month" as every, "weekday": int(day), "at": at, "time_zone": zone} if 0 <= day < 7:
            often = "every week on" if every == "week" else "every month on its first"
            return f"{often} {WEEKDAYS[day]} at {at}, {zone}"
        case {"url": url, **rest}:
            return f"{rest['title']} ({url})" if rest.get("title") else str(url)
        case Mapping():
            return ", ".join(f"{_key(key)} {_of_key(key, item)}" for key, item in value.items())
        case str():
            return _moment(value) or _short(value)
        case None:
            return "nothing"
    return str(value)


def line_by_line(value: object) -> str:
    """As `in_words`, an item of a list or an entry of an object on each line; a text stays as it is."""
    match value:
        case str():
            return value
        case list() | tuple():
            return "\n".join(in_words(item) for item in value)
        case Mapping():
            return "\n".join(f"{_key(key)}: {_of_key(key, item)}" for key, item in value.items())
    return in_words(value)


def _key(key: object) -> str:
    return KEYS.get(str(key), str(key))


def _of_key(key: object, value: object) -> str:
    if key == "weekday" and isinstance(value, int) and value in range(7):
        return WEEKDAYS[value]
    return in_words(value)


def _short(text: str) -> str:
    found = REFERENCE.fullmatch(text)
    if found is None:
        return text
    namespace, name = found.groups()
    return name if namespace == "default" else f"{namespace}/{name}"


def _moment(text: str) -> str:
    """A moment as people write it; empty for other texts, a bare date among them."""
    if "T" not in text and " " not in text:
        return ""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return "" if at.tzinfo is None or far(at) else f"{localtime(at):%-d %b %Y %H:%M}"
