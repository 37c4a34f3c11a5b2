"""Typed builders: one row each, with sensible rest. Apps add theirs in `make_<app>.py`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from rest_framework.test import APIClient

from catalog.authentication import digest
from catalog.models import (
    ApiToken,
    Component,
    Dependency,
    Domain,
    Membership,
    Ownership,
    Person,
    Responder,
    System,
    Team,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
_numbers = count(1)
Settings = Any  # pytest-django's settings wrapper has no type of its own


def person(name: str = "", *, admin: bool = False, now: datetime = NOW, **fields: Any) -> Person:
    """Somebody without an account."""
    name = name or f"person-{next(_numbers)}"
    fields = {"display_name": name.replace("-", " ").title(), "email": f"{name}@example.org", **fields}
    return Person.objects.create(
        ref=f"user:default/{name.lower()}", name=name, platform_admin=admin, created_at=now, updated_at=now, **fields
    )


def account_of(somebody: Person) -> User:
    """The person's account, made when there is none; its password is `PASSWORD`."""
    if somebody.account is None:
        somebody.account = get_user_model().objects.create_user(username=somebody.name, password=PASSWORD)
        somebody.save(update_fields=["account"])
    return somebody.account


def account(name: str = "", *, admin: bool = False) -> User:
    """An account with its person."""
    return account_of(person(name, admin=admin))


def team(name: str = "", *members: Person, lead: Person | None = None, now: datetime = NOW, **fields: Any) -> Team:
    """A team with `members`, and `lead` beside them."""
    name = name or f"team-{next(_numbers)}"
    fields = {"title": name.replace("-", " ").title(), **fields}
    made = Team.objects.create(ref=f"group:default/{name.lower()}", name=name, created_at=now, updated_at=now, **fields)
    for somebody in members:
        member(made, somebody)
    if lead:
        member(made, lead, role=Membership.Role.LEAD)
    return made


def member(of: Team, somebody: Person, *, role: Membership.Role = Membership.Role.MEMBER) -> Membership:
    """`somebody` in the team `of`."""
    return Membership.objects.create(team=of, team_ref=of.ref, person_ref=somebody.ref, person=somebody, role=role)


def component(
    name: str = "",
    *,
    owner: Team | None = None,
    tier: int | None = None,
    kind: str = "component",
    responders: Iterable[Team] = (),
    now: datetime = NOW,
    **fields: Any,
) -> Component:
    """A component; with an owner, owned since `now`."""
    name = name or f"component-{next(_numbers)}"
    fields = {"type": "service", "lifecycle": "production", "owner_ref": owner.ref if owner else "", **fields}
    made = Component.objects.create(
        ref=f"{kind}:default/{name.lower()}",
        kind=kind,
        name=name,
        tier=tier,
        owner=owner,
        created_at=now,
        updated_at=now,
        **fields,
    )
    if owner:
        Ownership.objects.create(component=made, team=owner, team_ref=owner.ref, period=DateTimeTZRange(now, None))
    Responder.objects.bulk_create(Responder(component=made, team=t, team_ref=t.ref) for t in responders)
    return made


def domain(name: str, *, owner: Team | None = None, parent: Domain | None = None, **fields: Any) -> Domain:
    """A domain, within a wider one when given."""
    fields = {"owner_ref": owner.ref if owner else "", "parent_ref": parent.ref if parent else "", **fields}
    fields |= {"owner": owner, "parent": parent}
    return Domain.objects.create(ref=f"domain:default/{name}", name=name, created_at=NOW, updated_at=NOW, **fields)


def system(name: str, *, owner: Team | None = None, domain: Domain | None = None, **fields: Any) -> System:
    """A system, within a domain when given."""
    fields = {"owner_ref": owner.ref if owner else "", "domain_ref": domain.ref if domain else "", **fields}
    fields |= {"owner": owner, "domain": domain}
    return System.objects.create(ref=f"system:default/{name}", name=name, created_at=NOW, updated_at=NOW, **fields)


def dependency(holder: Component, target: Component | str, *, relation: str = "dependsOn") -> Dependency:
    """`holder` depends on `target`; a string is a reference to something that is not there."""
    if isinstance(target, str):
        return Dependency.objects.create(holder=holder, holder_ref=holder.ref, target_ref=target, relation=relation)
    return Dependency.objects.create(
        holder=holder, holder_ref=holder.ref, target_ref=target.ref, target=target, relation=relation
    )


def token(
    *scopes: str, teams: Iterable[Team] = (), name: str = "ci", by: Person | None = None, **fields: Any
) -> tuple[ApiToken, str]:
    """A token's row and the text that a client sends."""
    text, teams = f"portico_test-{next(_numbers)}", list(teams)
    row = ApiToken.objects.create(
        name=name,
        prefix=text[:12],
        digest=digest(text),
        scopes=list(scopes or ["read"]),
        limited=bool(teams),
        created_by=by,
        created_at=NOW,
        **fields,
    )
    row.teams.set(teams)
    return row, text


def signed(client: APIClient, text: str) -> APIClient:
    """`client`, sending the token `text` from now on."""
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client
