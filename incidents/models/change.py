"""What changed in what we run: deployments, configuration, and the rest, as pipelines and people tell us."""

from django.db import models

from catalog.models import Component, Person


class Change(models.Model):
    """One change of one component. Sent again under the same id of its source, it is the same row."""

    class Kind(models.TextChoices):
        """What was changed."""

        DEPLOYMENT = "deployment", "Deployment"
        CONFIG = "config", "Configuration"
        OTHER = "other", "Other"

    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="changes")
    component_ref = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.DEPLOYMENT)
    title = models.CharField(max_length=300)
    url = models.CharField(max_length=1000, blank=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200, blank=True, help_text="Who made it, as the source says")
    source = models.CharField(max_length=100, help_text="Who tells us: argo-cd, github-actions, …")
    external_id = models.CharField(max_length=200, help_text="The source's own name of it")
    recorded_at = models.DateTimeField()
    by: Person | None = None
    """Whose name its actor is, where `incidents.queries.changes.told` was asked."""

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="a_change_is_told_once")]
        indexes = [
            models.Index(fields=["component", "-at", "-id"], name="change_of_component"),
            models.Index(fields=["-at", "-id"], name="change_newest"),
        ]

    def __str__(self) -> str:
        return self.title
