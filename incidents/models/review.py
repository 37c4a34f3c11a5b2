"""What is learned from an incident: its review with every version of it, and what is to be done about it."""

from django.db import models
from django.urls import reverse

from catalog.models import Component, Person
from incidents.models.incident import Incident
from slo.models import Objective

SECTIONS = ("summary", "impact", "causes", "went_well", "went_badly")
"""The parts of a review that people write, in reading order; each is Markdown."""


class Sections(models.Model):
    """The written parts."""

    summary = models.TextField(blank=True)
    impact = models.TextField(blank=True)
    causes = models.TextField(blank=True)
    went_well = models.TextField(blank=True)
    went_badly = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def sections(self) -> dict[str, str]:
        """By the names of SECTIONS."""
        return {name: getattr(self, name) for name in SECTIONS}


class Review(Sections):
    """One per incident. `version` counts every write, and whoever saves says which one they read."""

    class State(models.TextChoices):
        """A published one is read by everybody as it is; to change it is to take it back."""

        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    incident = models.OneToOneField(Incident, primary_key=True, on_delete=models.CASCADE, related_name="review")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    generation = models.PositiveIntegerField(help_text="How often the incident had reopened when it was drafted")
    form = models.CharField(max_length=40, blank=True, help_text="The opened form that saved last")
    drafted_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    saved_by_name = models.CharField(max_length=200)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-incident"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="published") ^ models.Q(published_at__isnull=True),
                name="published_reviews_have_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"Review of INC-{self.incident_id}"

    @property
    def is_published(self) -> bool:
        """Read by everybody as it is."""
        return self.state == self.State.PUBLISHED

    def get_absolute_url(self) -> str:
        """The review's page."""
        return reverse("incidents:review", args=[self.incident_id])


class ReviewVersion(Sections):
    """What a review said after a write. Autosaves of one person in a row are one version."""

    class Kind(models.TextChoices):
        """What made it."""

        DRAFTED = "drafted", "Drafted"
        EDITED = "edited", "Edited"
        AUTOSAVED = "autosaved", "Edited"
        PUBLISHED = "published", "Published"
        UNPUBLISHED = "unpublished", "Taken back"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(help_text="Review.version after it")
    kind = models.CharField(max_length=15, choices=Kind)
    begun_at = models.DateTimeField(help_text="The first of the writes that it sums up")
    at = models.DateTimeField()
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    actor_ref = models.CharField(max_length=200)
    actor_name = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was taken back")

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["review", "number"], name="one_review_version_per_number")]

    def __str__(self) -> str:
        return f"Version {self.number} of the review of INC-{self.review_id}"


class ActionItem(models.Model):
    """Something that is to be mended because of an incident, by somebody, by a day."""

    class State(models.TextChoices):
        """Dropped: decided against, with the reason in `outcome`."""

        OPEN = "open", "Open"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="action_items")
    title = models.CharField(max_length=300)
    details = models.TextField(blank=True, help_text="Markdown")
    owner = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="action_items")
    owner_ref = models.CharField(max_length=200, help_text="Stays when the person is gone")
    due_on = models.DateField(help_text="Overdue when this day has ended, in UTC")
    component = models.ForeignKey(
        Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="action_items"
    )
    component_ref = models.CharField(max_length=200, blank=True)
    objectives = models.ManyToManyField(Objective, blank=True, related_name="action_items")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    tracker_url = models.CharField(max_length=1000, blank=True)
    outcome = models.CharField(max_length=500, blank=True, help_text="What came of it, or why it was dropped")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it was done or dropped")
    closed_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="done") ^ models.Q(done_at__isnull=True), name="done_items_have_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open") ^ models.Q(closed_at__isnull=False), name="closed_items_have_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], name="item_by_due_day"),
            models.Index(fields=["due_on", "id"], condition=models.Q(state="open"), name="item_open"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Still to be done."""
        return self.state == self.State.OPEN

    def get_absolute_url(self) -> str:
        """The item's page."""
        return reverse("incidents:action-item", args=[self.pk])


class ActionReminder(models.Model):
    """That the owner was reminded. The key is what makes reminding twice for one day impossible."""

    item = models.ForeignKey(ActionItem, on_delete=models.CASCADE, related_name="reminders")
    due_on = models.DateField(help_text="As it was then")
    day = models.DateField(help_text="The day it was due to be sent")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["item", "due_on", "day"], name="reminded_once_for_a_day"),
        ]

    def __str__(self) -> str:
        return f"Reminded of {self.item_id} for {self.day}"
