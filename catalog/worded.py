"""One side of a recorded difference in words: never the structure in which it was kept."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from portal.lib.moments import far

type Names = Mapping[str, str]
NAMELESS: Names = {}
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


def in_words(value: object, names: Names = NAMELESS) -> str:
    """`value` as one line: a member as `Ada Okafor (lead)`, a rotation as `every week on Monday at 09:00: Linh, Ben`.

    References are what `names` call them, or lose what everybody knows (`user:default/ada` is `ada`); moments are told
    in the reader's zone. The empty text stands for an empty list or object, a title for a record that has one.
    """
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(in_words(item, names) for item in value)
        case Mapping():
            return _record(value, names)
        case str():
            return _moment(value) or names.get(value) or _short(value)
        case None:
            return "nothing"
    return str(value)


def line_by_line(value: object, names: Names = NAMELESS) -> str:
    """As `in_words`, an item of a list or an entry of an object on each line; a text stays as it is.

    A record that has a title is told in whole.
    """
    match value:
        case str():
            return value
        case list() | tuple():
            return "\n".join(_in_whole(item, names) for item in value)
        case Mapping():
            return "\n".join(f"{_key(key)}: {_of_key(key, item, names)}" for key, item in value.items())
    return in_words(value, names)


def refs_in(value: object) -> Iterator[str]:
    """Every reference in it, however deep."""
    match value:
        case str():
            if REFERENCE.fullmatch(value):
                yield value
        case list() | tuple():
            for item in value:
                yield from refs_in(item)
        case Mapping():
            for item in value.values():
                yield from refs_in(item)


def _record(value: Mapping[str, object], names: Names) -> str:
    match value:
        case {"person": person, "role": role, **rest} if not rest:
            return in_words(person, names) if role == "member" else f"{in_words(person, names)} ({role})"
        case {"people": list(people), "every": str(every), "handoff": handoff, "weekday": day, "from": since, **rest}:
            more = f"; {_entries(rest, names)}" if rest else ""
            return f"{_turns(every, day, handoff)} from {_day(since)}: {in_words(people, names)}{more}"
        case {"every": "week" | "month" as every, "weekday": int(day), "at": at, "time_zone": zone} if 0 <= day < 7:
            often = "every week on" if every == "week" else "every month on its first"
            return f"{often} {WEEKDAYS[day]} at {at}, {zone}"
        case {"url": url, **rest}:
            return f"{rest['title']} ({url})" if rest.get("title") else str(url)
        case {"title": str(title), "name": _} if title:
            return title
    return _entries(value, names)


def _in_whole(value: object, names: Names) -> str:
    match value:
        case {"title": str(title), "name": _, **rest} if title:
            return f"{title}: {_entries(rest, names)}"
    return in_words(value, names)


def _entries(value: Mapping[Any, object], names: Names) -> str:
    return ", ".join(f"{_key(key)} {_of_key(key, item, names)}" for key, item in value.items())


def _turns(every: str, day: object, handoff: object) -> str:
    """`1 week` as `every week on Monday at 09:00`, by the clock of the schedule."""
    length, _, unit = every.partition(" ")
    often = f"every {unit}" if length == "1" else f"every {length} {unit}s"
    if unit == "hour":
        return often
    on = f" on {WEEKDAYS[day]}" if unit == "week" and isinstance(day, int) and day in range(7) else ""
    return f"{often}{on} at {handoff}"


def _day(since: object) -> str:
    return re.sub(r" \d\d:\d\d$", "", in_words(since))


def _key(key: object) -> str:
    return KEYS.get(str(key), str(key))


def _of_key(key: object, value: object, names: Names) -> str:
    if key == "weekday" and isinstance(value, int) and value in range(7):
        return WEEKDAYS[value]
    return in_words(value, names)


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
