"""Who may write by machine, and what was written by whom. Both outlive the person."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from catalog.models.people import Person, Team


class ApiToken(models.Model):
    """A machine's key: shown once, stored as a hash, limited to scopes and, when wanted, to teams."""

    class Scope(models.TextChoices):
        """What a token may do."""

        READ = "read", "Read everything"
        COMPONENTS = "components:write", "Register components and teams"
        SLOS = "slos:write", "Write objectives"
        ALERTS = "alerts:send", "Send alerts"
        INCIDENTS = "incidents:write", "Declare, acknowledge and resolve incidents"
        ONCALL = "oncall:write", "Write schedules and policies"

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, help_text="Its first characters, to tell tokens apart")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the whole token")
    scopes = ArrayField(models.CharField(max_length=30, choices=Scope))
    limited = models.BooleanField(default=False, help_text="To `teams`; stays so when the last of them is deleted")
    teams = models.ManyToManyField(Team, blank=True, related_name="tokens")
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="tokens")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEntry(models.Model):
    """One write by anyone. Objects and actors are named by reference too, and so stay readable after deletion."""

    at = models.DateTimeField(db_index=True)
    actor_ref = models.CharField(max_length=200, help_text="`user:…`, `token:…` or `system:…`")
    actor_name = models.CharField(max_length=200)
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="audit_entries")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="audit_entries")
    via = models.CharField(max_length=20, blank=True, help_text="web, api, link, cli or system")
    action = models.CharField(max_length=60, help_text="`component.create`, `policy.edit`, …")
    object_ref = models.CharField(max_length=300, db_index=True)
    diff = models.JSONField(default=dict, help_text='{"field": [before, after]}')

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.object_ref}"
