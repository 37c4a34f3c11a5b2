"""PURE: how a schedule's burden is shared: hours, nights and weekends of each person, beside an even share of them.

A night is 22:00 to 07:00 and a weekend Saturday and Sunday, both by the person's own clock, for that is who is woken.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import pairwise

from incidents.oncall.rotation import Schedule, shifts
from incidents.oncall.wallclock import ONE_DAY, Window, local_date

NIGHT = Window(time(22), time(7))
WEEKEND = Window(time(0), time(0), frozenset({5, 6}))
NONE = timedelta(0)
TOO_MUCH = 1.25
"""Times an even share beyond which somebody has too much …"""
AT_LEAST = timedelta(hours=12)
"""… where it is at least so much more."""


@dataclass(frozen=True, slots=True)
class Load:
    """Time on call, and the parts of it at night and at weekends; a weekend's night counts as both."""

    all: timedelta = NONE
    nights: timedelta = NONE
    weekends: timedelta = NONE

    def __add__(self, other: "Load") -> "Load":
        return Load(self.all + other.all, self.nights + other.nights, self.weekends + other.weekends)

    def __truediv__(self, people: int) -> "Load":
        return Load(self.all / people, self.nights / people, self.weekends / people)


@dataclass(frozen=True, slots=True)
class Share:
    """What `person` has, in how many `turns`, and an `even` share of it: none for who is not in the rotation."""

    person: str
    has: Load
    even: Load
    turns: int
    when: tuple[tuple[datetime, datetime], ...] = field(default=(), repr=False)

    @property
    def too_much(self) -> frozenset[str]:
        """Of what it is more than 1.25 times an even share, and at least 12 hours more: all, nights, weekends."""
        pairs = {
            "all": (self.has.all, self.even.all),
            "nights": (self.has.nights, self.even.nights),
            "weekends": (self.has.weekends, self.even.weekends),
        }
        return frozenset(name for name, (has, even) in pairs.items() if even and _unfair(has, even))

    @property
    def in_rotation(self) -> bool:
        """Whether a layer names them at any time of it."""
        return self.even.all > NONE


def shares(schedule: Schedule, start: datetime, end: datetime, *, zones: Mapping[str, str]) -> list[Share]:
    """Everybody who has it at any time of `[start, end)`, or whom a layer names then; the most hours first.

    An even share is each stretch of time divided by those whom the layers name in it, so that whoever joined or left
    in between counts for their time only. `zones` are people's clocks; the schedule's for who is not in it.
    """
    found = shifts(schedule, start, end)
    when: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    has: dict[str, Load] = defaultdict(Load)
    even: dict[str, Load] = defaultdict(Load)
    parts = list(_parts(schedule, start, end))
    for shift in found:
        if shift.start is None or shift.end is None:
            continue
        mine = when[shift.person]
        if mine and mine[-1][1] == shift.start:
            mine[-1] = (mine[-1][0], shift.end)
        else:
            mine.append((shift.start, shift.end))
        zone = zones.get(shift.person, schedule.zone)
        has[shift.person] += load(shift.start, shift.end, zone)
        for since, until, people in parts:
            first, last = max(since, shift.start), min(until, shift.end)
            if first < last and people:
                each = load(first, last, zone) / len(people)
                for person in people:
                    even[person] += each
    everybody = {*has, *even}
    told = [Share(one, has[one], even[one], len(when[one]), tuple(when[one])) for one in everybody]
    return sorted(told, key=lambda share: (-share.has.all, share.person))


def load(start: datetime, end: datetime, zone: str) -> Load:
    """Of one stretch, by the clock of `zone`."""
    return Load(end - start, _within(NIGHT, start, end, zone), _within(WEEKEND, start, end, zone))


def _unfair(has: timedelta, even: timedelta) -> bool:
    return has > even * TOO_MUCH and has - even >= AT_LEAST


def _within(window: Window, start: datetime, end: datetime, zone: str) -> timedelta:
    day, last, found = local_date(start, zone) - ONE_DAY, local_date(end, zone), NONE
    while day <= last:
        span = window.on(day, zone)
        if span is not None:
            found += max(NONE, min(end, span[1]) - max(start, span[0]))
        day += ONE_DAY
    return found


def _parts(schedule: Schedule, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, frozenset[str]]]:
    """Stretches within which the layers name the same people."""
    edges = {start, end}
    for layer in schedule.layers:
        edges |= {edge for edge in (layer.opens, layer.end) if edge is not None and start < edge < end}
    for since, until in pairwise(sorted(edges)):
        people: Sequence[str] = [
            person
            for layer in schedule.layers
            if layer.opens <= since and (layer.end is None or layer.end > since)
            for person in layer.people
        ]
        yield since, until, frozenset(people)
