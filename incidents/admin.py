"""Every table of the incidents app, to look at; what is append-only or machine-written can't be changed here."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from incidents.models import (
    ActionItem,
    ActionReminder,
    Alert,
    CatchAll,
    ContactMethod,
    Delivery,
    EscalationPolicy,
    HandledTransition,
    InboxMessage,
    Incident,
    Integration,
    LayerVersion,
    Notification,
    NotificationAttempt,
    Override,
    Page,
    PageStep,
    PolicyVersion,
    Review,
    ReviewVersion,
    Schedule,
    SeverityRule,
    SweepStamp,
    TeamPaging,
    TimelineEntry,
    WorkingHours,
)

if TYPE_CHECKING:  # generic for the type checker only
    Admin = admin.ModelAdmin[models.Model]
else:
    Admin = admin.ModelAdmin


class ToLookAt(Admin):
    """Written by operations only."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """No."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """No."""
        return False


@admin.register(Incident)
class IncidentAdmin(ToLookAt):
    """Incidents."""

    list_display = ["number", "title", "severity", "state", "component_ref", "opened_at", "acknowledged_by"]
    list_filter = ["state", "severity"]
    search_fields = ["title", "component_ref"]


@admin.register(Page)
class PageAdmin(ToLookAt):
    """Pages and their timers."""

    list_display = ["pk", "incident", "role", "team", "state", "generation", "cycle", "step", "next_step_at"]
    list_filter = ["state", "role"]


@admin.register(Notification)
class NotificationAdmin(ToLookAt):
    """The outbox."""

    list_display = ["pk", "incident", "person", "channel", "state", "attempts", "due_at", "sent_at", "maybe_duplicate"]
    list_filter = ["state", "channel"]


@admin.register(ContactMethod)
class ContactMethodAdmin(ToLookAt):
    """How people are told; what is secret is shown to nobody."""

    list_display = ["pk", "person", "channel", "address", "confirmed_at", "removed_at"]
    list_filter = ["channel"]
    exclude = ["secret"]


@admin.register(Delivery)
class DeliveryAdmin(ToLookAt):
    """What came in."""

    list_display = ["pk", "kind", "sender", "received_at", "state", "outcome"]
    list_filter = ["state", "kind"]


@admin.register(SeverityRule)
class SeverityRuleAdmin(Admin):
    """The severity table; without rows the built-in one counts."""

    list_display = ["position", "rule", "tier", "teams_blocked", "source", "severity"]


@admin.register(SweepStamp)
class SweepStampAdmin(ToLookAt):
    """The pulse of the sweeps."""

    list_display = ["name", "at", "taken", "failed", "by"]


admin.site.register(
    [
        Alert,
        HandledTransition,
        NotificationAttempt,
        PageStep,
        PolicyVersion,
        LayerVersion,
        TimelineEntry,
        Override,
        InboxMessage,
        WorkingHours,
        Review,
        ReviewVersion,
        ActionItem,
        ActionReminder,
    ],
    ToLookAt,
)
admin.site.register([CatchAll, EscalationPolicy, Integration, Schedule, TeamPaging])
