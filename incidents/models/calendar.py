"""Links by which calendars follow schedules."""

from django.db import models

from catalog.models import Person
from incidents.models.oncall import Schedule


class CalendarFeed(models.Model):
    """A secret address at which a person's calendar reads one schedule, or without one all of the person's shifts."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="calendar_feeds")
    schedule = models.ForeignKey(Schedule, null=True, blank=True, on_delete=models.CASCADE, related_name="feeds")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret in its address")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True, help_text="When a calendar last came by, to the hour")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "schedule"], nulls_distinct=False, name="one_calendar_feed_per_schedule"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.schedule or 'all shifts'}"
