"""Alerts: what a source says is wrong. One row per opening; unique by key while open."""

from django.db import models

from catalog.models import Component
from incidents.models.incident import Incident, Severity


class Alert(models.Model):
    """Something fires under a key. A repeat counts up; after it has cleared, the next firing is a new row."""

    class Rule(models.TextChoices):
        """How loud the source says it is."""

        PAGE = "page", "Page"
        TICKET = "ticket", "Ticket"
        INFO = "info", "For information"

    key = models.CharField(max_length=300, help_text="Source and external key; the same key is the same trouble")
    source = models.CharField(max_length=40, help_text="slo, api, manual, alertmanager, …")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="alerts", null=True)
    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="alerts")
    component_ref = models.CharField(max_length=200, blank=True)
    objective = models.ForeignKey(
        "slo.Objective", null=True, blank=True, on_delete=models.SET_NULL, related_name="alerts"
    )
    rule = models.CharField(max_length=10, choices=Rule, default=Rule.PAGE)
    summary = models.CharField(max_length=300)
    details = models.JSONField(default=dict, blank=True)
    links = models.JSONField(default=list, blank=True, help_text='[{"url", "title"}]')
    count = models.PositiveIntegerField(default=1, help_text="How often it was sent while open")
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=300, blank=True, help_text="What became of it, in words")

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(cleared_at__isnull=True), name="one_open_alert_per_key"
            )
        ]
        indexes = [
            models.Index(fields=["key", "-cleared_at"], name="alert_by_key_and_clearing"),
            models.Index(fields=["key", "-opened_at"], name="alert_by_key_and_opening"),
        ]

    def __str__(self) -> str:
        return self.summary


class SeverityRule(models.Model):
    """One line of the severity table: the first by position whose conditions all hold decides. Empty fits anything."""

    position = models.PositiveIntegerField(unique=True)
    rule = models.CharField(max_length=10, choices=Alert.Rule, blank=True)
    tier = models.PositiveSmallIntegerField(null=True, blank=True, choices=Component.Tier)
    teams_blocked = models.PositiveIntegerField(null=True, blank=True, help_text="At least so many teams blocked")
    source = models.CharField(max_length=40, blank=True)
    severity = models.PositiveSmallIntegerField(choices=Severity)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position}: {self.get_severity_display()}"
