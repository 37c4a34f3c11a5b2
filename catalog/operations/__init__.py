"""Writes to the catalog: each guards, changes and records in one transaction."""

from catalog.operations.audit import record_audit
from catalog.operations.components import patch_component, put_component, retire_component
from catalog.operations.health import report_health
from catalog.operations.people import ensure_admin, grant_admin, link_account, put_person
from catalog.operations.teams import patch_team, put_team, retire_team, set_member
from catalog.operations.tokens import create_token, revoke_token
from catalog.operations.written import Outcome, Written

__all__ = [
    "Outcome",
    "Written",
    "create_token",
    "ensure_admin",
    "grant_admin",
    "link_account",
    "patch_component",
    "patch_team",
    "put_component",
    "put_person",
    "put_team",
    "record_audit",
    "report_health",
    "retire_component",
    "retire_team",
    "revoke_token",
    "set_member",
]
