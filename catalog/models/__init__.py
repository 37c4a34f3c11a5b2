"""The catalog's tables."""

from catalog.models.access import ApiToken, AuditEntry, IdempotentAnswer, Invitation
from catalog.models.campaigns import Campaign, CampaignDay, ScoreStep
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
from catalog.models.reading import SavedView, Star, Visit
from catalog.models.sharing import Sharing
from catalog.models.sources import Claim, Location, LocationFile
from catalog.models.tally import Tally
from catalog.models.trust import Score, ScoreDay

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Campaign",
    "CampaignDay",
    "Claim",
    "Component",
    "ComponentHealth",
    "Dependency",
    "Domain",
    "IdempotentAnswer",
    "Invitation",
    "Location",
    "LocationFile",
    "MaintenanceWindow",
    "Membership",
    "Ownership",
    "Person",
    "Responder",
    "SavedView",
    "Score",
    "ScoreDay",
    "ScoreStep",
    "Sharing",
    "Star",
    "System",
    "Tally",
    "Team",
    "Visit",
]
