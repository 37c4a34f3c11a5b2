"""Any kind by its reference: the same verbs for all."""

from datetime import datetime

from catalog.access import Actor
from catalog.models import Component, Domain, Person, System, Team
from catalog.models.entity import Origin
from catalog.operations.components import delete_component, put_component, retire_component
from catalog.operations.groups import delete_group, put_domain, put_system, retire_group
from catalog.operations.people import delete_person, put_person, retire_person
from catalog.operations.teams import delete_team, put_team, retire_team
from catalog.operations.written import Written
from catalog.specs import ComponentSpec, DomainSpec, EntitySpec, PersonSpec, SystemSpec
from portal.lib.errors import Missing

type AnyWritten = Written[Component] | Written[System] | Written[Domain] | Written[Team] | Written[Person]


class NoSuchKind(Missing):
    """There is nothing of that kind."""


def put_entity(
    *, spec: EntitySpec, actor: Actor, now: datetime, origin: Origin = Origin.API, source: str = ""
) -> AnyWritten:
    """Make the entity what `spec` says, as the operation of its kind does."""
    if isinstance(spec, ComponentSpec):
        return put_component(spec=spec, actor=actor, now=now, origin=origin, source=source)
    if isinstance(spec, SystemSpec):
        return put_system(spec=spec, actor=actor, now=now, origin=origin, source=source)
    if isinstance(spec, DomainSpec):
        return put_domain(spec=spec, actor=actor, now=now, origin=origin, source=source)
    if isinstance(spec, PersonSpec):
        return put_person(spec=spec, actor=actor, now=now, origin=origin, source=source)
    return put_team(spec=spec, actor=actor, now=now, origin=origin, source=source)


def retire_entity(*, ref: str, actor: Actor, now: datetime) -> AnyWritten:
    """Take whatever is called `ref` out of lists. Raises as the operation of its kind, NoSuchKind."""
    match ref.partition(":")[0].lower():
        case "component" | "resource" | "api":
            return retire_component(ref=ref, actor=actor, now=now)
        case "system":
            return retire_group(model=System, ref=ref, actor=actor, now=now)
        case "domain":
            return retire_group(model=Domain, ref=ref, actor=actor, now=now)
        case "group":
            return retire_team(ref=ref, actor=actor, now=now)
        case "user":
            return retire_person(ref=ref, actor=actor, now=now)
        case kind:
            raise NoSuchKind(f"There is no kind {kind!r} to retire.")


def delete_entity(*, ref: str, actor: Actor, now: datetime) -> None:
    """Remove whatever is called `ref` for good. Raises Forbidden unless a platform admin asks, NoSuchKind."""
    match ref.partition(":")[0].lower():
        case "component" | "resource" | "api":
            delete_component(ref=ref, actor=actor, now=now)
        case "system":
            delete_group(model=System, ref=ref, actor=actor, now=now)
        case "domain":
            delete_group(model=Domain, ref=ref, actor=actor, now=now)
        case "group":
            delete_team(ref=ref, actor=actor, now=now)
        case "user":
            delete_person(ref=ref, actor=actor, now=now)
        case kind:
            raise NoSuchKind(f"There is no kind {kind!r} to delete.")
