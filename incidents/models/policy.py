"""Escalation policies: immutable, dated versions; which policy a team's pages walk; the catch-all."""

from django.db import models
from django.urls import reverse

from catalog.models import Person, Team
from incidents.models.oncall import Schedule


class EscalationPolicy(models.Model):
    """A team's policy by name; what it says is in its versions."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="policies")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "escalation policies"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The policy's page."""
        return reverse("incidents:policy", args=[self.slug])

    @property
    def label(self) -> str:
        """Its name, as everything that is linked has one."""
        return self.name


class PolicyVersion(models.Model):
    """What a policy says from a moment on. Never changed: an edit is a new version, running pages keep theirs."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    since = models.DateTimeField(help_text="In force from then until the next version's moment")
    steps = models.JSONField(
        help_text='[{"targets": [{"kind": "schedule|person|team", "ref": "…"}], "delay": "5m", "repeat": 0, '
        '"round_robin": false, "condition": {"zone", "days", "start", "end"} | null}]'
    )
    steps_low = models.JSONField(
        null=True, blank=True, help_text="Steps for incidents of low urgency, as `steps`; empty: the same steps"
    )
    repeat = models.PositiveIntegerField(default=0, help_text="Further times through all steps")
    fallback = models.ForeignKey(
        EscalationPolicy, null=True, blank=True, on_delete=models.SET_NULL, related_name="fallback_of"
    )
    ack_timeout = models.DurationField(null=True, blank=True)
    answer_within = models.DurationField(null=True, blank=True)
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["policy", "number"]
        constraints = [models.UniqueConstraint(fields=["policy", "number"], name="one_policy_version_per_number")]
        indexes = [models.Index(fields=["policy", "-since"], name="policy_version_in_force")]

    def __str__(self) -> str:
        return f"{self.policy} v{self.number}"


class TeamPaging(models.Model):
    """How a team is paged."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="paging")
    policy = models.ForeignKey(
        EscalationPolicy, null=True, blank=True, on_delete=models.SET_NULL, related_name="paged_teams"
    )
    schedule = models.ForeignKey(
        Schedule, null=True, blank=True, on_delete=models.SET_NULL, related_name="paged_teams",
        help_text="The one shown as the team's on call",
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "team paging"

    def __str__(self) -> str:
        return f"Paging of {self.team}"


class CatchAll(models.Model):
    """The policy for what has no owner or no policy, and for what nobody has taken. One row."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_catch_all")]
        verbose_name_plural = "catch-all"

    def __str__(self) -> str:
        return f"Catch-all: {self.policy}"
