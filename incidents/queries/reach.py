"""Whether a team's own escalation reaches a person at every hour to come; a few queries for any number of teams."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.coverage import FOUR_WEEKS, Holes, coverage
from incidents.models import TeamPaging
from incidents.oncall.directory import LoadSchedules, read_schedules
from incidents.oncall.stretches import Stretch, length


@dataclass(frozen=True, slots=True)
class Reach:
    """`always`: at no moment nobody is reached. `policy` False: the team has none.

    `hole` is the first stretch in which nobody is reached, `missing` how long that is over all together.
    """

    always: bool
    policy: bool = True
    hole: Stretch | None = None
    missing: timedelta = timedelta(0)


def reach(team_ids: Collection[int], *, now: datetime, ahead: timedelta = FOUR_WEEKS) -> Mapping[int, Reach]:
    """Team key to how far its pages reach, from `now` on, by its policy and its fallbacks.

    The catch-all is not counted on: whoever it asks knows nothing of what broke.
    """
    paging = TeamPaging.objects.filter(team__in=team_ids, policy__retired_at=None)
    policies = {team: policy for team, policy in paging.values_list("team_id", "policy_id") if policy is not None}
    return reach_by({pk: policies.get(pk) for pk in team_ids}, now=now, ahead=ahead)


def reach_by(
    policies: Mapping[int, int | None],
    *,
    now: datetime,
    ahead: timedelta = FOUR_WEEKS,
    load: LoadSchedules = read_schedules,
) -> Mapping[int, Reach]:
    """The same where the policy of each team (None: it has none) is known, and maybe the schedules (`load`)."""
    named = {policy for policy in policies.values() if policy is not None}
    if not named:
        return {pk: _reach(None, ()) for pk in policies}
    found = coverage(named, now=now, ahead=ahead, load=load, catch_all=False)
    return {pk: _reach(policy, found.of(policy, counting_catch_all=False)) for pk, policy in policies.items()}


def _reach(policy: int | None, holes: Holes) -> Reach:
    if policy is None:
        return Reach(False, policy=False)
    return Reach(not holes, hole=holes[0] if holes else None, missing=length(holes))
