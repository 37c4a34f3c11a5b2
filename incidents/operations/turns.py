"""What a rotation says, before it is a version of a layer: checked, told, and teams written as their people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from catalog.models import Membership, Person
from incidents.models import LayerVersion, Schedule
from incidents.oncall import rotation
from incidents.oncall.schedules import window_json, window_of
from portal.lib import moments
from portal.lib.errors import FieldError, Invalid

GRACE = timedelta(minutes=5)
"""A form that was open for a while may still say a moment that has just passed; it then means now."""

LONGEST_TURN = {"hour": 24 * 7, "day": 366, "week": 52}
MOST_PEOPLE, MOST_WINDOWS = 200, 20
TEAM = "group:"


@dataclass(frozen=True, slots=True)
class Turns:
    """What one rotation says: `people` (references, in order) take turns of `length` units from `starts_at` on.

    `handoff` and `weekday` (Monday is 0, for weekly turns) are by the clock of the schedule's zone. It has somebody
    only while one of the `restrictions` is open, and until `ends_at`. A team among the people stands for its members.
    """

    people: tuple[str, ...]
    starts_at: datetime
    unit: str = "week"
    length: int = 1
    handoff: time = time(9)
    weekday: int = 0
    name: str = "Primary"
    restrictions: tuple[rotation.Window, ...] = ()
    ends_at: datetime | None = None

    def version(self, schedule: Schedule, position: int = 0) -> LayerVersion:
        """As a row, not saved."""
        return LayerVersion(
            schedule=schedule,
            position=position,
            name=self.name.strip() or "Primary",
            people=list(self.people),
            unit=self.unit,
            length=self.length,
            handoff=self.handoff,
            weekday=self.weekday,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            restrictions=[window_json(window) for window in self.restrictions],
        )


def turns_of(row: LayerVersion) -> Turns:
    """What a version says."""
    return Turns(
        tuple(row.people),
        row.starts_at,
        row.unit,
        row.length,
        row.handoff,
        row.weekday,
        row.name,
        tuple(window_of(raw) for raw in row.restrictions),
        row.ends_at,
    )


def same(one: Turns, other: Turns) -> bool:
    """Whether they say the same but for when they start."""
    return _without_start(one) == _without_start(other)


def at_least(turns: Turns, now: datetime) -> Turns:
    """Not beginning before `now`."""
    return replace(turns, starts_at=max(turns.starts_at, now))


def not_before(turns: Turns, now: datetime) -> Turns:
    """As `at_least`, but raises Invalid for what is more than a form's patience ago."""
    if turns.starts_at < now - GRACE:
        check([FieldError("starts_at", "past", "A change can't begin in the past; choose a moment from now on.")])
    return at_least(turns, now)


def expanded(turns: Sequence[Turns]) -> list[Turns]:
    """Teams as their people of this moment, by reference, each person once where a team named them again.

    A layer that is kept must not change when a team does, or who was on call then would have no answer; so it is now.
    """
    wanted = {ref for one in turns for ref in one.people if ref.startswith(TEAM)}
    if not wanted:
        return list(turns)
    members: dict[str, list[str]] = {ref: [] for ref in wanted}
    found = Membership.objects.filter(team__ref__in=wanted, team__retired_at=None, person__retired_at=None)
    for team, person in (
        found.exclude(person=None).order_by("person_ref").values_list("team__ref", "person_ref").distinct()
    ):
        members[team].append(person)
    return [replace(one, people=_with_members(one.people, members)) for one in turns]


def _with_members(people: tuple[str, ...], members: dict[str, list[str]]) -> tuple[str, ...]:
    said = [ref for ref in people if not ref.startswith(TEAM)]
    found: list[str] = []
    for ref in people:
        if ref.startswith(TEAM):
            found += [one for one in members[ref] if one not in found and one not in said] or (
                [] if members[ref] else [ref]
            )
        else:
            found.append(ref)
    return tuple(found)


def wrong_turns(layers: Sequence[Turns]) -> Iterable[FieldError]:
    """What is wrong with layers from bottom to top; fields of the only one are bare, of several `layers[1].people`."""
    refs = {ref for one in layers for ref in one.people}
    known = set(Person.objects.filter(ref__in=refs, retired_at=None).values_list("ref", flat=True))
    for place, one in enumerate(layers):
        prefix = f"layers[{place}]." if len(layers) > 1 else ""
        for fault in [*_wrong_rhythm(one), *_wrong_end(one), *_wrong_people(one.people, known), *_wrong_windows(one)]:
            yield replace(fault, field=prefix + fault.field)


def wrong_year(name: str, at: datetime) -> Iterable[FieldError]:
    """A moment beyond the calendar's edge."""
    if moments.far(at):
        yield FieldError(name, moments.CODE, moments.SAID)


def check(wrong: Iterable[FieldError]) -> None:
    """Raise Invalid with all of them, if there are any."""
    found = tuple(wrong)
    if found:
        raise Invalid("; ".join(f"{error.field}: {error.message}" for error in found), errors=found)


def told(turns: Turns) -> dict[str, object]:
    """For the change log."""
    said: dict[str, object] = {
        "people": list(turns.people),
        "every": f"{turns.length} {turns.unit}",
        "handoff": turns.handoff.isoformat("minutes"),
        "weekday": turns.weekday,
        "from": turns.starts_at.astimezone(ZoneInfo("UTC")).isoformat(),
    }
    if turns.ends_at is not None:
        said["until"] = turns.ends_at.astimezone(ZoneInfo("UTC")).isoformat()
    if turns.restrictions:
        said["only"] = [window_json(window) for window in turns.restrictions]
    return said


def _without_start(turns: Turns) -> tuple[object, ...]:
    weekday = turns.weekday if turns.unit == "week" else 0
    handoff = turns.handoff.replace(second=0, microsecond=0)
    return (
        turns.people, turns.unit, turns.length, handoff, weekday, turns.name.strip() or "Primary",
        [window_json(window) for window in turns.restrictions], turns.ends_at,
    )  # fmt: skip


def _wrong_rhythm(turns: Turns) -> Iterable[FieldError]:
    if turns.unit not in LONGEST_TURN:
        yield FieldError("unit", "unknown", "A turn is counted in hour, day or week.")
    elif not 1 <= turns.length <= LONGEST_TURN[turns.unit]:
        yield FieldError("length", "out-of-range", f"A turn lasts 1 to {LONGEST_TURN[turns.unit]} {turns.unit}s.")
    yield from wrong_year("starts_at", turns.starts_at)
    if not 0 <= turns.weekday <= 6:
        yield FieldError("weekday", "out-of-range", "Monday is 0, Sunday is 6.")
    if len(turns.name.strip()) > 100:
        yield FieldError("name", "too-long", "Use at most 100 characters for a layer's name.")


def _wrong_end(turns: Turns) -> Iterable[FieldError]:
    if turns.ends_at is None:
        return
    yield from wrong_year("ends_at", turns.ends_at)
    if turns.ends_at <= turns.starts_at:
        yield FieldError("ends_at", "before-start", "It ends before it starts; choose a later end.")


def _wrong_people(refs: tuple[str, ...], known: set[str]) -> Iterable[FieldError]:
    if not refs:
        yield FieldError("people", "required", "Name at least one person; without one nobody would be on call.")
    if len(refs) > MOST_PEOPLE:
        yield FieldError("people", "too-many", f"Name at most {MOST_PEOPLE} people.")
    for ref in dict.fromkeys(refs):
        if ref.startswith(TEAM):
            yield FieldError("people", "unknown", f"There is no team {ref} with anybody in it.")
        elif ref not in known:
            yield FieldError("people", "unknown", f"Nobody is known as {ref}; register the person first.")


def _wrong_windows(turns: Turns) -> Iterable[FieldError]:
    if len(turns.restrictions) > MOST_WINDOWS:
        yield FieldError("restrictions", "too-many", f"Use at most {MOST_WINDOWS} times of day.")
    for place, window in enumerate(turns.restrictions):
        if not window.days or not window.days <= rotation.EVERY_DAY:
            yield FieldError(f"restrictions[{place}].days", "out-of-range", "Monday is 0, Sunday is 6; name one.")
