"""Components, what groups them, what they depend on, who owns them and how they are.

A reference is lower-cased text beside a nullable key: dangling ones are kept and joined when the target appears.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.urls import reverse

from catalog.models.entity import Entity
from catalog.models.people import Person, Team


class Domain(Entity):
    """A business area that groups systems."""

    owner_ref = models.CharField(max_length=200, blank=True, db_index=True)
    owner = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="domains")
    parent_ref = models.CharField(max_length=200, blank=True, db_index=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")


class System(Entity):
    """Components that serve one purpose together."""

    owner_ref = models.CharField(max_length=200, blank=True, db_index=True)
    owner = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="systems")
    domain_ref = models.CharField(max_length=200, blank=True, db_index=True)
    domain = models.ForeignKey(Domain, null=True, blank=True, on_delete=models.SET_NULL, related_name="systems")


class Component(Entity):
    """A Backstage Component, Resource or API, by `kind`."""

    class Kind(models.TextChoices):
        """As Backstage names them, lower-cased for references."""

        COMPONENT = "component", "Component"
        RESOURCE = "resource", "Resource"
        API = "api", "API"

    class Tier(models.IntegerChoices):
        """How far it hurts when it stops."""

        COMPANY = 1, "The whole company stops"
        TEAMS = 2, "Several teams stop"
        TEAM = 3, "One team stops"
        NOBODY = 4, "Nobody notices"

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.COMPONENT)
    type = models.CharField(max_length=63, blank=True, db_index=True)
    lifecycle = models.CharField(max_length=63, blank=True)
    tier = models.PositiveSmallIntegerField(choices=Tier, null=True, blank=True)
    owner_ref = models.CharField(max_length=200, blank=True, db_index=True)
    owner = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="components")
    system_ref = models.CharField(max_length=200, blank=True, db_index=True)
    system = models.ForeignKey(System, null=True, blank=True, on_delete=models.SET_NULL, related_name="components")
    docs = models.TextField(blank=True, help_text="Markdown")
    runbook = models.URLField(blank=True, max_length=500)
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When its team last said that this is right")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "namespace", "name"], name="component_named_once"),
            models.CheckConstraint(
                condition=models.Q(tier__isnull=True) | models.Q(tier__range=(1, 4)), name="component_tier_1_to_4"
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="component_by_name", condition=models.Q(retired_at=None))]

    def get_absolute_url(self) -> str:
        """The component's page."""
        return reverse("catalog:component", args=[self.kind, self.namespace, self.name])


class Dependency(models.Model):
    """`holder` names `target_ref` in one of its lists."""

    class Relation(models.TextChoices):
        """The manifest's own words."""

        DEPENDS_ON = "dependsOn", "depends on"
        CONSUMES = "consumesApi", "consumes API"
        PROVIDES = "providesApi", "provides API"
        PART_OF = "subcomponentOf", "is part of"

    holder = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="dependencies")
    relation = models.CharField(max_length=20, choices=Relation, default=Relation.DEPENDS_ON)
    target_ref = models.CharField(max_length=200, db_index=True)
    target = models.ForeignKey(Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="dependents")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["holder", "relation", "target_ref"], name="dependency_named_once"),
            models.CheckConstraint(condition=~models.Q(holder=models.F("target")), name="nothing_depends_on_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.holder_id} {self.relation} {self.target_ref}"


class Responder(models.Model):
    """A further team engaged at the same moment when the component has a P1."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="responders")
    team_ref = models.CharField(max_length=200, db_index=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="responds_for")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["component", "team_ref"], name="responder_named_once")]

    def __str__(self) -> str:
        return f"{self.team_ref} responds for {self.component_id}"


class Ownership(models.Model):
    """Who owned a component from when to when; `[since, until)`, never two at once."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="ownerships")
    team_ref = models.CharField(max_length=200)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="ownerships")
    period = DateTimeRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_owner_at_a_time",
                expressions=[("component", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.component_id} owned by {self.team_ref}"


class ComponentHealth(models.Model):
    """What another app says of a component, so that lists filter by health in SQL. Written by `report_health` only."""

    class State(models.IntegerChoices):
        """Ordered from quiet to loud, so that the worst is the maximum; unknown is not good."""

        GOOD = 0, "Healthy"
        UNKNOWN = 1, "No data"
        AT_RISK = 2, "At risk"
        BAD = 3, "Broken"

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="health")
    source = models.CharField(max_length=40, help_text="`slo` or `incidents`")
    state = models.PositiveSmallIntegerField(choices=State)
    summary = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["component", "source"], name="one_health_per_source")]
        indexes = [models.Index(fields=["state", "component"], name="health_by_state")]

    def __str__(self) -> str:
        return f"{self.component_id} {self.source} {self.get_state_display()}"


class MaintenanceWindow(models.Model):
    """Planned work on a component or on all of a team's: holds pages, leaves the budget, or both."""

    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.CASCADE, related_name="windows")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="windows")
    title = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    rrule = models.CharField(max_length=500, blank=True, help_text="RFC 5545, for recurring windows")
    time_zone = models.CharField(max_length=64, default="UTC")
    holds_pages = models.BooleanField(default=True)
    excludes_budget = models.BooleanField(default=False)
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="window_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=models.Q(component__isnull=False) ^ models.Q(team__isnull=False),
                name="window_for_a_component_or_a_team",
            ),
        ]

    def __str__(self) -> str:
        return self.title
