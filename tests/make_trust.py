"""Builders of what is rotten."""

from datetime import datetime, timedelta
from typing import Any

from catalog.confirmation import CONFIRMED_FOR
from catalog.models import Claim, Component, Dependency, Membership, Person, Team
from tests import make
from tests.make import NOW

LONG_AGO = NOW - CONFIRMED_FOR - timedelta(days=1)


def claim(ref: str, *, source: str = "location:default/platform", orphaned_at: datetime | None = None) -> Claim:
    """A source's word about an entity; with `orphaned_at` it took that back."""
    return Claim.objects.create(source=source, ref=ref, since=LONG_AGO, orphaned_at=orphaned_at)


def said_by_target(target: Component, holder_ref: str, *, relation: str = "dependsOn") -> Dependency:
    """`target` says that something which is not there depends on it."""
    return Dependency.objects.create(
        holder_ref=holder_ref,
        target=target,
        target_ref=target.ref,
        relation=relation,
        by_holder=False,
        by_target=True,
    )


def member_not_there(team: Team, ref: str = "user:default/gone") -> Membership:
    """The team says that somebody unknown is in it."""
    return Membership.objects.create(team=team, team_ref=team.ref, person_ref=ref)


def team_not_there(person: Person, ref: str = "group:default/gone") -> Membership:
    """A person says that they are in a team nobody knows."""
    return Membership.objects.create(team_ref=ref, person=person, person_ref=person.ref, by_team=False, by_person=True)


def kept_team(name: str, lead: Person, **fields: Any) -> Team:
    """A team that nothing is wrong with: led, and with an address."""
    return make.team(name, lead=lead, **{"email": f"{name}@example.org", **fields})


def well_kept(name: str = "", *, owner: Team, **fields: object) -> Component:
    """A component that all of the catalog's own checks pass."""
    said = {"tier": 2, "description": "What it is.", "docs": "# Read", "runbook": "https://x.org", **fields}
    made = make.component(name, owner=owner, **said)  # type: ignore[arg-type]
    make.dependency(made, make.component(owner=owner))
    return made
