"""What is not to count: stretches of time left out of budgets, declared before or after the fact (slo.md §3)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from catalog.models import Component, MaintenanceWindow, Person, Team
from slo.models.objectives import Objective


class Exclusion(models.Model):
    """Time that leaves the budgets of one objective, of a component's or of a team's; once, or by an RRULE.

    It may lie in the past. Maintenance windows with `excludes_budget` do the same and are the catalog's. A withdrawn
    one is as if it had never been.
    """

    objective = models.ForeignKey(Objective, null=True, blank=True, on_delete=models.CASCADE, related_name="exclusions")
    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.CASCADE, related_name="exclusions")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="exclusions")
    title = models.CharField(max_length=200, help_text="Why")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    rrule = models.CharField(max_length=500, blank=True, help_text="Repeats it, by the clock of the time zone")
    time_zone = models.CharField(max_length=64, default="UTC")
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="exclusion_has_length"),
            models.CheckConstraint(
                condition=models.Q(objective__isnull=False, component=None, team=None)
                | models.Q(objective=None, component__isnull=False, team=None)
                | models.Q(objective=None, component=None, team__isnull=False),
                name="exclusion_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AppliedExclusion(models.Model):
    """How an exclusion or a maintenance window stood when the ledgers were last brought in line with it."""

    exclusion = models.OneToOneField(Exclusion, null=True, on_delete=models.CASCADE, related_name="applied")
    window = models.OneToOneField(MaintenanceWindow, null=True, on_delete=models.CASCADE, related_name="applied")
    fingerprint = models.CharField(max_length=64, help_text="Of everything that decides which minutes it holds in")
    ledgers = ArrayField(models.BigIntegerField(), default=list, help_text="Those that were brought in line")
    applied_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(exclusion__isnull=False, window=None)
                | models.Q(exclusion=None, window__isnull=False),
                name="applied_exclusion_or_window",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exclusion_id or self.window_id} {self.fingerprint}"
