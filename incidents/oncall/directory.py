"""Who is behind a target at one moment, and how to reach them: a fixed number of queries for any batch."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from catalog.models import Membership, Person
from incidents.escalation import Target, TargetKind
from incidents.models import ContactMethod, ContactRule, Schedule, WorkingHours
from incidents.oncall import rotation
from incidents.oncall.schedules import rotation_of, with_layers
from incidents.oncall.wallclock import Window, opening

log = structlog.get_logger(__name__)


@dataclass
class Directory:
    """Answers about people, loaded once for all `targets` of a batch."""

    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    refs: dict[Target, tuple[str, ...]] = field(default_factory=dict)
    methods: dict[int, list[ContactMethod]] = field(default_factory=lambda: defaultdict(list))
    rules: dict[int, list[ContactRule]] = field(default_factory=lambda: defaultdict(list))
    hours: dict[int, WorkingHours] = field(default_factory=dict)
    names: dict[Target, str] = field(default_factory=dict)

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

    def called(self, target: Target) -> str:
        """What people call it; of what is not there any more, the name in its reference."""
        return self.names.get(target) or target.ref.rpartition("/")[2]

    def may_be_told(self, person: Person, at: datetime, *, patient: bool) -> datetime:
        """`at`, or for what is `patient` when the person's working hours next open after it."""
        hours = self.hours.get(person.pk)
        return opens_at(hours, at) if patient and hours is not None else at

    def _load_schedules(self, slugs: set[str]) -> None:
        if not slugs:
            return
        for schedule in with_layers(slugs, overrides_from=self.now):
            person, target = person_on_call(schedule, self.now), Target(TargetKind.SCHEDULE, schedule.slug)
            self.refs[target], self.names[target] = (person,) if person else (), schedule.name

    def _load_teams(self, refs: set[str]) -> None:
        if not refs:
            return
        self.refs.update({Target(TargetKind.TEAM, ref): tuple(found) for ref, found in _members(refs).items()})

    def _load_people(self, refs: set[str]) -> None:
        found = {person.ref: person for person in Person.objects.filter(ref__in=refs, retired_at=None)}
        keys = [person.pk for person in found.values()]
        counting = ContactMethod.objects.filter(person__in=keys, confirmed_at__isnull=False, removed_at=None)
        for method in counting:
            self.methods[method.person_id].append(method)
        for rule in ContactRule.objects.filter(person__in=keys).select_related("method"):
            self.rules[rule.person_id].append(rule)
        self.hours |= {row.person_id: row for row in WorkingHours.objects.filter(person__in=keys)}
        self.people |= found


class Roster:
    """Directories of any moments from `since` on; what they share is read once, however many there are."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._shared = Directory(since)
        self._schedules: dict[Target, Schedule] = {}
        self._read: set[Target] = set()

    def directory(self, targets: Iterable[Target], *, now: datetime) -> Directory:
        """As `Directory.load`, for a moment not before `since`."""
        wanted = set(targets)
        if new := wanted - self._read:
            self._load(new)
        known = self._shared.refs
        refs = {target: known[target] for target in wanted if target in known}
        for target in wanted & self._schedules.keys():
            person = person_on_call(self._schedules[target], now)
            refs[target] = (person,) if person else ()
        return replace(self._shared, now=now, refs=refs)

    def _load(self, new: set[Target]) -> None:
        """With everybody who may ever be on call by them."""
        self._read |= new
        shared, slugs = self._shared, {target.ref for target in new if target.kind is TargetKind.SCHEDULE}
        shared.refs.update({target: (target.ref,) for target in new if target.kind is TargetKind.PERSON})
        shared._load_teams({target.ref for target in new if target.kind is TargetKind.TEAM})
        found = with_layers(slugs, overrides_from=self._since) if slugs else []
        self._schedules |= {Target(TargetKind.SCHEDULE, one.slug): one for one in found}
        shared.names |= {Target(TargetKind.SCHEDULE, one.slug): one.name for one in found}
        refs = {ref for target in new for ref in shared.refs.get(target, ())}
        refs |= {ref for schedule in found for ref in everybody_of(schedule)}
        if refs := refs - shared.people.keys():
            shared._load_people(refs)


def everybody_of(schedule: Schedule) -> set[str]:
    """References of all whom its layers and overrides name."""
    named = {row.person.ref for row in schedule.overrides.all() if row.person}
    return named.union(*(layer.people for layer in schedule.layers.all()))


type LoadSchedules = Callable[[Collection[str], datetime], Iterable[Schedule]]
"""(slugs, since) → these schedules, with layers and with the overrides that end after `since`."""


def people_at(
    asked: Sequence[tuple[Collection[Target], datetime]], *, load: LoadSchedules | None = None
) -> list[tuple[Person, ...]]:
    """Everybody behind the targets at the moment beside them, each once, by place.

    As `Directory.people_of`, but for any number of moments in the same few queries.
    """
    wanted = {target for targets, _ in asked for target in targets}
    slugs = {target.ref for target in wanted if target.kind is TargetKind.SCHEDULE}
    teams = {target.ref for target in wanted if target.kind is TargetKind.TEAM}
    by_slug = {one.slug: one for one in (load or read_schedules)(slugs, min(at for _, at in asked))} if slugs else {}

    def on_call(target: Target, at: datetime) -> str | None:
        if target.kind is TargetKind.PERSON:
            return target.ref
        schedule = by_slug.get(target.ref) if target.kind is TargetKind.SCHEDULE else None
        return person_on_call(schedule, at) if schedule else None

    named = {ref for targets, at in asked for target in targets if (ref := on_call(target, at))}
    people, members = _people_and_members(named, teams)
    refs = [
        dict.fromkeys(
            ref
            for target in targets
            for ref in (members[target.ref] if target.kind is TargetKind.TEAM else [on_call(target, at)])
        )
        for targets, at in asked
    ]
    return [tuple(people[ref] for ref in some if ref in people) for some in refs]


def _people_and_members(
    refs: Collection[str], teams: Collection[str]
) -> tuple[dict[str | None, Person], dict[str, list[str | None]]]:
    """People who are there by reference, and by team the references of its members, leads first; one query."""
    members: dict[str, list[str | None]] = {team: [] for team in teams}
    if not refs and not teams:
        return {}, members
    theirs = Membership.objects.filter(person=OuterRef("pk"), team__ref__in=teams)
    told = JSONObject(team="team__ref", role="role", pk="pk")
    # two indexes one after the other: an OR of both would read everybody
    in_teams = Membership.objects.filter(team__ref__in=teams, person__isnull=False).order_by().values("person")
    either = Person.objects.filter(ref__in=refs).order_by().values("pk").union(in_teams, all=True)
    wanted = Person.objects.filter(pk__in=either, retired_at=None)
    found = list(wanted.annotate(told=ArraySubquery(theirs.values(told=told))))
    memberships = [(one["role"], one["pk"], one["team"], person.ref) for person in found for one in person.told or ()]
    for _, _, team, ref in sorted(memberships):
        members[team].append(ref)
    return {person.ref: person for person in found}, members


def read_schedules(slugs: Collection[str], since: datetime) -> Iterable[Schedule]:
    """From the database: what `LoadSchedules` says."""
    return with_layers(slugs, overrides_from=since)


def _members(teams: Collection[str]) -> dict[str, list[str]]:
    """By team the references of its members, leads first."""
    found: dict[str, list[str]] = defaultdict(list)
    rows = Membership.objects.filter(team__ref__in=teams).order_by("role", "pk")
    for team, person in rows.values_list("team__ref", "person_ref"):
        found[team].append(person)
    return found


def opens_at(hours: WorkingHours, at: datetime) -> datetime:
    """`at`, where the hours are open then, else when they next open; `at` where they can't be read (logged)."""
    try:
        window = Window(hours.start, hours.end, frozenset(hours.days))
        stretch = opening((window,), at, hours.time_zone)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        log.exception("working hours can't be read", person=hours.person_id, error=str(error))
        return at
    return at if stretch.is_open or stretch.end is None else stretch.end


def person_on_call(schedule: Schedule, now: datetime) -> str | None:
    """The reference of whoever has it; None in a gap, and where the schedule can't be read (logged, never raised)."""
    try:
        stretch = rotation.on_call(rotation_of(schedule), now)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        log.exception("schedule can't be read", schedule=schedule.slug, error=str(error))
        return None
    return stretch.person if isinstance(stretch, rotation.Shift) else None
