"""Whether a team's escalation reaches a person at every hour to come; a few queries for any number of teams."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.models import Membership
from incidents.escalation import Step, TargetKind
from incidents.models import Schedule, TeamPaging
from incidents.oncall import rotation
from incidents.oncall.schedules import with_layers
from incidents.policies import policy_of, versions_in_force
from incidents.queries.oncall import FOUR_WEEKS, people_by_ref, readable

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Reach:
    """`always` True, False, or None where steps that hold at some hours only may or may not fill what is missing.

    `policy` False: the team has none. `hole` is the first stretch in which nobody is reached.
    """

    always: bool | None
    policy: bool = True
    hole: Stretch | None = None


def reach(team_ids: Collection[int], *, now: datetime, ahead: timedelta = FOUR_WEEKS) -> Mapping[int, Reach]:
    """Team key to how far its pages reach, from `now` on; fallback policies and the catch-all are not counted on."""
    policies = dict(TeamPaging.objects.filter(team__in=team_ids).values_list("team_id", "policy_id"))
    versions = versions_in_force([pk for pk in policies.values() if pk is not None], now=now)
    steps = {pk: policy_of(version).steps for pk, version in versions.items()}
    nobody = _holes_by_target([step for found in steps.values() for step in found], now, now + ahead)
    return {pk: _reach(steps.get(policies.get(pk) or 0), nobody, (now, now + ahead)) for pk in team_ids}


def _reach(steps: Iterable[Step] | None, nobody: Mapping[tuple[str, str], list[Stretch]], whole: Stretch) -> Reach:
    if steps is None:
        return Reach(False, policy=False)
    holes, conditional = [whole], False
    for step in steps:
        conditional |= step.condition is not None
        if step.condition is None and not step.round_robin:
            for target in step.targets:
                holes = _common(holes, nobody.get((target.kind, target.ref), [whole]))
        elif step.condition is None:  # round robin reaches whoever's turn it is, so all of its targets have to be there
            gaps = [gap for target in step.targets for gap in nobody.get((target.kind, target.ref), [whole])]
            holes = _common(holes, gaps) if step.targets else holes
    if not holes:
        return Reach(True)
    return Reach(None if conditional else False, hole=min(holes))


def _common(some: Iterable[Stretch], others: Iterable[Stretch]) -> list[Stretch]:
    """Where both have a hole."""
    found = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return sorted({(start, end) for start, end in found if start < end})


def _holes_by_target(steps: Iterable[Step], start: datetime, end: datetime) -> dict[tuple[str, str], list[Stretch]]:
    named: dict[str, set[str]] = defaultdict(set)
    for step in steps:
        for target in step.targets:
            named[target.kind].add(target.ref)
    schedules = with_layers(named[TargetKind.SCHEDULE], overrides_from=start) if named[TargetKind.SCHEDULE] else []
    stretches = {row.slug: list(_held(row, start, end)) for row in schedules}
    refs = {person for held in stretches.values() for person, *_ in held if person}
    there = {ref for ref, one in people_by_ref(refs | named[TargetKind.PERSON]).items() if one.retired_at is None}
    found: dict[tuple[str, str], list[Stretch]] = {}
    for slug, held in stretches.items():
        found[TargetKind.SCHEDULE, slug] = [(since, until) for person, since, until in held if person not in there]
    found |= {(TargetKind.PERSON, ref): [] for ref in named[TargetKind.PERSON] & there}
    found |= {(TargetKind.TEAM, ref): [] for ref in _peopled(named[TargetKind.TEAM])}
    return found


def _held(row: Schedule, start: datetime, end: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    """Who has a schedule from when to when; the empty text is nobody."""
    for stretch in rotation.stretches(readable(row), start, end):
        person = stretch.person if isinstance(stretch, rotation.Shift) else ""
        yield person, stretch.start or start, stretch.end or end


def _peopled(teams: Collection[str]) -> set[str]:
    """Those of the teams that anybody is in."""
    if not teams:
        return set()
    rows = Membership.objects.filter(team__ref__in=teams, person__isnull=False, person__retired_at=None)
    return set(rows.values_list("team__ref", flat=True))
