"""What came in: integrations with their keys, raw deliveries kept for a while, and transitions taken exactly once."""

from django.db import models
from django.urls import reverse

from catalog.models import ApiToken, Person, Team
from incidents.models.alert import Alert
from incidents.models.incident import Incident

PLUGGED: dict[str, str] = {}
"""What people call the kinds that plugins add, by kind; `incidents.intake.ways.register` puts them here."""


class Integration(models.Model):
    """One way in, with keys of its own. How its words are read is in `settings` (`incidents.intake.config`)."""

    class Kind(models.TextChoices):
        """Whose words are spoken on it."""

        ALERTMANAGER = "alertmanager", "Alertmanager"
        PAGERDUTY = "pagerduty", "PagerDuty Events v2"
        GENERIC = "generic", "Any JSON"
        HEARTBEAT = "heartbeat", "Heartbeat"
        OWN = "own", "Portico's own JSON"

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="integrations")
    settings = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    warning = models.CharField(max_length=300, blank=True, help_text="What was last noticed about what it sends")
    warned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_kind_display(self) -> str:  # type: ignore[no-redef]  # the stubs have made one
        """What people call its kind, a plugin's too."""
        return _called(self.kind)

    @property
    def ref(self) -> str:
        """As the change log names it."""
        return f"integration:{self.pk}"

    @property
    def label(self) -> str:
        """For people to read."""
        return self.name

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("incidents:integration", args=[self.pk])


class IntegrationKey(models.Model):
    """A key of an integration, shown once and stored as a hash. Several may be good at once, so none is lost."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="keys")
    prefix = models.CharField(max_length=8, blank=True, help_text="Its first characters, to tell keys apart")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the whole key")
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.integration_id}"


class Heartbeat(models.Model):
    """What must be heard of again and again. Without a beat yet it waits, and `due_at` is empty."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="heartbeat")
    every_seconds = models.PositiveIntegerField()
    grace_seconds = models.PositiveIntegerField()
    last_beat_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Silence becomes an alert then")
    silent_since = models.DateTimeField(null=True, blank=True, help_text="An alert was raised then and is not cleared")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(silent_since=None), name="heartbeat_due"),
            models.Index(fields=["silent_since"], condition=~models.Q(silent_since=None), name="heartbeat_silent"),
        ]

    def __str__(self) -> str:
        return f"heartbeat of {self.integration_id}"


class Delivery(models.Model):
    """One request as it came, and what became of it. Accepted means stored; the sweep makes alerts of it.

    A request with many alerts has a part for each, so that each is taken, pushed back and told of by itself.
    """

    class State(models.TextChoices):
        """Where it stands."""

        STORED = "stored", "Waiting"
        DONE = "done", "Taken"
        REJECTED = "rejected", "Rejected"

    kind = models.CharField(max_length=20, choices=Integration.Kind, default=Integration.Kind.OWN)
    integration = models.ForeignKey(
        Integration, null=True, on_delete=models.SET_NULL, related_name="deliveries", db_index=False
    )
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="+")
    sender = models.CharField(max_length=200, blank=True, help_text="Who sent it, by name")
    key = models.CharField(max_length=300, blank=True, help_text="Deliveries of one key are taken in order of arrival")
    part_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="parts")
    replay_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replays")
    received_at = models.DateTimeField()
    body = models.JSONField(null=True)
    raw = models.TextField(blank=True, help_text="The text as it came")
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
            models.Index(fields=["id"], condition=models.Q(state="stored"), name="delivery_stored"),
            models.Index(fields=["received_at"], name="delivery_by_age"),
            models.Index(fields=["integration", "received_at", "id"], name="delivery_of_integration"),
            models.Index(fields=["received_at", "id"], condition=models.Q(part_of=None), name="delivery_whole_by_age"),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.kind} delivery {self.pk}: {self.outcome or self.state}"

    @property
    def own_key(self) -> str:
        """Its key as the sender knows it, without what tells integrations apart; empty for a request of many alerts."""
        return self.key.removeprefix(f"integration-{self.integration_id}").removeprefix(":")

    def get_kind_display(self) -> str:  # type: ignore[no-redef]  # the stubs have made one
        """What people call the kind of what sent it, a plugin's too."""
        return _called(self.kind)

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("incidents:delivery", args=[self.pk])


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


def _called(kind: str) -> str:
    return PLUGGED.get(kind) or dict(Integration.Kind.choices).get(kind, kind)
