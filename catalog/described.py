"""Rows as specs: what the catalog says of an entity, in the shape in which clients say it."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from catalog.models import Component, Dependency, Domain, Person, System, Team
from catalog.specs import ComponentSpec, DomainSpec, EntitySpec, MemberSpec, PersonSpec, SystemSpec, TeamSpec

Relation = Dependency.Relation
FIELD_OF: Mapping[str, str] = {
    Relation.DEPENDS_ON: "depends_on",
    Relation.PROVIDES: "provides_apis",
    Relation.CONSUMES: "consumes_apis",
    Relation.PART_OF: "subcomponent_of",
}
"""Each relation as the API names it."""
RELATIONS = {"depends_on": Relation.DEPENDS_ON, "provides_apis": Relation.PROVIDES, "consumes_apis": Relation.CONSUMES}
"""The lists of a spec by what they make of its holder."""

SHARED = ("namespace", "name", "title", "description", "labels", "annotations", "extra")
NAMES = frozenset({"kind", "namespace", "name"})
DIFFERING: dict[type, tuple[str, ...]] = {
    spec: tuple(each.name for each in fields(spec) if each.name not in NAMES)
    for spec in (ComponentSpec, SystemSpec, DomainSpec, TeamSpec, PersonSpec)
}
READ = {spec: attrgetter(*names) for spec, names in DIFFERING.items()}
# Only what was said from its own side: a component that thousands depend on names none of them
SAID_BY_IT = Prefetch("dependencies", Dependency.objects.filter(by_holder=True), to_attr="said_by_it")
SAID_OF_IT = Prefetch("dependents", Dependency.objects.filter(by_target=True), to_attr="said_of_it")
SAID = ("said_by_it", "said_of_it")


def with_relations(rows: QuerySet[Component]) -> QuerySet[Component]:
    """Components with all that `component_spec` reads, for many at once."""
    return rows.prefetch_related(SAID_BY_IT, SAID_OF_IT, "responders")


def component_spec(component: Component) -> ComponentSpec:
    """The component in whole; for many take them `with_relations`."""
    if not hasattr(component, "said_by_it"):
        prefetch_related_objects([component], SAID_BY_IT, SAID_OF_IT, "responders")
    named: dict[str, list[str]] = {relation: [] for relation in Relation}
    for edge in getattr(component, "said_by_it", ()):
        named[edge.relation].append(edge.target_ref)
    (part_of,) = named[Relation.PART_OF][:1] or [""]
    return ComponentSpec(
        **_shared(component),
        kind=component.kind,
        type=component.type,
        lifecycle=component.lifecycle,
        tier=component.tier,
        owner=component.owner_ref,
        system=component.system_ref,
        subcomponent_of=part_of,
        docs=component.docs,
        runbook=component.runbook,
        definition=component.definition,
        depends_on=_sorted(named[Relation.DEPENDS_ON]),
        dependency_of=_sorted(edge.holder_ref for edge in getattr(component, "said_of_it", ())),
        provides_apis=_sorted(named[Relation.PROVIDES]),
        consumes_apis=_sorted(named[Relation.CONSUMES]),
        responders=_sorted(responder.team_ref for responder in component.responders.all()),
    )


def forget_relations(component: Component) -> None:
    """Drop what was read of its relations, for they were written since."""
    for name in SAID:
        component.__dict__.pop(name, None)
    component.__dict__.get("_prefetched_objects_cache", {}).clear()


def system_spec(system: System) -> SystemSpec:
    """The system in whole."""
    return SystemSpec(**_shared(system), type=system.type, owner=system.owner_ref, domain=system.domain_ref)


def domain_spec(domain: Domain) -> DomainSpec:
    """The domain in whole."""
    return DomainSpec(**_shared(domain), type=domain.type, owner=domain.owner_ref, parent=domain.parent_ref)


def team_spec(team: Team) -> TeamSpec:
    """The team in whole, with the members that it names itself; reads `memberships`, so prefetch those for many."""
    return TeamSpec(
        **_shared(team),
        type=team.type,
        email=team.email,
        picture=team.picture,
        chat_url=team.chat_url,
        parent=team.parent_ref,
        children=_sorted(team.children_refs),
        members=tuple(
            sorted(MemberSpec(person=m.person_ref, role=m.role) for m in team.memberships.all() if m.by_team)
        ),
    )


def person_spec(person: Person) -> PersonSpec:
    """The person in whole, with the teams they name themselves; reads `memberships`, so prefetch those for many."""
    return PersonSpec(
        **_shared(person),
        display_name=person.display_name,
        email=person.email,
        picture=person.picture,
        time_zone=person.time_zone,
        clock_24h=person.clock_24h,
        member_of=_sorted(m.team_ref for m in person.memberships.all() if m.by_person),
    )


def spec_of(entity: Component | System | Domain | Team | Person) -> EntitySpec:
    """Any of them in whole."""
    if isinstance(entity, Component):
        return component_spec(entity)
    if isinstance(entity, System):
        return system_spec(entity)
    if isinstance(entity, Domain):
        return domain_spec(entity)
    return team_spec(entity) if isinstance(entity, Team) else person_spec(entity)


def difference[S: EntitySpec](before: S, after: S) -> dict[str, tuple[object, object]]:
    """`{field: (before, after)}` as JSON keeps it, for the fields that differ; what the entity is called is not one."""
    kind = type(before)
    both = zip(DIFFERING[kind], READ[kind](before), READ[kind](after), strict=True)
    return {name: (_plain(old), _plain(new)) for name, old, new in both if old != new}


def _shared(entity: Component | System | Domain | Team | Person) -> dict[str, Any]:
    said = {name: getattr(entity, name) for name in SHARED}
    return {**said, "tags": tuple(entity.tags), "links": tuple(entity.links)}


def _sorted(refs: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(refs))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, MemberSpec):
        return {"person": value.person, "role": value.role}
    return dict(value) if isinstance(value, Mapping) else value
