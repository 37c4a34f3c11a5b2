"""Rows as specs: what the catalog says of an entity, in the shape in which clients say it."""

from collections.abc import Iterable, Mapping
from dataclasses import fields

from catalog.models import Component, Dependency, Person, Team
from catalog.specs import ComponentSpec, MemberSpec, PersonSpec, TeamSpec

Relation = Dependency.Relation
RELATIONS = {"depends_on": Relation.DEPENDS_ON, "provides_apis": Relation.PROVIDES, "consumes_apis": Relation.CONSUMES}


def component_spec(component: Component) -> ComponentSpec:
    """The component in whole; reads `dependencies` and `responders`, so prefetch those for many."""
    edges = [(edge.relation, edge.target_ref) for edge in component.dependencies.all()]
    return ComponentSpec(
        kind=component.kind,
        namespace=component.namespace,
        name=component.name,
        title=component.title,
        description=component.description,
        type=component.type,
        lifecycle=component.lifecycle,
        tier=component.tier,
        owner=component.owner_ref,
        system=component.system_ref,
        tags=tuple(component.tags),
        labels=component.labels,
        annotations=component.annotations,
        links=tuple(component.links),
        docs=component.docs,
        runbook=component.runbook,
        depends_on=_sorted(ref for relation, ref in edges if relation == Relation.DEPENDS_ON),
        provides_apis=_sorted(ref for relation, ref in edges if relation == Relation.PROVIDES),
        consumes_apis=_sorted(ref for relation, ref in edges if relation == Relation.CONSUMES),
        responders=_sorted(responder.team_ref for responder in component.responders.all()),
    )


def team_spec(team: Team) -> TeamSpec:
    """The team in whole; reads `memberships`, so prefetch those for many."""
    return TeamSpec(
        namespace=team.namespace,
        name=team.name,
        title=team.title,
        description=team.description,
        type=team.type,
        email=team.email,
        chat_url=team.chat_url,
        parent=team.parent_ref,
        tags=tuple(team.tags),
        labels=team.labels,
        annotations=team.annotations,
        links=tuple(team.links),
        members=tuple(sorted(MemberSpec(person=m.person_ref, role=m.role) for m in team.memberships.all())),
    )


def person_spec(person: Person) -> PersonSpec:
    """The person in whole."""
    return PersonSpec(
        namespace=person.namespace,
        name=person.name,
        display_name=person.display_name,
        email=person.email,
        time_zone=person.time_zone,
        clock_24h=person.clock_24h,
    )


def difference[S: (ComponentSpec, TeamSpec, PersonSpec)](before: S, after: S) -> dict[str, tuple[object, object]]:
    """`{field: (before, after)}` as JSON keeps it, for the fields that differ; what the entity is called is not one."""
    named = {"kind", "namespace", "name"}
    pairs = {f.name: (getattr(before, f.name), getattr(after, f.name)) for f in fields(before) if f.name not in named}
    return {name: (_plain(old), _plain(new)) for name, (old, new) in pairs.items() if old != new}


def _sorted(refs: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(refs))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, MemberSpec):
        return {"person": value.person, "role": value.role}
    return dict(value) if isinstance(value, Mapping) else value
