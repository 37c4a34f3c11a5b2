"""PURE: what a client says of an entity, whether it came by API, form or manifest."""

from catalog.specs.components import KINDS, ComponentSpec, checked_component
from catalog.specs.groups import DomainSpec, SystemSpec, checked_domain, checked_system
from catalog.specs.people import (
    AS_IT_IS,
    ROLES,
    MemberSpec,
    PersonSpec,
    TeamSpec,
    checked_person,
    checked_team,
)
from catalog.specs.shared import Extra, Link, Metadata

type EntitySpec = ComponentSpec | SystemSpec | DomainSpec | TeamSpec | PersonSpec

__all__ = [
    "AS_IT_IS",
    "KINDS",
    "ROLES",
    "ComponentSpec",
    "DomainSpec",
    "EntitySpec",
    "Extra",
    "Link",
    "MemberSpec",
    "Metadata",
    "PersonSpec",
    "SystemSpec",
    "TeamSpec",
    "checked_component",
    "checked_domain",
    "checked_person",
    "checked_system",
    "checked_team",
]
