"""PURE: stretches of a schedule as bars on a time axis, in per cent of its width, for SVG without a view box."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from incidents.oncall.rotation import Shift, Stretch
from incidents.oncall.wallclock import instant_on

TINTS = ("", "b", "c")
NARROWEST = 760
"""Pixels of a lane where it is narrowest: what fits there fits everywhere."""
PADDING, LETTER = 16, 7


@dataclass(frozen=True, slots=True)
class Tick:
    """The beginning of a day."""

    x: str
    text: str
    today: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """`[start, end)` from left to right, days ticked in `zone`; `now_x` is None when now is elsewhere."""

    start: datetime
    end: datetime
    zone: str
    ticks: tuple[Tick, ...]
    now_x: str | None
    now_text: str

    @property
    def now_anchor(self) -> str:
        """How the word beside now is set, so that it stays inside at either edge."""
        place = float((self.now_x or "50%").rstrip("%"))
        return "start" if place < 5 else "end" if place > 95 else "middle"

    def share(self, at: datetime) -> float:
        """Where `at` lies, 0 is the left edge and 1 the right one."""
        return (at - self.start) / (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch: a shift (`css` shift, b, c, over) or a hole; `title` is the whole of it in words."""

    x: str
    width: str
    css: str
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of a rota. `label` speaks for the drawing; `sub` is a row below its schedule's own."""

    title: str
    url: str
    bars: tuple[Bar, ...]
    label: str
    sub: bool

    @property
    def height(self) -> int:
        """Of the row, in pixels."""
        return 26 if self.sub else 30

    @property
    def bar_height(self) -> int:
        """Of a bar, with four pixels above and below it."""
        return self.height - 8

    @property
    def text_y(self) -> int:
        """The base line of the names."""
        return self.height // 2 + 4


def axis(first_day: date, days: int, *, now: datetime, zone: str) -> Axis:
    """`days` whole days of `zone` from `first_day` on; days of 23 and 25 hours are as long as they are."""
    start, end = instant_on(first_day, time(0), zone), instant_on(first_day + timedelta(days), time(0), zone)
    bare = Axis(start, end, zone, (), None, "")
    local_now = now.astimezone(ZoneInfo(zone))
    ticks = tuple(
        Tick(
            per_cent(bare.share(instant_on(day, time(0), zone))),
            f"{day:%a} {day.day}" if days <= 14 else str(day.day),
            day == local_now.date(),
        )
        for day in (first_day + timedelta(offset) for offset in range(days))
    )
    now_x = per_cent(bare.share(now)) if start <= now < end else None
    return Axis(start, end, zone, ticks, now_x, f"now {local_now:%H:%M}")


def lane(
    title: str,
    stretches: Sequence[Stretch],
    on: Axis,
    *,
    names: Mapping[str, str],
    tints: Mapping[str, str],
    url: str = "",
    sub: bool = False,
    holes: bool = True,
    since: datetime | None = None,
) -> Lane:
    """A row with a bar for every stretch; without `holes` the gaps stay empty (a single layer may have them).

    What lies before `since`, when there was no schedule yet, is no gap and stays empty, too.
    """
    told = stretches if since is None else list(_from(stretches, since))
    shown = [stretch for stretch in told if holes or isinstance(stretch, Shift)]
    bars = tuple(_bar(stretch, on, names, tints) for stretch in shown)
    said = "; ".join(bar.title for bar in bars) or "nobody"
    return Lane(title, url, bars, said, sub)


def away(name: str, spans: Iterable[tuple[datetime, datetime]], on: Axis) -> Lane:
    """A row that says when somebody is absent; it has nothing to do with who is on call."""
    bars = tuple(_absent(name, max(start, on.start), min(end, on.end), on) for start, end in spans)
    return Lane(f"{name} away", "", bars, "; ".join(bar.title for bar in bars), sub=True)


def _absent(name: str, start: datetime, end: datetime, on: Axis) -> Bar:
    width = on.share(end) - on.share(start)
    title = f"{name} is away, {_period(start, end, ZoneInfo(on.zone))}"
    return Bar(per_cent(on.share(start)), per_cent(width), "away", _fitting(["away"], width), title)


def tints_of(stretches: Iterable[Stretch]) -> dict[str, str]:
    """Three soft tints that only tell people apart, in the order in which they come."""
    people = dict.fromkeys(stretch.person for stretch in stretches if isinstance(stretch, Shift))
    return {person: TINTS[index % len(TINTS)] for index, person in enumerate(people)}


def per_cent(share: float) -> str:
    """For an SVG attribute."""
    return f"{share * 100:.3f}%"


def _from(stretches: Iterable[Stretch], since: datetime) -> Iterator[Stretch]:
    for one in stretches:
        if isinstance(one, Shift) or one.override is not None or (one.start is not None and one.start >= since):
            yield one
        elif one.end is None or one.end > since:
            yield replace(one, start=since)


def _bar(stretch: Stretch, on: Axis, names: Mapping[str, str], tints: Mapping[str, str]) -> Bar:
    start, end = max(stretch.start or on.start, on.start), min(stretch.end or on.end, on.end)
    width = on.share(end) - on.share(start)
    place = per_cent(on.share(start)), per_cent(width)
    period = _period(start, end, ZoneInfo(on.zone))
    if not isinstance(stretch, Shift):
        return Bar(*place, "hole", _fitting(["nobody", "gap"], width), f"nobody, {period}")
    name = names.get(stretch.person, stretch.person)
    css = "shift over" if stretch.override is not None else f"shift {tints.get(stretch.person, '')}".strip()
    return Bar(*place, css, _fitting([name, name.split()[0], _initials(name)], width), f"{name}, {period}")


def _fitting(texts: Sequence[str], width: float) -> str:
    return next((text for text in texts if PADDING + LETTER * len(text) <= width * NARROWEST), "")


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split())[:2].upper()


def _period(start: datetime, end: datetime, tz: ZoneInfo) -> str:
    first, last = start.astimezone(tz), end.astimezone(tz)
    return f"{first:%a} {first.day} {first:%b %H:%M} to {last:%a} {last.day} {last:%b %H:%M}"
