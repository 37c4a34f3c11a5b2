"""Who is on call at t: in closed form, for any moment, without stepping from the start and without a clock.

A `Schedule` is a pile of layers, later ones above earlier ones, with overrides above all. Each `Layer` is one rotation
of people; a changed rotation is a further layer that starts where the earlier version ends, so that "who was on call
then" stays answerable. People are opaque keys. All moments are aware and periods half-open, `[start, end)`.

Daily and weekly handoffs keep wall-clock time across summer time, hourly ones keep elapsed
time; a handoff in the spring gap happens at the first minute that exists, one in the autumn overlap at the first of
the two; restrictions are local-clock windows under the same two rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from incidents.oncall.wallclock import EVERY_DAY, ONE_DAY, Window, instant_on, local_date, opening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

__all__ = [
    "EVERY_DAY",
    "Gap",
    "Handoff",
    "Layer",
    "Override",
    "Schedule",
    "Shift",
    "Unit",
    "Window",
    "gaps",
    "layer_shifts",
    "next_handoff",
    "on_call",
    "shifts",
    "stretches",
]

LOOK_AHEAD = timedelta(days=366)


class Unit(StrEnum):
    """What a rotation counts in."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


class _Rhythm(Protocol):
    """Turns numbered by whole numbers: which turn a moment is in, and when a turn begins."""

    def turn_at(self, at: datetime) -> int: ...

    def begin(self, turn: int) -> datetime: ...


@dataclass(frozen=True, slots=True)
class _WallClockRhythm:
    first_day: date
    days: int
    handoff: time
    zone: str

    def turn_at(self, at: datetime) -> int:
        turn = (local_date(at, self.zone) - self.first_day).days // self.days
        while self.begin(turn) > at:  # before the handoff of that day; at most twice, over a date line
            turn -= 1
        while self.begin(turn + 1) <= at:
            turn += 1
        return turn

    def begin(self, turn: int) -> datetime:
        return instant_on(self.first_day + timedelta(days=turn * self.days), self.handoff, self.zone)


@dataclass(frozen=True, slots=True)
class _ElapsedRhythm:
    first: datetime
    length: timedelta

    def turn_at(self, at: datetime) -> int:
        return (at - self.first) // self.length

    def begin(self, turn: int) -> datetime:
        return self.first + turn * self.length


@dataclass(frozen=True, slots=True)
class Layer:
    """One rotation: `people` take turns of `length` units, handing over at `handoff` by the clock of `zone`.

    The first of `people` has it from `start` until the first handoff after a whole turn, counted from the last possible
    handoff at or before `start`: a weekly rotation that starts on a Wednesday and hands over on Mondays (`weekday`,
    Monday is 0) has a short first turn. Hourly turns are counted in elapsed hours from that same moment.
    With `restrictions` the layer has somebody only while one of them is open; with `since` only from then on, while
    turns count from `start` all the same (a layer that was moved carries on in its turn). Raises ValueError, naming the
    field.
    """

    name: str
    people: tuple[str, ...]
    unit: Unit
    start: datetime
    zone: str
    length: int = 1
    handoff: time = time(9)
    weekday: int = 0
    end: datetime | None = None
    restrictions: tuple[Window, ...] = ()
    since: datetime | None = None
    _rhythm: _Rhythm = field(init=False, repr=False, compare=False)
    _first_turn: int = field(init=False, repr=False, compare=False)
    _steady: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._refuse_nonsense()
        object.__setattr__(self, "_rhythm", self._find_rhythm())
        object.__setattr__(self, "_first_turn", self._rhythm.turn_at(self.start))
        object.__setattr__(self, "_steady", len(set(self.people)) == 1)

    @property
    def opens(self) -> datetime:
        """From when on it has anybody."""
        return self.start if self.since is None else max(self.start, self.since)

    def person_in_turn(self, turn: int) -> str:
        """Whose turn it is, by the number of the turn."""
        return self.people[(turn - self._first_turn) % len(self.people)]

    def _refuse_nonsense(self) -> None:
        if self.length < 1:
            raise ValueError("length: a turn lasts at least one unit")
        if not 0 <= self.weekday <= 6:
            raise ValueError("weekday: Monday is 0, Sunday is 6")
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise ValueError("start, end: a time zone is missing")
        if self.end is not None and self.end < self.start:
            raise ValueError("end: it ends before it starts")
        ZoneInfo(self.zone)  # raises ZoneInfoNotFoundError, a KeyError, naming the zone

    def _find_rhythm(self) -> _Rhythm:
        first_day = self._last_handoff_day()
        if self.unit is Unit.HOUR:
            return _ElapsedRhythm(instant_on(first_day, self.handoff, self.zone), timedelta(hours=self.length))
        days = self.length * (7 if self.unit is Unit.WEEK else 1)
        return _WallClockRhythm(first_day, days, self.handoff, self.zone)

    def _last_handoff_day(self) -> date:
        day = local_date(self.start, self.zone) + ONE_DAY
        while instant_on(day, self.handoff, self.zone) > self.start or not self._may_hand_over_on(day):
            day -= ONE_DAY
        return day

    def _may_hand_over_on(self, day: date) -> bool:
        return self.unit is not Unit.WEEK or day.weekday() == self.weekday


@dataclass(frozen=True, slots=True)
class Override:
    """`person`, or with None deliberately nobody, is on call from `start` to `end`, whatever the layers say."""

    person: str | None
    start: datetime
    end: datetime
    key: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Layers from bottom to top, and overrides above all (a later override above an earlier one)."""

    zone: str
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """`person` is on call in `[start, end)`, by the layer of that name or by the override of that key.

    A missing bound means without beginning or end.
    """

    person: str
    start: datetime | None
    end: datetime | None
    layer: str | None = None
    override: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is on call in `[start, end)`; with `override` somebody decided so. A missing bound is without end."""

    start: datetime | None
    end: datetime | None
    override: str | None = None


Stretch = Shift | Gap


@dataclass(frozen=True, slots=True)
class Handoff:
    """At `at` the pager passes from `giver` to `taker`; None is nobody."""

    at: datetime
    giver: str | None
    taker: str | None


def on_call(schedule: Schedule, at: datetime) -> Stretch:
    """Who is on call at `at`, and the stretch around it that one layer or one override decides.

    Neighbouring stretches may have the same person; `next_handoff` and `stretches` join them.
    """
    start, end = _between_overrides(schedule.overrides, at)
    for override in reversed(schedule.overrides):
        if override.start <= at < override.end:
            return _overridden(override, *_below_later_overrides(schedule.overrides, override, at))
    for layer in reversed(schedule.layers):
        found = layer_on_call(layer, at)
        start, end = _latest(start, found.start), _earliest(end, found.end)
        if isinstance(found, Shift):
            return replace(found, start=start, end=end)
    return Gap(start, end)


def layer_on_call(layer: Layer, at: datetime) -> Stretch:
    """Whom one layer names at `at`: one turn of one person, or the stretch for which it names nobody."""
    if not layer.people:
        return Gap(None, None)
    if at < layer.opens:
        return Gap(None, layer.opens)
    if layer.end is not None and at >= layer.end:
        return Gap(layer.end, None)
    if layer.restrictions:
        return _restricted(layer, at)
    return _turn(layer, at)


def stretches(schedule: Schedule, start: datetime, end: datetime) -> list[Stretch]:
    """The final schedule of `[start, end)` without a hole: shifts and gaps in order, clipped to the period.

    Neighbours with the same person and the same layer or override are one.
    """
    return _joined(_clipped(_walk(schedule, start, end), start, end))


def shifts(schedule: Schedule, start: datetime, end: datetime) -> list[Shift]:
    """The final schedule of `[start, end)`: who has it, in order, clipped; gaps are left out."""
    return [stretch for stretch in stretches(schedule, start, end) if isinstance(stretch, Shift)]


def gaps(schedule: Schedule, start: datetime, end: datetime) -> list[Gap]:
    """When nobody is on call in `[start, end)`, in order, clipped; touching gaps are one."""
    return [stretch for stretch in stretches(schedule, start, end) if isinstance(stretch, Gap)]


def layer_shifts(layer: Layer, start: datetime, end: datetime) -> list[Shift]:
    """What one layer alone says for `[start, end)`, clipped; neighbours of one person are one."""
    return shifts(Schedule(layer.zone, (layer,)), start, end)


def next_handoff(schedule: Schedule, at: datetime, *, within: timedelta = LOOK_AHEAD) -> Handoff | None:
    """The first moment after `at` at which somebody else, or nobody, is on call; None when there is none `within`."""
    giver = _person(on_call(schedule, at))
    for stretch in _walk(schedule, at, at + within):
        if stretch.start is not None and _person(stretch) != giver:
            return Handoff(stretch.start, giver, _person(stretch))
    return None


def _person(stretch: Stretch) -> str | None:
    return stretch.person if isinstance(stretch, Shift) else None


def _turn(layer: Layer, at: datetime) -> Shift:
    if layer._steady:
        return Shift(layer.people[0], layer.opens, layer.end, layer.name)
    turn = layer._rhythm.turn_at(at)
    begin, finish = layer._rhythm.begin(turn), layer._rhythm.begin(turn + 1)
    return Shift(layer.person_in_turn(turn), max(begin, layer.opens), _earliest(finish, layer.end), layer.name)


def _restricted(layer: Layer, at: datetime) -> Stretch:
    window = opening(layer.restrictions, at, layer.zone)
    if not window.is_open:
        return Gap(_latest(window.start, layer.opens), _earliest(window.end, layer.end))
    turn = _turn(layer, at)
    return replace(turn, start=_latest(window.start, turn.start), end=_earliest(window.end, turn.end))


def _between_overrides(overrides: tuple[Override, ...], at: datetime) -> tuple[datetime | None, datetime | None]:
    """The stretch around `at` in which no override begins or ends."""
    edges = [edge for override in overrides for edge in (override.start, override.end)]
    return max((e for e in edges if e <= at), default=None), min((e for e in edges if e > at), default=None)


def _below_later_overrides(
    overrides: tuple[Override, ...], override: Override, at: datetime
) -> tuple[datetime, datetime]:
    """The part of `override` around `at` that no later override covers."""
    above = overrides[overrides.index(override) + 1 :]
    start, end = _between_overrides(above, at)
    return max(override.start, start or override.start), min(override.end, end or override.end)


def _overridden(override: Override, start: datetime, end: datetime) -> Stretch:
    if override.person is None:
        return Gap(start, end, override=override.key)
    return Shift(override.person, start, end, override=override.key)


def _walk(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Stretch]:
    at: datetime | None = start
    while at is not None and at < end:
        stretch = on_call(schedule, at)
        yield stretch
        at = stretch.end


def _clipped(found: Iterator[Stretch], start: datetime, end: datetime) -> Iterator[Stretch]:
    for stretch in found:
        yield replace(stretch, start=_latest(start, stretch.start), end=_earliest(end, stretch.end))


def _joined(found: Iterator[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for stretch in found:
        if joined and replace(joined[-1], start=stretch.start, end=stretch.end) == stretch:
            joined[-1] = replace(joined[-1], end=stretch.end)
        else:
            joined.append(stretch)
    return joined


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two lower bounds; None is no bound."""
    return max((bound for bound in (one, other) if bound is not None), default=None)


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two upper bounds; None is no bound."""
    return min((bound for bound in (one, other) if bound is not None), default=None)
