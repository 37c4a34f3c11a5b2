"""When a P1 would reach nobody: by closed form, from the final schedules and the policies in force.

A page that reaches nobody at its first step goes on to the next one *at once*, through all rounds, the fallback
policies and the catch-all. So a P1 at the moment t reaches nobody exactly when at t no step of that whole chain whose
condition holds at t has anybody behind it who is there and has a confirmed contact method; delays play no part. What is
asked is thus a set of time for each policy, made of those of its steps, and however many components share a policy cost
nothing further.

- A step reaches nobody where none of its targets does, and where its condition does not hold.
- Round robin asks one target a round, which one depends on the page: it counts as reaching somebody where it does so
  whoever's turn it is.
- At most three fallback policies are followed, as pages do. The catch-all, with fallbacks of its own, comes last.
- Responders are not counted on: they help, and whose component it is must be reached.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from catalog.models import Membership, Person
from incidents.escalation import MAX_FALLBACKS, Condition, Policy, Step, Target, TargetKind
from incidents.models import CatchAll, PolicyVersion
from incidents.oncall import rotation
from incidents.oncall.directory import LoadSchedules, read_schedules
from incidents.oncall.schedules import rotation_of
from incidents.oncall.stretches import Stretch, common, joined, without
from incidents.oncall.wallclock import ONE_DAY, Window, local_date
from incidents.policies import policy_of, versions_in_force

log = structlog.get_logger(__name__)

FOUR_WEEKS = timedelta(weeks=4)
UNREADABLE = (ValueError, KeyError, TypeError, OverflowError)

Holes = tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """When nobody is reached in `[start, end)`: by the policies that were asked about, and by the catch-all."""

    start: datetime
    end: datetime
    by_policy: Mapping[int, Holes]
    caught: Holes
    catch_all: bool

    def of(self, policy: int | None, *, counting_catch_all: bool = True) -> Holes:
        """By the key of a policy, with its fallbacks; None, or one that is not in force, is no policy at all."""
        own = self.by_policy.get(policy, self.whole) if policy is not None else self.whole
        return tuple(common(own, self.caught)) if counting_catch_all else own

    @property
    def whole(self) -> Holes:
        """All of the time."""
        return ((self.start, self.end),)


def coverage(
    policies: Collection[int],
    *,
    now: datetime,
    ahead: timedelta = FOUR_WEEKS,
    load: LoadSchedules = read_schedules,
    catch_all: bool = True,
) -> Coverage:
    """When pages by these policies would reach nobody from `now` on; about ten queries for any number of them.

    `load` is for who has read the schedules already. Without `catch_all` it is not asked about, as if there were none.
    """
    whole = (now, now + ahead)
    setting = CatchAll.objects.first() if catch_all else None
    wanted = {*policies, *([setting.policy_id] if setting else [])}
    said = _chains(wanted, now)
    behind = _Behind.of(said.values(), whole, load)
    own = {pk: behind.nobody(policy) for pk, policy in said.items()}
    found = {pk: _chain(pk, said, own, whole) for pk in wanted}
    caught = found[setting.policy_id] if setting else (whole,)
    return Coverage(*whole, found, caught, setting is not None)


def _chains(policies: Iterable[int], now: datetime) -> dict[int, Policy]:
    """What the policies and all they fall back to say for incidents of high urgency; unreadable ones are left out."""
    said: dict[int, Policy] = {}
    asked, ahead = set[int](), set(policies)
    for _ in range(MAX_FALLBACKS + 1):
        asked |= ahead
        read = {pk: found for pk, row in versions_in_force(ahead, now=now).items() if (found := _read(row))}
        said |= read
        ahead = {int(one.fallback) for one in read.values() if one.fallback} - asked
        if not ahead:
            break
    return said


def _read(version: PolicyVersion) -> Policy | None:
    try:
        return policy_of(version)
    except UNREADABLE as error:
        log.exception("policy can't be read", policy=version.policy_id, error=str(error))
        return None


def _chain(pk: int, said: Mapping[int, Policy], own: Mapping[int, list[Stretch]], whole: Stretch) -> Holes:
    holes, here = own.get(pk, [whole]), said.get(pk)
    for _ in range(MAX_FALLBACKS):
        further = int(here.fallback) if here and here.fallback else None
        if further is None or further not in said or not holes:
            break
        holes, here = common(holes, own[further]), said[further]
    return tuple(holes)


@dataclass
class _Behind:
    """When nobody is behind each target, in `whole`."""

    whole: Stretch
    empty: dict[Target, list[Stretch]]
    closed: dict[Condition, list[Stretch]] = field(default_factory=dict)

    @classmethod
    def of(cls, policies: Iterable[Policy], whole: Stretch, load: LoadSchedules) -> "_Behind":
        named: dict[TargetKind, set[str]] = defaultdict(set)
        for policy in policies:
            for step in policy.steps:
                for target in step.targets:
                    named[target.kind].add(target.ref)
        held = _held(named[TargetKind.SCHEDULE], whole, load)
        members = _members(named[TargetKind.TEAM])
        refs = {shift.person for shifts in held.values() for shift in shifts} | named[TargetKind.PERSON]
        there = _reachable(refs.union(*members.values()))
        empty = {
            Target(TargetKind.SCHEDULE, slug): without(
                whole, (_bounds(one, whole) for one in shifts if one.person in there)
            )
            for slug, shifts in held.items()
        }
        empty |= {Target(TargetKind.PERSON, ref): [] for ref in named[TargetKind.PERSON] & there}
        empty |= {Target(TargetKind.TEAM, ref): [] for ref, people in members.items() if people & there}
        return cls(whole, empty)

    def nobody(self, policy: Policy) -> list[Stretch]:
        """When none of its steps reaches anybody."""
        holes = [self.whole]
        for step in policy.steps:
            holes = common(holes, self._of_step(step, policy.repeat)) if holes else holes
        return holes

    def _of_step(self, step: Step, rounds: int) -> list[Stretch]:
        empty = self._of_targets(step, rounds)
        return empty if step.condition is None else joined([*empty, *self._closed(step.condition)])

    def _of_targets(self, step: Step, rounds: int) -> list[Stretch]:
        gaps = [self.empty.get(target, [self.whole]) for target in step.targets]
        if not gaps:
            return [self.whole]
        if not step.round_robin:
            return _common_of_all(gaps)
        turns = (
            {(turn + cycle * (step.repeat + 1)) % len(gaps) for cycle in range(rounds + 1)} for turn in range(len(gaps))
        )
        return joined(hole for asked in turns for hole in _common_of_all([gaps[place] for place in asked]))

    def _closed(self, condition: Condition) -> list[Stretch]:
        """When the step is left out."""
        if condition not in self.closed:
            window = Window(condition.start, condition.end, condition.days)
            first = local_date(self.whole[0], condition.zone) - 2 * ONE_DAY
            days = (self.whole[1] - self.whole[0]).days + 5
            spans = (window.on(first + n * ONE_DAY, condition.zone) for n in range(days))
            self.closed[condition] = without(self.whole, (span for span in spans if span is not None))
        return self.closed[condition]


def _common_of_all(found: Sequence[list[Stretch]]) -> list[Stretch]:
    together = found[0]
    for one in found[1:]:
        together = common(together, one)
    return together


def _held(slugs: Collection[str], whole: Stretch, load: LoadSchedules) -> dict[str, list[rotation.Shift]]:
    """Who has each of these schedules when; one that can't be read is as nobody's."""
    found: dict[str, list[rotation.Shift]] = {}
    for row in load(slugs, whole[0]) if slugs else []:
        try:
            found[row.slug] = rotation.shifts(rotation_of(row), *whole)
        except UNREADABLE as error:
            log.exception("schedule can't be read", schedule=row.slug, error=str(error))
    return found


def _bounds(shift: rotation.Shift, whole: Stretch) -> Stretch:
    return shift.start or whole[0], shift.end or whole[1]


def _members(teams: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    if teams:
        for team, person in Membership.objects.filter(team__ref__in=teams).values_list("team__ref", "person_ref"):
            found[team].add(person)
    return found


def _reachable(refs: Collection[str]) -> set[str]:
    """Those who are there and have a confirmed contact method."""
    if not refs:
        return set()
    counting = Person.objects.filter(
        ref__in=refs, retired_at=None, contact_methods__confirmed_at__isnull=False, contact_methods__removed_at=None
    )
    return set(counting.values_list("ref", flat=True))
