"""References both ways: looked up when they are written, joined when what they name appears later."""

from collections.abc import Collection, Mapping

from catalog.models import Component, Domain, Membership, Ownership, Person, Responder, System, Team


def team_ids(refs: Collection[str]) -> Mapping[str, int]:
    """Ids of those teams that are there."""
    return dict(Team.objects.filter(ref__in=refs).values_list("ref", "pk"))


def system_ids(refs: Collection[str]) -> Mapping[str, int]:
    """Ids of those systems that are there."""
    return dict(System.objects.filter(ref__in=refs).values_list("ref", "pk"))


def people_ids(refs: Collection[str]) -> Mapping[str, int]:
    """Ids of those people that are there."""
    return dict(Person.objects.filter(ref__in=refs).values_list("ref", "pk"))


def team_named(ref: str) -> Team | None:
    """The team a reference names; None for a dangling or empty one."""
    return Team.objects.filter(ref=ref).first() if ref else None


def domain_named(ref: str) -> Domain | None:
    """The domain a reference names; None for a dangling or empty one."""
    return Domain.objects.filter(ref=ref).first() if ref else None


def join_team(team: Team) -> None:
    """Point at a new team what has been naming it."""
    for model in (Component, System, Domain):
        model._default_manager.filter(owner_ref=team.ref, owner=None).update(owner=team)
    Ownership.objects.filter(team_ref=team.ref, team=None).update(team=team)
    Membership.objects.filter(team_ref=team.ref, team=None).update(team=team)
    Responder.objects.filter(team_ref=team.ref, team=None).update(team=team)
    Team.objects.filter(parent_ref=team.ref, parent=None).exclude(pk=team.pk).update(parent=team)


def join_person(person: Person) -> None:
    """Point at a new person the memberships that have been naming them."""
    Membership.objects.filter(person_ref=person.ref, person=None).update(person=person)
