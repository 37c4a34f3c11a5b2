"""What pages and the API ask about escalation policies, team paging, the catch-all and the severity table."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from catalog.models import Team
from incidents.models import CatchAll, EscalationPolicy, Page, PolicyVersion, SeverityRule, TeamPaging
from incidents.policies import versions_in_force
from incidents.states import State
from portal.lib.errors import Missing


class NoSuchPolicy(Missing):
    """There is no escalation policy by that name."""


class NoSuchRule(Missing):
    """There is no such line in the severity table; somebody may have deleted it."""


def policies(*, text: str = "", team: str = "", retired: bool = False) -> QuerySet[EscalationPolicy]:
    """Those in use, or the retired ones; `text` is part of a name, `team` a reference."""
    found = EscalationPolicy.objects.filter(retired_at__isnull=not retired).select_related("team")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(slug__icontains=text))
    return found.filter(team__ref=team) if team else found


def policy_by_slug(slug: str) -> EscalationPolicy:
    """A policy, retired ones too. Raises NoSuchPolicy."""
    found = EscalationPolicy.objects.select_related("team").filter(slug=slug).first()
    if found is None:
        raise NoSuchPolicy(f"There is no escalation policy {slug}.")
    return found


def versions_of(policy: EscalationPolicy) -> QuerySet[PolicyVersion]:
    """What it has said, newest first."""
    return policy.versions.select_related("fallback", "created_by", "policy").order_by("-number")


def newest(policies: Iterable[int]) -> Mapping[int, PolicyVersion]:
    """The newest version of each, by the policy's key; retired ones too."""
    found = PolicyVersion.objects.filter(policy__in=policies).order_by("policy_id", "-number").distinct("policy_id")
    return {one.policy_id: one for one in found.select_related("fallback", "policy")}


def newest_of(team: Team) -> PolicyVersion | None:
    """The newest version of the policy that the team's pages walk; None where it has none."""
    found = PolicyVersion.objects.filter(policy__paged_teams__team=team).order_by("-number")
    return found.select_related("fallback", "policy").first()


def changed_policies(pages: Collection[Page], *, now: datetime) -> Mapping[int, PolicyVersion]:
    """Of open pages those whose policy says something newer than the version they walk: page key to that version.

    One query for any number of pages, whose `policy_version` should be loaded.
    """
    walking = {
        page.pk: page.policy_version
        for page in pages
        if page.policy_version is not None and page.state != State.RESOLVED
    }
    if not walking:
        return {}
    versions = versions_in_force({version.policy_id for version in walking.values()}, now=now)
    newer = {pk: versions.get(version.policy_id) for pk, version in walking.items()}
    return {pk: version for pk, version in newer.items() if version is not None and version.pk != walking[pk].pk}


def catch_all() -> EscalationPolicy | None:
    """The policy for what has no owner or no policy and for what nobody has taken; None where none is set."""
    setting = CatchAll.objects.select_related("policy__team").first()
    return setting.policy if setting else None


def paging_of(team: Team) -> TeamPaging:
    """How the team is paged; one that was never said has neither policy nor schedule (and no row)."""
    found = TeamPaging.objects.select_related("policy", "schedule").filter(team=team).first()
    return found or TeamPaging(team=team)


def severity_rules() -> list[SeverityRule]:
    """The table in its order; empty where the default one decides."""
    return list(SeverityRule.objects.all())


def severity_rule(pk: int) -> SeverityRule:
    """One line. Raises NoSuchRule."""
    found = SeverityRule.objects.filter(pk=pk).first()
    if found is None:
        raise NoSuchRule
    return found
