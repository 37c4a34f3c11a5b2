"""What groups hold: how much, and how that is. Asked for a page of them at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Count, Max, Q

from catalog.models import Component, Membership, System

UNSAID = -1


@dataclass(frozen=True, slots=True)
class Inside:
    """How many components, and the worst health of any (`Component.worst`; -1 where nothing is said)."""

    count: int = 0
    worst: int = UNSAID


def inside_systems(ids: Collection[int]) -> Mapping[int, Inside]:
    """By system what it holds, for those that hold anything."""
    return _inside("system", Q(system__in=ids))


def inside_domains(ids: Collection[int]) -> Mapping[int, Inside]:
    """By domain what its own systems hold, for those that hold anything."""
    return _inside("system__domain", Q(system__domain__in=ids, system__retired_at=None))


def owned_by(team_ids: Collection[int]) -> Mapping[int, Inside]:
    """By team what it owns, for those that own anything."""
    return _inside("owner", Q(owner__in=team_ids))


def healths_inside(**where: object) -> Mapping[int, int]:
    """How many of the components `where` are how well, by `Component.worst`."""
    rows = Component.objects.filter(retired_at=None, **where).order_by().values("worst").annotate(n=Count("pk"))
    return {row["worst"]: row["n"] for row in rows}


def systems_inside(domain_ids: Collection[int]) -> Mapping[int, int]:
    """By domain how many systems it holds, for those that hold any."""
    rows = System.objects.filter(domain__in=domain_ids, retired_at=None).order_by().values("domain")
    return {row["domain"]: row["n"] for row in rows.annotate(n=Count("pk"))}


def sizes(team_ids: Collection[int]) -> Mapping[int, int]:
    """By team how many people are in it, for those with any."""
    rows = Membership.objects.filter(team__in=team_ids).order_by().values("team").annotate(n=Count("pk"))
    return {row["team"]: row["n"] for row in rows}


def _inside(key: str, where: Q) -> Mapping[int, Inside]:
    rows = Component.objects.filter(where, retired_at=None).order_by().values(key)
    return {row[key]: Inside(row["n"], row["loudest"]) for row in rows.annotate(n=Count("pk"), loudest=Max("worst"))}
