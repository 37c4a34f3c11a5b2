"""The pause of all paging: begun by a platform admin, with an end."""

from django.db import models

from catalog.models import Person


class PagingPause(models.Model):
    """For so long nobody is paged: alerts still open incidents, and what is due goes out when it ends."""

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="Moved to the moment at which somebody ends it earlier")
    reason = models.CharField(max_length=300)
    begun_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    ended_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gte=models.F("starts_at")), name="a_pause_ends_later")
        ]
        indexes = [models.Index(fields=["ends_at"], name="pause_by_end")]

    def __str__(self) -> str:
        return f"Paging is paused until {self.ends_at:%Y-%m-%d %H:%M}: {self.reason}"
