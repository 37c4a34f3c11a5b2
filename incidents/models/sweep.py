"""When each sweep last came by: the watcher's own pulse."""

from django.db import models


class SweepStamp(models.Model):
    """One row per sweep, stamped on every pass."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()
    taken = models.PositiveIntegerField(default=0, help_text="Rows taken in the last pass")
    failed = models.PositiveIntegerField(default=0, help_text="Rows pushed back in the last pass")
    by = models.CharField(max_length=120, blank=True, help_text="Host and process")

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
