"""Who is behind a target at one moment, and how to reach them: a fixed number of queries for any batch."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from catalog.models import Membership, Person
from incidents.escalation import Target, TargetKind
from incidents.models import ContactMethod, ContactRule, Schedule
from incidents.oncall import rotation
from incidents.oncall.schedules import rotation_of, with_layers

log = structlog.get_logger(__name__)


@dataclass
class Directory:
    """Answers about people, loaded once for all `targets` of a batch."""

    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    refs: dict[Target, tuple[str, ...]] = field(default_factory=dict)
    methods: dict[int, list[ContactMethod]] = field(default_factory=lambda: defaultdict(list))
    rules: dict[int, list[ContactRule]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def load(cls, targets: Iterable[Target], *, now: datetime) -> "Directory":
        """Read everything needed to answer for `targets` at `now`."""
        wanted = set(targets)
        made = cls(now)
        made.refs.update({t: (t.ref,) for t in wanted if t.kind is TargetKind.PERSON})
        made._load_schedules({t.ref for t in wanted if t.kind is TargetKind.SCHEDULE})
        made._load_teams({t.ref for t in wanted if t.kind is TargetKind.TEAM})
        made._load_people({ref for refs in made.refs.values() for ref in refs})
        return made

    def people_of(self, targets: Iterable[Target]) -> list[Person]:
        """Everybody behind `targets`, each once; gaps and people who left are simply not there."""
        refs = dict.fromkeys(ref for target in targets for ref in self.refs.get(target, ()))
        return [self.people[ref] for ref in refs if ref in self.people]

    def reachable(self, targets: Iterable[Target]) -> list[Person]:
        """Those of `people_of` with at least one confirmed contact method."""
        return [person for person in self.people_of(targets) if self.methods.get(person.pk)]

    def _load_schedules(self, slugs: set[str]) -> None:
        if not slugs:
            return
        for schedule in with_layers(slugs, overrides_from=self.now):
            person = person_on_call(schedule, self.now)
            self.refs[Target(TargetKind.SCHEDULE, schedule.slug)] = (person,) if person else ()

    def _load_teams(self, refs: set[str]) -> None:
        if not refs:
            return
        members: dict[str, list[str]] = defaultdict(list)
        for team, person in (
            Membership.objects.filter(team__ref__in=refs).order_by("role", "pk").values_list("team__ref", "person_ref")
        ):
            members[team].append(person)
        self.refs.update({Target(TargetKind.TEAM, ref): tuple(found) for ref, found in members.items()})

    def _load_people(self, refs: set[str]) -> None:
        self.people = {person.ref: person for person in Person.objects.filter(ref__in=refs, retired_at=None)}
        keys = [person.pk for person in self.people.values()]
        counting = ContactMethod.objects.filter(person__in=keys, confirmed_at__isnull=False, removed_at=None)
        for method in counting:
            self.methods[method.person_id].append(method)
        for rule in ContactRule.objects.filter(person__in=keys).select_related("method"):
            self.rules[rule.person_id].append(rule)


def person_on_call(schedule: Schedule, now: datetime) -> str | None:
    """The reference of whoever has it; None in a gap, and where the schedule can't be read (logged, never raised)."""
    try:
        stretch = rotation.on_call(rotation_of(schedule), now)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        log.exception("schedule can't be read", schedule=schedule.slug, error=str(error))
        return None
    return stretch.person if isinstance(stretch, rotation.Shift) else None
