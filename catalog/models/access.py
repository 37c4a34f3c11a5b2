"""Who may write by machine, and what was written by whom. Both outlive the person."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from catalog.models.people import Membership, Person, Team


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

    @property
    def may(self) -> list[tuple[str, str]]:
        """What it may do: each scope in words and by its name; one that is no more goes by its name alone."""
        words = dict(self.Scope.choices)
        return [(words.get(scope, ""), scope) for scope in self.scopes]


class Invitation(models.Model):
    """A letter that lets somebody make their account; its link is kept as a hash and works once."""

    email = models.EmailField()
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="invitations")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitations")
    role = models.CharField(max_length=10, choices=Membership.Role, default=Membership.Role.MEMBER)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what the link holds")
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="invited")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.email


class IdempotentAnswer(models.Model):
    """What a POST with an Idempotency-Key was answered, so that sending it again changes nothing."""

    actor_ref = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    request = models.CharField(max_length=64, help_text="SHA-256 of method, address and body")
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while the first is still being worked on")
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor_ref", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return f"{self.actor_ref} {self.key}"


class AuditEntry(models.Model):
    """One write by anyone. Objects and actors are named by reference too, and so stay readable after deletion."""

    at = models.DateTimeField()
    actor_ref = models.CharField(max_length=200, help_text="`user:…`, `token:…` or `system:…`")
    actor_name = models.CharField(max_length=200)
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="audit_entries")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="audit_entries")
    via = models.CharField(max_length=20, blank=True, help_text="web, api, link, cli or system")
    action = models.CharField(max_length=60, help_text="`component.create`, `policy.edit`, …")
    object_ref = models.CharField(max_length=300)
    owner_ref = models.CharField(max_length=200, blank=True, help_text="Whose it was then, for the log of a team")
    diff = models.JSONField(default=dict, help_text='{"field": [before, after]}')

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["object_ref", "-at", "-id"], name="audit_of_an_object"),
            models.Index(fields=["actor_ref", "-at", "-id"], name="audit_of_an_actor"),
            models.Index(fields=["owner_ref", "-at", "-id"], name="audit_of_an_owner"),
            models.Index(fields=["-at", "-id"], name="audit_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.object_ref}"
