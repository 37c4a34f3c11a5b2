"""How well each component is looked after: its scorecard, and how that went over time."""

from django.db import models

from catalog.models.components import Component
from catalog.models.people import Team


class Score(models.Model):
    """A component's scorecard as last worked out: which level it reaches, and every check's answer."""

    class Level(models.IntegerChoices):
        """Each needs all checks of its own and of those below; unknown answers count as not reached."""

        NONE = 0, "No level"
        BRONZE = 1, "Bronze"
        SILVER = 2, "Silver"
        GOLD = 3, "Gold"

    component = models.OneToOneField(Component, on_delete=models.CASCADE, related_name="score")
    level = models.PositiveSmallIntegerField(choices=Level)
    passed = models.PositiveSmallIntegerField()
    failed = models.PositiveSmallIntegerField()
    unknown = models.PositiveSmallIntegerField()
    answers = models.JSONField(default=dict, help_text="{check: [true, false or null, reason]}")
    at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="When an answer last changed")

    class Meta:
        indexes = [
            models.Index(fields=["level"], name="score_by_level"),
            models.Index(fields=["at"], name="score_stalest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.get_level_display()}"


class ScoreDay(models.Model):
    """One day's sums, of one team or (without) of all: how many components reach which level, and pass which check."""

    day = models.DateField()
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="score_days")
    levels = models.JSONField(help_text="Components by level, 0 to 3")
    checks = models.JSONField(help_text="{check: [passed, failed, unknown]}")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "team"], name="score_once_a_day", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.team_id or 'all'}"
