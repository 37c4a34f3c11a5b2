"""What alert rules are doing, and every change of it."""

from django.db import models

from slo.models.objectives import Objective


class RuleState(models.Model):
    """One rule of one objective. A rule without a row is inactive and has never been otherwise."""

    class State(models.TextChoices):
        """A firing rule may be held: shown by `held`, the reason it can neither go on nor end."""

        INACTIVE = "inactive", "Inactive"
        FIRING = "firing", "Firing"

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="rule_states")
    rule = models.CharField(max_length=63)
    severity = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State, default=State.INACTIVE)
    since = models.DateTimeField()
    quiet_since = models.DateTimeField(
        null=True, help_text="End of the bucket since which the short window is not over"
    )
    held = models.CharField(max_length=20, blank=True, help_text="no_traffic or no_data")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["objective", "rule"], name="one_state_per_rule")]

    def __str__(self) -> str:
        return f"{self.objective_id} {self.rule} {self.state}"


class AlertTransition(models.Model):
    """One change, written once and never changed: how the slo app speaks to whoever wakes people.

    States by kind: burn `inactive|firing`, blind `seeing|blind`, budget `ok|at-risk|exhausted`.
    """

    class Kind(models.TextChoices):
        """What changed."""

        BURN = "burn", "Burn rate"
        BLIND = "blind", "Sight"
        BUDGET = "budget", "Budget"

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="transitions")
    kind = models.CharField(max_length=10, choices=Kind)
    rule = models.CharField(max_length=63, blank=True)
    severity = models.CharField(max_length=10, help_text="page, ticket or info")
    from_state = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    at = models.DateTimeField()
    bucket = models.DateTimeField(null=True, help_text="End of the bucket decided on")
    burn_long = models.FloatField(null=True)
    burn_short = models.FloatField(null=True)
    budget_remaining = models.FloatField(null=True)
    good = models.DecimalField(null=True, help_text="In the long window; for budgets in the period")
    bad = models.DecimalField(null=True, help_text="In the long window; for budgets in the period")
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["objective", "at", "id"], name="transitions_of_objective")]

    def __str__(self) -> str:
        return f"{self.objective_id} {self.kind} {self.from_state} → {self.to_state}"
