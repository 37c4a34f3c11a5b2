"""What was promised: policies, definitions, objectives, and how each objective stands."""

from datetime import timedelta

from django.db import models
from django.urls import reverse

from catalog.models import Component, Team
from slo.models.sources import DataSource


class Named(models.Model):
    """What has a name for the API and for files, and a title for people."""

    name = models.SlugField(max_length=63, unique=True)
    title = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What people call it."""
        return self.title or self.name


class AlertPolicy(Named):
    """When spending too fast is worth telling somebody: rules as data, read by `slo.windows.parse_rules`."""

    description = models.TextField(blank=True)
    rules = models.JSONField(
        help_text="[{name, title, fraction | factor | ratio, long, short, severity, min_events, min_bad}]"
    )
    extra = models.JSONField(default=dict, blank=True, help_text="What a document said that nothing here means")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "alert policies"

    def get_absolute_url(self) -> str:
        """The policy's page."""
        return reverse("slo:alert-policy", args=[self.name])


class AlertCondition(Named):
    """A rule with a name of its own, which alert policies of OpenSLO documents refer to."""

    description = models.TextField(blank=True)
    rule = models.JSONField(help_text="As in AlertPolicy.rules")
    extra = models.JSONField(default=dict, blank=True, help_text="What a document said that nothing here means")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]


class BudgetPolicy(Named):
    """What is agreed on for a budget that runs low: a text, and the shares left at which it is said (slo.md §7)."""

    text = models.TextField(blank=True, help_text="What was agreed on, as Markdown")
    thresholds = models.JSONField(help_text="[{remaining, action, holds}], such as remaining 0.25; highest first")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "budget policies"

    def get_absolute_url(self) -> str:
        """The policy's page."""
        return reverse("slo:budget-policy", args=[self.name])


class TeamBudgetPolicy(models.Model):
    """The policy for all objectives of a team that have none of their own."""

    team = models.OneToOneField(Team, primary_key=True, on_delete=models.CASCADE, related_name="budget_policy")
    policy = models.ForeignKey(BudgetPolicy, on_delete=models.CASCADE, related_name="teams")

    def __str__(self) -> str:
        return f"{self.team_id}: {self.policy_id}"


class Indicator(Named):
    """An SLI with a name of its own, which several definitions share."""

    description = models.TextField(blank=True)
    source = models.ForeignKey(
        DataSource, null=True, blank=True, on_delete=models.PROTECT, related_name="indicators",
        help_text="Null: the default one",
    )  # fmt: skip
    type = models.CharField(max_length=20)
    indicator = models.JSONField()
    labels = models.JSONField(default=dict, blank=True)
    extra = models.JSONField(default=dict, blank=True, help_text="What a document said that nothing here means")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]


class Definition(Named):
    """One indicator on one component. `revision` counts changes of what is counted; each has ledgers of its own."""

    class Type(models.TextChoices):
        """How the indicator tells good from bad."""

        EVENTS = "events", "Events"
        LATENCY = "latency", "Latency"
        UPTIME = "uptime", "Uptime"
        PROMQL = "promql", "PromQL"
        RESPONSE = "response", "Incident response"

    class Budgeting(models.TextChoices):
        """What the budget is made of."""

        OCCURRENCES = "occurrences", "Events"
        TIMESLICES = "timeslices", "Time slices"

    class NoData(models.TextChoices):
        """What a slice without data is."""

        IGNORE = "ignore", "Neither good nor bad"
        BAD = "bad", "Bad"
        GOOD = "good", "Good"

    description = models.TextField(blank=True)
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="slo_definitions")
    source = models.ForeignKey(
        DataSource, null=True, blank=True, on_delete=models.PROTECT, related_name="definitions",
        help_text="Null: counted by the portal itself",
    )  # fmt: skip
    sli = models.ForeignKey(
        Indicator, null=True, blank=True, on_delete=models.PROTECT, related_name="definitions",
        help_text="The shared indicator that `type` and `indicator` are a copy of",
    )  # fmt: skip
    preset = models.CharField(max_length=63, blank=True, help_text="The preset it was made from")
    type = models.CharField(max_length=20, choices=Type)
    indicator = models.JSONField(help_text="What the type needs: {good, bad, total} or {query, condition, combine}, …")
    revision = models.PositiveIntegerField(default=1)
    budgeting = models.CharField(max_length=20, choices=Budgeting, default=Budgeting.OCCURRENCES)
    no_data = models.CharField(max_length=10, choices=NoData, default=NoData.IGNORE)
    blind_after = models.DurationField(default=timedelta(minutes=10))
    slice_length = models.DurationField(default=timedelta(seconds=60))
    group_by = models.JSONField(default=list, blank=True, help_text="Labels; one objective per combination of values")
    grouped_at = models.DateTimeField(null=True, blank=True, help_text="When its values were last looked for")
    group_error = models.TextField(blank=True, help_text="Why not all values have an objective")
    max_series = models.PositiveIntegerField(
        null=True, blank=True, help_text="More series than this are counted by increase(); null: the usual limit"
    )
    labels = models.JSONField(default=dict, blank=True)
    extra = models.JSONField(default=dict, blank=True, help_text="What a document said that nothing here means")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Objective(Named):
    """A promise about a definition: a share of good events over a period, and when to be told that it is in danger."""

    class Calendar(models.TextChoices):
        """Periods that begin with a date; empty for rolling ones."""

        WEEK = "week", "Week"
        MONTH = "month", "Month"
        QUARTER = "quarter", "Quarter"
        YEAR = "year", "Year"

    definition = models.ForeignKey(Definition, on_delete=models.CASCADE, related_name="objectives")
    target = models.DecimalField(max_digits=12, decimal_places=10, help_text="Share of good events, such as 0.995")
    window_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Rolling period, 1 to 90 days")
    calendar = models.CharField(max_length=10, choices=Calendar, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="Of a calendar period")
    policy = models.ForeignKey(AlertPolicy, on_delete=models.PROTECT, related_name="objectives")
    budget_policy = models.ForeignKey(
        BudgetPolicy, null=True, blank=True, on_delete=models.SET_NULL, related_name="objectives",
        help_text="Null: its team's",
    )  # fmt: skip
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children",
        help_text="The grouped objective it is one value of",
    )  # fmt: skip
    group_values = models.JSONField(default=dict, blank=True, help_text="The values of the definition's group_by")
    ledger = models.ForeignKey(
        "slo.Ledger", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="The one in force"
    )
    version = models.PositiveIntegerField(default=1, help_text="Counts changes; the ETag")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(target__gt=0, target__lt=1), name="target_between_0_and_1"),
            models.CheckConstraint(
                condition=models.Q(window_days__range=(1, 90), calendar="")
                | (models.Q(window_days__isnull=True) & ~models.Q(calendar="")),
                name="rolling_or_calendar",
            ),
        ]

    def get_absolute_url(self) -> str:
        """The objective's page."""
        return reverse("slo:objective", args=[self.pk])


class Standing(models.Model):
    """How an objective stood at its last evaluation: what lists sort and filter by. Written by `slo.evaluation` only.

    Null is unknown, and never stands for zero.
    """

    class State(models.IntegerChoices):
        """Ordered from quiet to loud."""

        HEALTHY = 0, "Healthy"
        BUILDING = 1, "Reading history"
        NO_DATA = 2, "No data"
        AT_RISK = 3, "At risk"
        EXHAUSTED = 4, "Exhausted"
        BURNING = 5, "Burning"

    class Data(models.TextChoices):
        """What the newest bucket says about the data itself."""

        WAITING = "waiting", "Not evaluated yet"
        FLOWING = "flowing", "Data is flowing"
        QUIET = "quiet", "No traffic"
        ABSENT = "absent", "The metric is absent"
        STALE = "stale", "No fresh sample"
        PARTIAL = "partial", "A part of the data is missing"
        UNREACHABLE = "unreachable", "The source is unreachable"
        ERROR = "error", "The query is refused"

    class Budget(models.TextChoices):
        """As told to people; left again only a hundredth beyond its edge, so that it doesn't flap."""

        OK = "ok", "Healthy"
        AT_RISK = "at-risk", "At risk"
        EXHAUSTED = "exhausted", "Exhausted"

    objective = models.OneToOneField(Objective, primary_key=True, on_delete=models.CASCADE, related_name="standing")
    state = models.PositiveSmallIntegerField(choices=State, default=State.BUILDING)
    data = models.CharField(max_length=12, choices=Data, default=Data.WAITING)
    firing = models.CharField(
        max_length=10, blank=True, help_text="The loudest severity that fires: page, ticket or none"
    )
    budget = models.CharField(max_length=10, choices=Budget, default=Budget.OK)
    threshold = models.FloatField(
        null=True, help_text="Of its budget policy, the lowest share that the budget left has fallen below"
    )
    bucket = models.DateTimeField(null=True, help_text="End of the newest bucket decided on")
    period_start = models.DateTimeField(null=True)
    good = models.DecimalField(max_digits=40, decimal_places=6, null=True, help_text="In the period")
    total = models.DecimalField(max_digits=40, decimal_places=6, null=True, help_text="In the period")
    remaining = models.FloatField(null=True, help_text="Share of the budget left; may be negative")
    burn = models.FloatField(null=True, help_text="In the long window of the first rule")
    burn_slow = models.FloatField(null=True, help_text="In the last 6 hours")
    exhausts_at = models.DateTimeField(null=True, help_text="At the pace of the last 6 hours")
    coverage = models.FloatField(null=True, help_text="Share of the period's minutes that are known")
    readings = models.JSONField(default=list, help_text="Per rule, see slo.queries.RuleReading")
    known_at = models.DateTimeField(null=True, help_text="Newest time for which there was data")
    blind_since = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    caught_up_at = models.DateTimeField(null=True, help_text="When a gap was last filled after the fact")
    evaluated_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["blind_since"], name="standing_blind", condition=models.Q(blind_since__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.objective_id} {self.get_state_display()}"
