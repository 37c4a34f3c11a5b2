"""The catalog's tables to look at; operations write them, so that every write is checked and kept in the log."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from catalog.models import (
    ApiToken,
    AuditEntry,
    Component,
    ComponentHealth,
    Dependency,
    Domain,
    MaintenanceWindow,
    Membership,
    Ownership,
    Person,
    Responder,
    System,
    Team,
)

if TYPE_CHECKING:  # generic for the type checker only
    Admin = admin.ModelAdmin[models.Model]
else:
    Admin = admin.ModelAdmin


class ToLookAt(Admin):
    """Written by operations only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Never."""
        return False


@admin.register(Component)
class ComponentAdmin(ToLookAt):
    """Components."""

    list_display = ("ref", "type", "tier", "owner_ref", "lifecycle", "version", "retired_at")
    list_filter = ("kind", "tier", "lifecycle", "origin")
    search_fields = ("ref", "title")


@admin.register(Team, System, Domain)
class EntityAdmin(ToLookAt):
    """What else has a reference."""

    list_display = ("ref", "title", "version", "retired_at")
    search_fields = ("ref", "title")


@admin.register(Person)
class PersonAdmin(ToLookAt):
    """People; the command portal_admin links accounts."""

    list_display = ("ref", "display_name", "email", "account", "platform_admin", "retired_at")
    list_filter = ("platform_admin",)
    search_fields = ("ref", "display_name", "email")


@admin.register(ApiToken)
class ApiTokenAdmin(ToLookAt):
    """Tokens, without what would let anybody in."""

    exclude = ("digest",)
    list_display = ("name", "prefix", "created_by", "created_at", "expires_at", "last_used_at", "revoked_at")
    search_fields = ("name", "prefix")


@admin.register(AuditEntry)
class AuditEntryAdmin(ToLookAt):
    """The change log."""

    list_display = ("at", "actor_name", "action", "object_ref", "via")
    list_filter = ("action", "via")
    search_fields = ("object_ref", "actor_ref")


@admin.register(Dependency)
class DependencyAdmin(ToLookAt):
    """Who depends on what."""

    list_display = ("holder", "relation", "target_ref", "target")
    list_select_related = ("holder", "target")
    search_fields = ("holder__ref", "target_ref")


@admin.register(Membership, Ownership, Responder, ComponentHealth, MaintenanceWindow)
class RowAdmin(ToLookAt):
    """The rest, by its own words."""
