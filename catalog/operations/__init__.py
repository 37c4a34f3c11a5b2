"""Writes to the catalog: each guards, changes and records in one transaction."""

from catalog.operations.audit import record_audit, record_changes
from catalog.operations.components import (
    delete_component,
    patch_component,
    put_component,
    put_components,
    retire_component,
)
from catalog.operations.entities import delete_entity, put_entity, retire_entity
from catalog.operations.groups import (
    delete_group,
    patch_domain,
    patch_system,
    put_domain,
    put_system,
    retire_group,
)
from catalog.operations.health import report_health
from catalog.operations.invitations import invite, renew_invitation, revoke_invitation
from catalog.operations.joining import accept_invitation
from catalog.operations.people import (
    delete_person,
    ensure_admin,
    grant_admin,
    link_account,
    patch_person,
    put_person,
    retire_person,
)
from catalog.operations.teams import delete_team, patch_team, put_team, retire_team, set_member
from catalog.operations.tokens import create_token, revoke_token
from catalog.operations.written import Outcome, Written

__all__ = [
    "Outcome",
    "Written",
    "accept_invitation",
    "create_token",
    "delete_component",
    "delete_entity",
    "delete_group",
    "delete_person",
    "delete_team",
    "ensure_admin",
    "grant_admin",
    "invite",
    "link_account",
    "patch_component",
    "patch_domain",
    "patch_person",
    "patch_system",
    "patch_team",
    "put_component",
    "put_components",
    "put_domain",
    "put_entity",
    "put_person",
    "put_system",
    "put_team",
    "record_audit",
    "record_changes",
    "renew_invitation",
    "report_health",
    "retire_component",
    "retire_entity",
    "retire_group",
    "retire_person",
    "retire_team",
    "revoke_invitation",
    "revoke_token",
    "set_member",
]
