"""Reads of the catalog."""

from catalog.queries.entities import (
    Found,
    NoSuchComponent,
    NoSuchPerson,
    NoSuchTeam,
    changes_of,
    component_by_ref,
    components_of,
    health_of,
    holding,
    named,
    on_call_now,
    owner_of,
    person_by_ref,
    team_by_ref,
    teams_of,
)
from catalog.queries.listing import NOBODY, ComponentFilter, Facet, Healths, components, facets

__all__ = [
    "NOBODY",
    "ComponentFilter",
    "Facet",
    "Found",
    "Healths",
    "NoSuchComponent",
    "NoSuchPerson",
    "NoSuchTeam",
    "changes_of",
    "component_by_ref",
    "components",
    "components_of",
    "facets",
    "health_of",
    "holding",
    "named",
    "on_call_now",
    "owner_of",
    "person_by_ref",
    "team_by_ref",
    "teams_of",
]
