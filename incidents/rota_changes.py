"""What would be, before it is saved: shifts that change hands, and layers in another order; choices for their forms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from catalog.models import Membership, Person
from incidents.models import Schedule, Swap
from incidents.oncall import rotation
from incidents.oncall.schedules import rotation_with
from incidents.operations.layers import moved_layers
from incidents.operations.swaps import Period, Stretch
from incidents.queries import oncall as queries
from incidents.queries.oncall import Duty
from incidents.rota import Preview, compared

AHEAD = timedelta(weeks=8)
"""How far ahead shifts can be chosen from a list."""
MOST_CHOICES = 40


@dataclass(frozen=True, slots=True)
class Choice:
    """A shift that can be chosen, or with `start` None a person from whom nothing is wanted in return."""

    person: Person
    start: datetime | None
    end: datetime | None

    @property
    def value(self) -> str:
        """As it stands in a form: `user:default/bo|2026-11-22T09:00:00+00:00`; by its end, for its start may pass."""
        return f"{self.person.ref}|{self.end.isoformat()}" if self.end else self.person.ref

    @property
    def period(self) -> Period | None:
        """The shift's; None where nothing is wanted."""
        return Period(self.start, self.end) if self.start and self.end else None

    @property
    def words(self) -> str:
        """`Sat 21 Nov 09:00 to Sun 22 Nov 09:00`, by the reader's clock."""
        if self.start is None or self.end is None:
            return f"Nothing: {self.person.label} just takes it"
        first, last = timezone.localtime(self.start), timezone.localtime(self.end)
        return f"{first:%a} {first.day} {first:%b %H:%M} to {last:%a} {last.day} {last:%b %H:%M}"


def shifts_of(schedule: Schedule, person: Person, *, now: datetime) -> list[Choice]:
    """The person's shifts of the next eight weeks, soonest first; what is left of one that has begun."""
    return [Choice(person, one.start, one.end) for one in _ahead(schedule, now) if one.ref == person.ref][:MOST_CHOICES]


def offers_of(schedule: Schedule, me: Person, *, now: datetime) -> list[tuple[str, list[Choice]]]:
    """By everybody else who is on call by it or in its team: nothing in return, and each of their shifts to come."""
    found = _ahead(schedule, now)
    people = {one.ref: one.person for one in found if one.person and one.person.retired_at is None}
    if schedule.team_id is not None:
        rows = Membership.objects.filter(team=schedule.team_id, person__retired_at=None).exclude(person=None)
        people |= {row.person.ref: row.person for row in rows.select_related("person") if row.person}
    others = sorted((one for one in people.values() if one.pk != me.pk), key=lambda one: (one.label.casefold(), one.pk))
    theirs = [one for one in found if one.start > now]
    return [
        (
            one.label,
            [Choice(one, None, None), *(Choice(one, duty.start, duty.end) for duty in theirs if duty.ref == one.ref)],
        )
        for one in others
    ]


def people_on(schedule: Schedule, *, now: datetime) -> list[Person]:
    """Everybody who has a shift in the next eight weeks, by name."""
    people = {one.ref: one.person for one in _ahead(schedule, now) if one.person}
    return sorted(people.values(), key=lambda one: (one.label.casefold(), one.pk))


def _ahead(schedule: Schedule, now: datetime) -> list[Duty]:
    """Whole shifts from now on; the end of what is looked at stays for a day, so a form finds its choices again."""
    until = now.replace(hour=0, minute=0, second=0, microsecond=0) + AHEAD
    return _joined(queries.duties([schedule], now, until, beyond=AHEAD))


def _joined(found: Iterable[Duty]) -> list[Duty]:
    """Touching stretches of one person are one shift, as for whoever gives it away."""
    joined: dict[str, list[Duty]] = {}
    for one in found:
        mine = joined.setdefault(one.ref, [])
        if mine and mine[-1].end == one.start:
            mine[-1] = replace(mine[-1], end=one.end)
        else:
            mine.append(one)
    return sorted((duty for mine in joined.values() for duty in mine), key=lambda duty: (duty.start, duty.ref))


def with_hands(
    schedule: Schedule,
    changes: Sequence[tuple[Sequence[Stretch], str | None]],
    *,
    now: datetime,
    shown_in: str,
) -> Preview:
    """Four weeks with these stretches in other hands (a reference, None for nobody), beside four weeks as they are."""
    before = queries.readable(schedule)
    made = [rotation.Override(ref, start, end) for stretches, ref in changes for start, end in stretches]
    after = replace(before, overrides=(*before.overrides, *made))
    first = min((override.start for override in made), default=now)
    return compared(before, after, since=first, now=now, shown_in=shown_in)


def of_swap(swap: Swap, schedule: Schedule, *, now: datetime, shown_in: str) -> Preview:
    """As it would be when it is accepted."""
    changes = [(swap.given, swap.asked.ref), (swap.taken, swap.asker.ref)]
    return with_hands(schedule, changes, now=now, shown_in=shown_in)


def in_order(schedule: Schedule, positions: Sequence[int], *, at: datetime, now: datetime, shown_in: str) -> Preview:
    """With the layers in this order from `at` on. Raises Invalid."""
    moved = moved_layers(schedule, positions, max(at, now))
    places = {row.position for row in moved}
    kept = [row for row in schedule.layers.all() if row.position not in places or row.starts_at < max(at, now)]
    before = queries.readable(schedule)
    return compared(before, rotation_with(schedule, [*kept, *moved]), since=at, now=now, shown_in=shown_in)
