"""What came in: integrations, raw deliveries kept for a while, and transitions taken exactly once."""

from django.db import models

from catalog.models import ApiToken, Person, Team
from incidents.models.alert import Alert
from incidents.models.incident import Incident


class Integration(models.Model):
    """One way in with a key of its own, stored as a hash."""

    class Kind(models.TextChoices):
        """Whose words are spoken on it."""

        OWN = "own", "Portico's own JSON"
        ALERTMANAGER = "alertmanager", "Alertmanager"
        PAGERDUTY = "pagerduty", "PagerDuty Events v2"
        GENERIC = "generic", "Any JSON"
        HEARTBEAT = "heartbeat", "Heartbeat"

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of its key")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="integrations")
    settings = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One request as it came, and what became of it. Accepted means stored; the sweep makes alerts of it."""

    class State(models.TextChoices):
        """Where it stands."""

        STORED = "stored", "Waiting"
        DONE = "done", "Taken"
        REJECTED = "rejected", "Rejected"

    kind = models.CharField(max_length=20, choices=Integration.Kind, default=Integration.Kind.OWN)
    integration = models.ForeignKey(Integration, null=True, on_delete=models.SET_NULL, related_name="deliveries")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="+")
    sender = models.CharField(max_length=200, blank=True, help_text="Who sent it, by name")
    key = models.CharField(max_length=300, blank=True, help_text="Deliveries of one key are taken in order of arrival")
    received_at = models.DateTimeField()
    body = models.JSONField(null=True)
    raw = models.TextField(blank=True, help_text="The text as it came, where it is not JSON")
    state = models.CharField(max_length=10, choices=State, default=State.STORED)
    due_at = models.DateTimeField(help_text="When to take it; later after a failure")
    attempts = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=300, blank=True, help_text="What became of it, in words")
    alert = models.ForeignKey(Alert, null=True, on_delete=models.SET_NULL, related_name="deliveries")
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(state="stored"), name="delivery_due"),
            models.Index(fields=["key", "id"], condition=models.Q(state="stored"), name="delivery_of_key"),
            models.Index(fields=["received_at"], name="delivery_by_age"),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.kind} delivery {self.pk}: {self.outcome or self.state}"


class HandledTransition(models.Model):
    """A burn, blind or budget transition was taken; inserted in the same transaction as what it led to."""

    transition = models.OneToOneField(
        "slo.AlertTransition", on_delete=models.CASCADE, primary_key=True, related_name="handled"
    )
    at = models.DateTimeField()
    incident = models.ForeignKey(Incident, null=True, on_delete=models.SET_NULL, related_name="transitions")
    outcome = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.outcome
