"""What people say about their shifts: when they are away, and what whoever is next should know; problems told."""

from django.db import models

from catalog.models import Person
from incidents.models.oncall import Schedule


class Absence(models.Model):
    """`person` is away in `[starts_at, ends_at)`: still on call where a schedule says so, which is then a problem."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="absence_ends_after_it_starts"
            )
        ]
        indexes = [models.Index(fields=["person", "ends_at"], name="absence_by_end")]

    def __str__(self) -> str:
        return f"{self.person} away until {self.ends_at:%Y-%m-%d %H:%M}"


class HandoffNote(models.Model):
    """What whoever has the schedule next should know; part of the message at the next handoff."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="handoff_notes")
    text = models.CharField(max_length=2000)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=200, help_text="Whoever wrote it, as they were called then")

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["schedule", "-created_at", "-id"], name="handoff_note_newest")]

    def __str__(self) -> str:
        return self.text


class ToldProblem(models.Model):
    """A problem of the next four weeks that was told to those who answer for it; its row goes when the problem does."""

    key = models.CharField(max_length=300, unique=True, help_text="Its kind, schedules and person")
    spans = models.JSONField(help_text='When, as it was last seen: [["2026-11-21T08:00:00+00:00", "…"], …]')
    seen_until = models.DateTimeField(help_text="How far ahead was looked then")
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
