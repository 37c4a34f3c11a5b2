"""PURE: OpenSLO's durations: a whole number and one letter, where `m` is minutes and `M` months."""

import re
from datetime import timedelta
from fractions import Fraction

PATTERN = re.compile(r"([1-9][0-9]{0,5})([mhdwMQY])")
FIXED = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(days=7),
}
ROLLING = {"M": timedelta(days=30), "Q": timedelta(days=90), "Y": timedelta(days=365)}
"""What a calendar's units are where nothing begins with a date."""
HELP = "write a number and one of m (minutes), h, d, w, M (months), Q, Y, such as 30d or 1M"


class BadShorthand(ValueError):
    """The text is no such duration; the message says what to write."""


def cut(text: str) -> tuple[int, str]:
    """`4w` as (4, "w"). Raises BadShorthand."""
    found = PATTERN.fullmatch(text)
    if found is None:
        raise BadShorthand(f"{text!r}: {HELP}")
    return int(found[1]), found[2]


def length(text: str) -> timedelta:
    """How long it is, a month taken as 30 days, a quarter as 90 and a year as 365. Raises BadShorthand."""
    count, unit = cut(text)
    return count * (FIXED | ROLLING)[unit]


def spoken(duration: timedelta) -> str:
    """The shortest such text for whole minutes: `1h`, `90m`, `30d`."""
    for unit in ("d", "h", "m"):
        count = Fraction(duration // timedelta(seconds=1), FIXED[unit] // timedelta(seconds=1))
        if count.denominator == 1:
            return f"{count.numerator}{unit}"
    raise BadShorthand(f"{duration} is not whole minutes")
