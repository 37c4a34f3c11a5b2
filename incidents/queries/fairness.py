"""How the schedules of a time were, and will be, shared, with the pages that came; a few queries for any number."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.models import Person
from incidents.models import Notification, Schedule
from incidents.oncall.fairness import Share, shares
from incidents.queries.oncall import name_of, people_by_ref, readable

HOUR = timedelta(hours=1)
BACK = AHEAD = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Cell:
    """Whole hours that somebody has, of what, and of an even share; `hot` where that is too much."""

    head: str
    has: int
    even: int
    hot: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One person's share of one schedule. `pages` came while they had it, drills left out; each page counts once."""

    share: Share
    person: Person | None
    pages: int

    @property
    def name(self) -> str:
        """What to call them."""
        return name_of(self.share.person, self.person)

    @property
    def cells(self) -> list[Cell]:
        """All, nights and weekends, for drawing."""
        has, even, hot = self.share.has, self.share.even, self.share.too_much
        return [
            Cell(head, round(getattr(has, name) / HOUR), round(getattr(even, name) / HOUR), name in hot)
            for name, head in (("all", "Hours"), ("nights", "At night"), ("weekends", "Weekends"))
        ]


@dataclass(frozen=True, slots=True)
class Shared:
    """One schedule's."""

    schedule: Schedule
    lines: list[Line]

    @property
    def unfair(self) -> bool:
        """Whether anybody has too much of anything."""
        return any(line.share.too_much for line in self.lines)


def shared(loaded: Sequence[Schedule], start: datetime, end: datetime) -> list[Shared]:
    """Of each of the schedules, which need the overrides since `start`; in their order."""
    pure = {row.pk: readable(row) for row in loaded}
    refs = {ref for one in pure.values() for layer in one.layers for ref in layer.people}
    refs |= {over.person for one in pure.values() for over in one.overrides if over.person}
    people = people_by_ref(refs)
    zones = {ref: person.time_zone for ref, person in people.items() if person.time_zone}
    pages = _pages(people.values(), start, end)
    return [
        Shared(
            row,
            [
                Line(one, people.get(one.person), _count(one, pages.get(one.person, ())))
                for one in shares(pure[row.pk], start, end, zones=zones)
            ],
        )
        for row in loaded
    ]


def _count(share: Share, pages: Iterable[tuple[int, datetime]]) -> int:
    return len({page for page, at in pages if any(start <= at < end for start, end in share.when)})


def _pages(people: Iterable[Person], start: datetime, end: datetime) -> dict[str, list[tuple[int, datetime]]]:
    """By person the pages that were sent to them and when they were asked for."""
    by_pk = {person.pk: person.ref for person in people}
    rows = Notification.objects.filter(
        kind=Notification.Kind.PAGE,
        state=Notification.State.SENT,
        person__in=by_pk,
        created_at__gte=start,
        created_at__lt=end,
        page__incident__is_drill=False,
    )
    found: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
    for person, page, at in rows.values_list("person_id", "page_id", "created_at").distinct():
        if page is not None:
            found[by_pk[person]].append((page, at))
    return found
