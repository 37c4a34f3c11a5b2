"""Where escalation policies are used: by which teams, as the catch-all, as whose fallback. A few queries for many."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalog.models import Team
from incidents.models import CatchAll, EscalationPolicy, PolicyVersion, TeamPaging
from incidents.policies import newest_version


@dataclass(slots=True)
class Uses:
    """What would be left without it if a policy were retired."""

    teams: list[Team] = field(default_factory=list)
    catch_all: bool = False
    fallback_of: list[EscalationPolicy] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.teams or self.catch_all or self.fallback_of)

    @property
    def words(self) -> list[str]:
        """One line for each kind of use."""
        said = []
        if self.teams:
            said.append(f"for every page to {_some([team.label for team in self.teams])}")
        if self.catch_all:
            said.append("as the catch-all")
        if self.fallback_of:
            said.append(f"as the fallback of {_some([policy.name for policy in self.fallback_of])}")
        return said


def uses_of(policy: EscalationPolicy, *, now: datetime) -> Uses:
    """Where `policy` is used now."""
    return uses([policy.pk], now=now)[policy.pk]


def uses(policies: Collection[int], *, now: datetime) -> Mapping[int, Uses]:
    """By the policies' keys: dissolved teams and retired policies don't count, nor does what an older version said."""
    found = {pk: Uses() for pk in policies}
    paged = TeamPaging.objects.filter(policy__in=policies, team__retired_at=None).select_related("team")
    for paging in paged.order_by("team__called"):
        found[paging.policy_id or 0].teams.append(paging.team)
    for pk in CatchAll.objects.filter(policy__in=policies).values_list("policy_id", flat=True):
        found[pk].catch_all = True
    said = PolicyVersion.objects.filter(fallback__in=policies, policy__retired_at=None, pk=newest_version(now))
    for version in said.select_related("policy").order_by("policy__name"):
        found[version.fallback_id or 0].fallback_of.append(version.policy)
    return found


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
