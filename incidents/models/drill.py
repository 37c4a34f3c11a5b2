"""Fire drills: test pages through the whole chain of a component, what came of them, and when the next ones are."""

from calendar import day_name

from django.db import models
from django.urls import reverse

from catalog.models import Component, Person, Team
from incidents.models.incident import Incident


class DrillPlan(models.Model):
    """A drill every week or month, by the clock of a zone: of one component, or of a team's components in turn."""

    class Every(models.TextChoices):
        """How often. Monthly is on the first such weekday of the month."""

        WEEK = "week", "Every week"
        MONTH = "month", "Every month"

    component = models.ForeignKey(
        Component, null=True, blank=True, on_delete=models.CASCADE, related_name="drill_plans"
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="drill_plans")
    every = models.CharField(max_length=10, choices=Every, default=Every.MONTH)
    weekday = models.PositiveSmallIntegerField(default=1, help_text="Monday is 0")
    at = models.TimeField(help_text="By the clock of the zone")
    time_zone = models.CharField(max_length=64, default="UTC")
    next_at = models.DateTimeField(help_text="When the next one begins")
    last_words = models.CharField(max_length=300, blank=True, help_text="Why the last time came to no drill")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["next_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(component__isnull=True) ^ models.Q(team__isnull=True),
                name="a_drill_plan_is_of_a_component_or_a_team",
            ),
            models.CheckConstraint(condition=models.Q(weekday__range=(0, 6)), name="drill_weekday_0_to_6"),
            models.UniqueConstraint(
                fields=["component"], condition=models.Q(removed_at=None), name="one_drill_plan_per_component"
            ),
            models.UniqueConstraint(
                fields=["team"], condition=models.Q(removed_at=None), name="one_drill_plan_per_team"
            ),
        ]
        indexes = [models.Index(fields=["next_at"], condition=models.Q(removed_at=None), name="drill_plan_due")]

    @property
    def rhythm_words(self) -> str:
        """`Every Monday at 10:00 Europe/Berlin`, `First Tuesday of the month at 09:30 UTC`."""
        day = day_name[self.weekday]
        often = f"Every {day}" if self.every == self.Every.WEEK else f"First {day} of the month"
        return f"{often} at {self.at:%H:%M} {self.time_zone}"

    def __str__(self) -> str:
        return f"{self.get_every_display()}: {self.component or self.team}"


class Drill(models.Model):
    """One fire drill. Its pages are those of `incident`; what they came to is kept in `report` when it ends."""

    class Outcome(models.TextChoices):
        """What came of it; empty while it runs. Only `answered` is a drill that worked."""

        ANSWERED = "answered", "Answered"
        CATCH_ALL = "catch-all", "Only the catch-all answered"
        UNANSWERED = "unanswered", "Not answered"
        LATE = "late", "Not answered in time"
        STOPPED = "stopped", "Stopped by hand"

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="drill")
    component = models.ForeignKey(Component, null=True, on_delete=models.SET_NULL, related_name="drills")
    component_ref = models.CharField(max_length=200)
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="drills", help_text="The owner then"
    )
    plan = models.ForeignKey(DrillPlan, null=True, blank=True, on_delete=models.SET_NULL, related_name="drills")
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    begun_name = models.CharField(max_length=200)
    ends_by = models.DateTimeField(help_text="It ends then, whoever has answered")
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    expected = models.JSONField(default=list, help_text="Who would have been reached if nobody had answered")
    report = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-begun_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["component"], condition=models.Q(ended_at=None), name="one_drill_of_a_component_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) ^ ~models.Q(outcome=""), name="ended_drills_have_an_outcome"
            ),
        ]
        indexes = [
            models.Index(fields=["ends_by"], condition=models.Q(ended_at=None), name="drill_running"),
            models.Index(fields=["component", "-begun_at"], name="drill_of_component"),
            models.Index(fields=["-begun_at", "-id"], name="drill_newest"),
        ]

    def __str__(self) -> str:
        return f"Drill of {self.component_ref} on {self.begun_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        """Its report."""
        return reverse("incidents:drill", args=[self.pk])

    @property
    def worked(self) -> bool:
        """Whether every team that was called had somebody who answered."""
        return self.outcome == self.Outcome.ANSWERED

    @property
    def running(self) -> bool:
        """Not over yet."""
        return self.ended_at is None
