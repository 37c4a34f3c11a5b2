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
from catalog.operations.health import Health, report_health, report_healths
from catalog.operations.invitations import invite, renew_invitation, revoke_invitation
from catalog.operations.joining import accept_invitation
from catalog.operations.many import add_tag, change_components, confirm_each, give_to, set_tier
from catalog.operations.people import (
    delete_person,
    ensure_admin,
    grant_admin,
    link_account,
    patch_person,
    put_person,
    reopen_account,
    retire_person,
)
from catalog.operations.reading import ViewSpec, delete_view, remember_visit, save_view, star, unstar
from catalog.operations.scores import begin_scores, record_day, score, score_due
from catalog.operations.teams import delete_team, patch_team, put_team, retire_team, set_member
from catalog.operations.tokens import create_token, revoke_token
from catalog.operations.trust import confirm_components, confirm_team, drop_membership, keep_component, repoint
from catalog.operations.written import Outcome, Written

__all__ = [
    "Health",
    "Outcome",
    "ViewSpec",
    "Written",
    "accept_invitation",
    "add_tag",
    "begin_scores",
    "change_components",
    "confirm_components",
    "confirm_each",
    "confirm_team",
    "create_token",
    "delete_component",
    "delete_entity",
    "delete_group",
    "delete_person",
    "delete_team",
    "delete_view",
    "drop_membership",
    "ensure_admin",
    "give_to",
    "grant_admin",
    "invite",
    "keep_component",
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
    "record_day",
    "remember_visit",
    "renew_invitation",
    "reopen_account",
    "repoint",
    "report_health",
    "report_healths",
    "retire_component",
    "retire_entity",
    "retire_group",
    "retire_person",
    "retire_team",
    "revoke_invitation",
    "revoke_token",
    "save_view",
    "score",
    "score_due",
    "set_member",
    "set_tier",
    "star",
    "unstar",
]
