"""Swaps of shifts, asked for and answered; accepted ones become overrides."""

from datetime import datetime

from django.db import models
from django.urls import reverse

from catalog.models import Person
from incidents.models.oncall import Schedule


class Swap(models.Model):
    """`asker` asks `asked` to take the asker's shifts of a period, and may offer to take the asked's of another.

    `gives` and `takes` are the shifts as they were when it was asked: `[["2026-11-21T08:00:00+00:00", "…"]]`. One that
    is still open when its first shift begins has expired.
    """

    class State(models.TextChoices):
        """Open until one of the two, or time, decides."""

        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="swaps")
    asker = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="swaps_asked")
    asked = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="swaps_to_answer")
    gives = models.JSONField()
    takes = models.JSONField(default=list)
    first_at = models.DateTimeField(help_text="When the first of the shifts begins")
    last_at = models.DateTimeField(help_text="When the last of them ends")
    reason = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(asker=models.F("asked")), name="a_swap_is_between_two"),
        ]
        indexes = [models.Index(fields=["schedule", "last_at"], name="swap_by_end")]

    def __str__(self) -> str:
        return f"{self.asker} asks {self.asked}"

    @property
    def given(self) -> list[tuple[datetime, datetime]]:
        """The asker's shifts."""
        return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in self.gives]

    @property
    def taken(self) -> list[tuple[datetime, datetime]]:
        """Those of the asked, offered to be taken in return; empty for nothing."""
        return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in self.takes]

    def get_absolute_url(self) -> str:
        """Its page, where it is answered."""
        return reverse("incidents:swap", args=[self.schedule.slug, self.pk])
