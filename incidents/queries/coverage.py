"""The fleet's coverage: components whose P1 would reach nobody at some hour of the next four weeks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from catalog.models import Component
from incidents.coverage import FOUR_WEEKS, Coverage, Holes, coverage
from incidents.models import EscalationPolicy, TeamPaging
from incidents.oncall.directory import LoadSchedules, read_schedules
from incidents.oncall.stretches import length

ORDER = ("name", "pk")
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A component whose P1 would reach nobody in `holes`; `chain` says in words whom it would ask."""

    component: Component
    holes: Holes
    chain: str
    policy: EscalationPolicy | None

    @property
    def first(self) -> tuple[datetime, datetime]:
        """The first stretch."""
        return self.holes[0]

    @property
    def hours(self) -> float:
        """Together."""
        return length(self.holes) / HOUR

    @property
    def always(self) -> bool:
        """Nobody at any time."""
        return length(self.holes) >= FOUR_WEEKS


@dataclass(frozen=True, slots=True)
class Fleet:
    """Holes by owner team (None: without owner), for those that have any, and what they were made of."""

    holes: Mapping[int | None, Holes]
    policies: Mapping[int, EscalationPolicy]
    told: Coverage
    counting_catch_all: bool
    """Whether the catch-all was asked, too."""

    def components(self, *, team: str = "", tier: int | None = None) -> QuerySet[Component]:
        """Those uncovered, to be ordered by `ORDER`; `team` is a reference."""
        theirs = Q(owner__in=[pk for pk in self.holes if pk is not None])
        nobodys = Q(owner=None) if None in self.holes else Q(pk__in=[])
        found = Component.objects.filter(theirs | nobodys, retired_at=None).select_related("owner")
        if team:
            found = found.filter(owner__ref=team)
        return found.filter(tier=tier) if tier is not None else found

    def row(self, component: Component) -> Uncovered:
        """One of `components`."""
        policy = self.policies.get(component.owner_id or 0)
        return Uncovered(component, self.holes[component.owner_id], self._chain(component, policy), policy)

    def _chain(self, component: Component, policy: EscalationPolicy | None) -> str:
        without = "no policy" if component.owner_id else "no owner"
        start = policy.name if policy else without
        if not self.counting_catch_all:
            return start
        return f"{start} → {'catch-all' if self.told.catch_all else 'no catch-all'}"


def fleet(*, now: datetime, counting_catch_all: bool = True) -> Fleet:
    """Computed by policy, not by component: about a dozen queries for any number of either.

    With `counting_catch_all` False only a team's own policy and its fallbacks count.
    """
    owners = set(Component.objects.filter(retired_at=None).order_by().values_list("owner", flat=True).distinct())
    return _of(owners, now, counting_catch_all=counting_catch_all)


def _of(
    owners: Collection[int | None],
    now: datetime,
    *,
    counting_catch_all: bool = True,
    load: LoadSchedules = read_schedules,
) -> Fleet:
    paging = TeamPaging.objects.filter(team__in=set(owners) - {None}, policy__isnull=False, policy__retired_at=None)
    policies = {row.team_id: row.policy for row in paging.select_related("policy") if row.policy is not None}
    told = coverage({policy.pk for policy in policies.values()}, now=now, load=load)
    by_policy: dict[int | None, Holes] = {}
    found: dict[int | None, Holes] = {}
    for owner in owners:
        policy = policies.get(owner or 0)
        key = policy.pk if policy else None
        if key not in by_policy:
            by_policy[key] = told.of(key, counting_catch_all=counting_catch_all)
        if by_policy[key]:
            found[owner] = by_policy[key]
    return Fleet(found, policies, told, counting_catch_all)


def uncovered_by_team(*, now: datetime, load: LoadSchedules = read_schedules) -> dict[str, int]:
    """Team reference (empty: no owner) to how many of its components are uncovered; zero for those that are not.

    `load` as for `coverage`.
    """
    living = Component.objects.filter(retired_at=None).order_by().values_list("owner_id", "owner__ref")
    counts = {owner: (ref or "", n) for owner, ref, n in living.annotate(n=Count("pk"))}
    bad = _of(set(counts), now, load=load).holes
    return {ref: n if owner in bad else 0 for owner, (ref, n) in counts.items()}
