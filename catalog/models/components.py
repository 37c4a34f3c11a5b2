"""Components, what groups them, what they depend on, who owns them and how they are.

A reference is lower-cased text beside a nullable key: dangling ones are kept and joined when the target appears.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Coalesce
from django.urls import reverse

from catalog.models.entity import Document, Entity, Tagged
from catalog.models.people import Person, Team

LIVING = models.Q(retired_at=None)
BREAKS = models.Q(relation__in=["dependsOn", "consumesApi"])
PROVIDES = models.Q(relation="providesApi")


class Domain(Entity):
    """A business area that groups systems."""

    type = models.CharField(max_length=63, blank=True)
    owner_ref = models.CharField(max_length=200, blank=True, db_index=True)
    owner = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="domains")
    parent_ref = models.CharField(max_length=200, blank=True, db_index=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")

    class Meta:
        ordering = ["called", "pk"]
        indexes = [
            GinIndex(fields=["document"], name="domain_document"),
            GinIndex(OpClass("words", "gin_trgm_ops"), name="domain_words"),
        ]

    def get_absolute_url(self) -> str:
        """The domain's page."""
        return reverse("catalog:domain", args=[self.namespace, self.name])


class System(Entity):
    """Components that serve one purpose together."""

    type = models.CharField(max_length=63, blank=True)
    owner_ref = models.CharField(max_length=200, blank=True, db_index=True)
    owner = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="systems")
    domain_ref = models.CharField(max_length=200, blank=True, db_index=True)
    domain = models.ForeignKey(Domain, null=True, blank=True, on_delete=models.SET_NULL, related_name="systems")

    class Meta:
        ordering = ["called", "pk"]
        indexes = [
            GinIndex(fields=["document"], name="system_document"),
            GinIndex(OpClass("words", "gin_trgm_ops"), name="system_words"),
        ]

    def get_absolute_url(self) -> str:
        """The system's page."""
        return reverse("catalog:system", args=[self.namespace, self.name])


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
    type = models.CharField(max_length=63, blank=True)
    lifecycle = models.CharField(max_length=63, blank=True)
    tier = models.PositiveSmallIntegerField(choices=Tier, null=True, blank=True)
    owner_ref = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="components")
    system_ref = models.CharField(max_length=200, blank=True)
    system = models.ForeignKey(System, null=True, blank=True, on_delete=models.SET_NULL, related_name="components")
    docs = models.TextField(blank=True, help_text="Markdown")
    runbook = models.URLField(blank=True, max_length=500)
    definition = models.TextField(blank=True, help_text="Of an API: its OpenAPI, gRPC, … text")
    worst = models.SmallIntegerField(
        default=-1, editable=False, help_text="The worst ComponentHealth; -1 where nobody says anything"
    )
    urgency = models.GeneratedField(
        expression=Coalesce("tier", models.Value(5)), output_field=models.PositiveSmallIntegerField(), db_persist=True
    )
    calm = models.GeneratedField(
        expression=models.F("worst") * -1, output_field=models.SmallIntegerField(), db_persist=True
    )  # so that the worst first is ascending like the rest of that order, and one index serves every page of it
    tagged = models.GeneratedField(expression=Tagged("tags"), output_field=models.TextField(null=True), db_persist=True)
    document = models.GeneratedField(
        expression=Document("name", "title", "tags", "type", "description", "labels", "annotations", "docs"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When its team last said that this is right")

    class Meta:
        ordering = ["called", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "namespace", "name"], name="component_named_once"),
            models.CheckConstraint(
                condition=models.Q(tier__isnull=True) | models.Q(tier__range=(1, 4)), name="component_tier_1_to_4"
            ),
        ]
        indexes = [
            models.Index(fields=["owner_ref"], name="component_owned_by"),
            models.Index(fields=["system_ref"], name="component_in_system"),
            models.Index(fields=["called", "id"], name="component_by_name", condition=LIVING),
            models.Index(
                fields=["created_at", "id"], name="component_of_nobody", condition=models.Q(retired_at=None, owner=None)
            ),
            models.Index(
                fields=["created_at", "id"],
                name="component_of_no_system",
                condition=models.Q(retired_at=None, system=None) & ~models.Q(system_ref=""),
            ),
            models.Index(fields=["retired_at", "id"], name="component_retired", condition=~models.Q(retired_at=None)),
            models.Index(fields=["updated_at"], name="component_by_change"),
            models.Index(
                Coalesce("confirmed_at", "created_at"),
                "id",
                name="component_by_confirmation",
                condition=models.Q(retired_at=None),
            ),
            models.Index(fields=["type", "called", "id"], name="component_by_type", condition=LIVING),
            # the API's order; kinds come one after the other in it, and with them their types
            models.Index(fields=["type", "ref"], name="component_of_type", condition=LIVING),
            models.Index(fields=["owner_ref", "called", "id"], name="component_by_owner", condition=LIVING),
            models.Index(fields=["urgency", "called", "id"], name="component_by_tier", condition=LIVING),
            models.Index(fields=["calm", "urgency", "called", "id"], name="component_by_health", condition=LIVING),
            models.Index(
                fields=["kind", "type", "lifecycle", "urgency", "calm", "owner", "system_ref"],
                include=["tagged"],
                name="component_counted",
                condition=LIVING,
            ),
            models.Index(fields=["id"], name="component_of_many_tags", condition=models.Q(tagged=None)),
            GinIndex(fields=["document"], name="component_document"),
            GinIndex(OpClass("words", "gin_trgm_ops"), name="component_words"),
        ]

    @property
    def label_apart(self) -> str:
        """The label, with what tells it from others of the same one: its name where that is another, its kind."""
        known = self.label if self.label == self.name else f"{self.label} ({self.name})"
        return known if self.kind == self.Kind.COMPONENT else f"{known}, {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        """The component's page."""
        return reverse("catalog:component", args=[self.kind, self.namespace, self.name])


class Dependency(models.Model):
    """`holder` depends on `target`, as the holder says (`by_holder`), the target (`by_target`), or both.

    Either may not be there; who says it is.
    """

    class Relation(models.TextChoices):
        """The manifest's own words."""

        DEPENDS_ON = "dependsOn", "depends on"
        CONSUMES = "consumesApi", "consumes API"
        PROVIDES = "providesApi", "provides API"
        PART_OF = "subcomponentOf", "is part of"

    holder_ref = models.CharField(max_length=200)
    holder = models.ForeignKey(Component, null=True, blank=True, on_delete=models.CASCADE, related_name="dependencies")
    relation = models.CharField(max_length=20, choices=Relation, default=Relation.DEPENDS_ON)
    target_ref = models.CharField(max_length=200)
    target = models.ForeignKey(Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="dependents")
    by_holder = models.BooleanField(default=True)
    by_target = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["holder_ref", "relation", "target_ref"], name="dependency_named_once"),
            models.CheckConstraint(
                condition=~models.Q(holder_ref=models.F("target_ref")), name="nothing_depends_on_itself"
            ),
            models.CheckConstraint(
                condition=models.Q(by_holder=True) | models.Q(by_target=True), name="dependency_said_by_somebody"
            ),
        ]
        indexes = [
            models.Index(fields=["target_ref"], name="dependency_names"),
            models.Index(fields=["target_ref"], name="dependency_said_by_target", condition=models.Q(by_target=True)),
            # all that a walk of the blast radius reads
            models.Index(fields=["target"], include=["holder"], name="dependency_breaks", condition=BREAKS),
            models.Index(fields=["holder"], include=["target"], name="dependency_provides", condition=PROVIDES),
        ]

    def __str__(self) -> str:
        return f"{self.holder_ref} {self.relation} {self.target_ref}"


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
        EXHAUSTED = 3, "Exhausted"
        BAD = 4, "Broken"

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
