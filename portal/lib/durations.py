"""Durations as people and Prometheus write them (`5m`, `1h30m`, `30d`), and as people read them (`2 h 44 min`)."""

import re
from datetime import timedelta

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
PART = re.compile(r"(\d+)(ms|s|m|h|d|w)")
LONGEST = 100
SAID = {
    name: unit
    for unit, names in {
        "s": "sec secs second seconds",
        "m": "min mins minute minutes",
        "h": "hr hrs hour hours",
        "d": "day days",
        "w": "week weeks",
    }.items()
    for name in (unit, *names.split())
}
SPOKEN = re.compile(rf"(\d+)\s*({'|'.join(sorted(SAID, key=len, reverse=True))})(?![^\W\d_])", re.IGNORECASE)
BETWEEN = re.compile(r"\s|,|\band\b")


class BadDuration(ValueError):
    """The text is not a duration such as `30s`, `5m` or `1h30m`."""


def parse(text: str) -> timedelta:
    """`1h30m` as a timedelta; units ms, s, m (minutes), h, d, w, largest first is usual but not needed."""
    text = text.strip()
    parts = PART.findall(text) if len(text) <= LONGEST else []  # digits without a unit are looked at again and again
    if not parts or "".join(n + u for n, u in parts) != text.strip():
        raise BadDuration(f"{text[:LONGEST]!r} is not a duration; write for example 30s, 5m, 1h30m or 30d")
    try:
        return timedelta(seconds=sum(int(n) * UNITS[u] for n, u in parts))
    except OverflowError as error:
        raise BadDuration(f"{text!r} is longer than can be reckoned with") from error


def spoken(text: str) -> timedelta:
    """What people write into a form: `10 minutes`, `1 hour and 30 min`, `90 s`, and all that `parse` reads."""
    said = SPOKEN.findall(text) if len(text) <= LONGEST else []
    rest = BETWEEN.sub("", SPOKEN.sub("", text))
    if not said or rest:
        return parse(text)  # which says what is wrong with it
    return parse("".join(count + SAID[unit.lower()] for count, unit in said))


def plain(text: str) -> str:
    """The same as `parse` reads it; what is no duration stays as it is, for whoever reads it to refuse."""
    try:
        return render(spoken(text))
    except BadDuration:
        return text


def render(duration: timedelta) -> str:
    """The shortest text that `parse` reads back: 5400 s is `1h30m`; whole milliseconds, not negative."""
    rest = round(duration.total_seconds() * 1000)
    if rest < 0:
        raise BadDuration("a negative duration can't be written")
    out = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        out += f"{count}{unit}" if count else ""
    return out or "0s"


def words(duration: timedelta) -> str:
    """For people, two units at the most, cut rather than rounded up: `29 min`, `2 h 44 min`, `3 min 27 s`, `22 d`."""
    seconds = int(abs(duration.total_seconds()))
    sizes = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    for place, (unit, size) in enumerate(sizes):
        if seconds < size and unit != "s":
            continue
        count, rest = divmod(seconds, size)
        smaller = sizes[place + 1] if place + 1 < len(sizes) else None
        if smaller is None or count >= 10 or rest // smaller[1] == 0:
            return f"{count} {unit}"
        return f"{count} {unit} {rest // smaller[1]} {smaller[0]}"
    return "0 s"


def short(seconds: float) -> str:
    """How long an answer took: `2 ms`, `1.2 s`, and from ten seconds on as `words`."""
    if seconds < 1:
        return f"{max(round(seconds * 1000), 1)} ms"
    return f"{seconds:.1f} s" if seconds < 10 else words(timedelta(seconds=seconds))
