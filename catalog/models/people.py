"""People and teams. A person may have no account: manifests and schedules name people before they sign in."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from catalog.models.entity import Entity


class Person(models.Model):
    """Somebody who owns, is on call or signs in. `ref` is `user:namespace/name`, lower-cased."""

    ref = models.CharField(max_length=200, unique=True)
    namespace = models.CharField(max_length=63, default="default")
    name = models.CharField(max_length=63)
    display_name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    clock_24h = models.BooleanField(default=True)
    platform_admin = models.BooleanField(default=False, help_text="May write everywhere")
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="person"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["display_name", "ref"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What people call them."""
        return self.display_name or self.name

    @property
    def initials(self) -> str:
        """Two letters for the round badge."""
        words = self.label.replace("-", " ").replace(".", " ").split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    def get_absolute_url(self) -> str:
        """The person's page."""
        return reverse("catalog:person", args=[self.namespace, self.name])


class Team(Entity):
    """A Backstage Group. `ref` is `group:namespace/name`."""

    type = models.CharField(max_length=63, default="team")
    email = models.EmailField(blank=True)
    chat_url = models.URLField(blank=True, max_length=500)
    parent_ref = models.CharField(max_length=200, blank=True, db_index=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    people = models.ManyToManyField(Person, through="Membership", related_name="teams")

    class Meta:
        ordering = ["name", "pk"]

    def get_absolute_url(self) -> str:
        """The team's page."""
        return reverse("catalog:team", args=[self.namespace, self.name])


class Membership(models.Model):
    """A person in a team; the person may be known by reference only."""

    class Role(models.TextChoices):
        """Leads also answer for gaps in the schedule."""

        LEAD = "lead", "Lead"
        MEMBER = "member", "Member"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    person_ref = models.CharField(max_length=200, db_index=True)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "person_ref"], name="one_membership_per_person")]

    def __str__(self) -> str:
        return f"{self.person_ref} in {self.team}"
