"""The catalog's tables."""

from catalog.models.access import ApiToken, AuditEntry
from catalog.models.components import (
    Component,
    ComponentHealth,
    Dependency,
    Domain,
    MaintenanceWindow,
    Ownership,
    Responder,
    System,
)
from catalog.models.people import Membership, Person, Team

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Component",
    "ComponentHealth",
    "Dependency",
    "Domain",
    "MaintenanceWindow",
    "Membership",
    "Ownership",
    "Person",
    "Responder",
    "System",
    "Team",
]
