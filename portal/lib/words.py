"""Numbers and times as people read them. The only place that rounds, and it rounds for the eye alone."""

import math
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

Number = int | float | Decimal

MINUS = "−"
DASH = "—"
ABSENT = {
    "": DASH,
    "n-a": DASH,
    "no-data": "no data",
    "no-traffic": "no traffic",
    "unknown": "unknown",
    "lasts": "lasts",
    "gone": "gone",
    "never": "never",
    "nobody": "nobody",
}


def absent(value: object) -> str:
    """The word for a thing that has no number: `None` is *no data*; `no-traffic`, `lasts`, `gone` say themselves."""
    if value is None:
        return ABSENT["no-data"]
    key = str(value).strip().lower().replace("_", "-").replace(" ", "-")
    return ABSENT.get(key, str(value))


def is_number(value: object) -> bool:
    """True for what can be drawn as a number: not for a missing, boolean, endless or undefined one."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return math.isfinite(value)


def fixed(value: Number, places: int, *, rounding: str = ROUND_HALF_UP) -> str:
    """`-1234.5` with one place as `−1,234.5`: thousands set apart, a true minus, never a minus before zero."""
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=rounding)
    return f"{abs(exact):,}" if exact == 0 else f"{exact:,}".replace("-", MINUS)


def target_places(target: Number) -> int:
    """How many places a percentage needs beside this goal (0..1): 0.99 → 2, 0.999 → 3, 0.9999 → 4."""
    budget = (1 - Decimal(str(target))) * 100
    if budget <= 0:
        return 3
    return 2 + max(0, math.floor(-math.log10(budget) + 1e-9))


def percent(ratio: Number, *, target: Number | None = None, places: int | None = None) -> str:
    """A ratio (0..1) as the number before the % sign, as precise as `target` needs; never rounded up to that or all."""
    if places is None:
        places = 1 if target is None else target_places(target)
    exact = Decimal(str(ratio)) * 100
    text = fixed(exact, places)
    shown = Decimal(text.replace(",", "").replace(MINUS, "-"))
    limits = (Decimal(100),) if target is None else (Decimal(100), Decimal(str(target)) * 100)
    return fixed(exact, places, rounding=ROUND_FLOOR) if any(exact < limit <= shown for limit in limits) else text


def goal(target: Number) -> str:
    """A goal (0..1) with no more digits than it was given: 0.99 → `99`, 0.9995 → `99.95`."""
    text = f"{(Decimal(str(target)) * 100).normalize():f}"
    return text.replace("-", MINUS)


def burn(rate: Number) -> str:
    """A burn rate before its ×: one place below a hundred, none above."""
    return fixed(rate, 1 if abs(float(rate)) < 100 else 0)


def times(rate: Number | None) -> str | None:
    """A burn rate in a table, as `14.4×`; None stays none."""
    return None if rate is None else f"{burn(rate)}×"


def compact(value: Number) -> str:
    """Axis text: 4,180 → `4.2 k`, 109,200 → `109 k`, 3,000,000 → `3 M`."""
    size = abs(float(value))
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if size >= limit:
            short = fixed(Decimal(str(value)) / limit, 1 if size < 100 * limit else 0)
            return f"{short.removesuffix('.0')} {unit}"
    return fixed(value, 0 if float(value).is_integer() or size >= 100 else 1)


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 team`, `1,204 teams`; `many` for words that don't just take an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clock(seconds: Number) -> str:
    """A countdown: `1:53`, `12:00`, `1:04:09`; `0:00` once it is over."""
    left = max(0, math.ceil(seconds))
    hours, rest = divmod(left, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def moment(at: datetime, *, now: datetime, seconds: bool = False) -> str:
    """`14:02` today, `Wed 16:20` within six days, `13 Nov 08:40` else, with the year when it is another.

    Both must be aware and already in the reader's zone.
    """
    hour = f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
    if at.date() == now.date():
        return hour
    if abs((at.date() - now.date()).days) < 7:
        return f"{at:%a} {hour}"
    return f"{_date(at, now)} {hour}"


def between(start: datetime, end: datetime, *, now: datetime) -> tuple[str, str]:
    """Two moments as a stretch: `Sat 08:00`, `09:30`; both by `moment` from today to in six days, else both by date.

    A weekday alone would leave open which one it is where the stretch is past, or goes on for longer.
    """
    near = all(0 <= (at.date() - now.date()).days < 7 for at in (start, end))
    begins, ends = (moment(at, now=now) if near else f"{_date(at, now)} {at:%H:%M}" for at in (start, end))
    return begins, f"{end:%H:%M}" if start.date() == end.date() else ends


def _date(at: datetime, now: datetime) -> str:
    return f"{at.day} {at:%b}{'' if at.year == now.year else f' {at.year}'}"


def exact_moment(at: datetime) -> str:
    """`Thu 19 Nov 2026, 14:02:04 CET`, for the title of a `<time>`."""
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M:%S %Z}"


def hour(at: datetime) -> str:
    """`14:05 CET`, for what is read apart from a page; aware and already in the reader's zone."""
    return f"{at:%H:%M} {_zone(at)}"


def day_and_hour(at: datetime) -> str:
    """`Thu 26 Nov 14:05 CET`, likewise."""
    return f"{at:%a} {at.day} {at:%b} {hour(at)}"


def stretch(start: datetime, end: datetime) -> str:
    """`Thu 26 Nov 14:05 to 14:20 CET`; both in full where the day or the zone is another. Likewise."""
    if start.date() == end.date() and _zone(start) == _zone(end):
        return f"{start:%a} {start.day} {start:%b} {start:%H:%M} to {hour(end)}"
    return f"{day_and_hour(start)} to {day_and_hour(end)}"


def _zone(at: datetime) -> str:
    """As people call it; `UTC-03` where its clock has no name but a number."""
    name = f"{at:%Z}"
    return name if name[:1].isalpha() else f"UTC{name}"


def ahead(when: datetime, now: datetime) -> str:
    """How far ahead, both in the reader's zone: as `rough`, but by the calendar from two days on.

    On a Friday, Monday is three days ahead at any hour.
    """
    return rough(when - now) if when - now < timedelta(days=2) else f"{(when.date() - now.date()).days} d"


def rough(duration: timedelta) -> str:
    """One or two units, for a glance: `12 s`, `29 min`, `2 h 44 min`, `22 h`, `1 d 6 h`, `18 d`. Cut, not rounded."""
    seconds = int(abs(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 36_000:
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if seconds < 86_400:
        return f"{seconds // 3600} h"
    hours = seconds // 3600 % 24 if seconds < 172_800 else 0
    return f"{seconds // 86_400} d {hours} h" if hours else f"{seconds // 86_400} d"
