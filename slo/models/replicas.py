"""Which replica of a source was counted, where several answer."""

from django.db import models

from slo.models.sources import DataSource


class ReplicaChange(models.Model):
    """From `at` on another replica was counted for some targets of a source: the one before answered no more.

    Replicas of one counter are scraped at other moments, so the minute of the change may hold a few events less.
    """

    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="replica_changes")
    at = models.DateTimeField(help_text="End of the first bucket counted from the new one")
    before = models.CharField(max_length=300, help_text="Its labels that are no part of a series' identity")
    after = models.CharField(max_length=300)
    targets = models.PositiveIntegerField(help_text="How many metrics of targets changed")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "at", "before", "after"], name="one_record_per_replica_change")
        ]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
