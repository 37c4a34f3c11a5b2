"""What scorecards are to become by a day, how far that is, and how each component's own level went."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from catalog.models.components import Component
from catalog.models.people import Person
from catalog.models.trust import Score


class Campaign(models.Model):
    """By `due_on` every living component that the filter names is to reach `level`. Empty filters name all."""

    name = models.CharField(max_length=200)
    why = models.TextField(blank=True)
    level = models.PositiveSmallIntegerField(choices=[(n, label) for n, label in Score.Level.choices if n])
    tiers = ArrayField(models.PositiveSmallIntegerField(choices=Component.Tier), default=list, blank=True)
    types = ArrayField(models.CharField(max_length=63), default=list, blank=True)
    teams = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, help_text="References of the owners whose it is"
    )
    due_on = models.DateField(help_text="The last day, in UTC")
    owner = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="campaigns", help_text="Who asks for it"
    )
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Called off, or done: nobody is reminded any more")

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(ended_at=None), name="running_campaigns_have_names_of_their_own"
            ),
            models.CheckConstraint(condition=models.Q(level__range=(1, 3)), name="campaigns_ask_for_a_level"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The campaign's page."""
        return reverse("catalog:campaign", args=[self.pk])


class CampaignDay(models.Model):
    """How far a campaign was on one day: of `total` components that it named then, `reached` had the level."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    reached = models.PositiveIntegerField()
    total = models.PositiveIntegerField()

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["campaign", "day"], name="campaign_once_a_day")]

    def __str__(self) -> str:
        return f"{self.campaign_id} on {self.day}: {self.reached} of {self.total}"


class ScoreStep(models.Model):
    """What a component's scorecard added up to from `day` on, until its next step; a day keeps its last word."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="score_steps")
    day = models.DateField()
    level = models.PositiveSmallIntegerField(choices=Score.Level)
    passed = models.PositiveSmallIntegerField()
    failed = models.PositiveSmallIntegerField()
    unknown = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["component", "day"], name="score_step_once_a_day")]
        indexes = [models.Index(fields=["day"], name="score_step_by_day")]

    def __str__(self) -> str:
        return f"{self.component_id} from {self.day}: {self.get_level_display()}"
