"""People and teams. A person may have no account: manifests and schedules name people before they sign in."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse

from catalog.models.entity import Document, Entity, Words, called


class Person(Entity):
    """Somebody who owns, is on call or signs in: a Backstage User. `ref` is `user:namespace/name`."""

    display_name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    picture = models.CharField(max_length=500, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    clock_24h = models.BooleanField(default=True)
    platform_admin = models.BooleanField(default=False, help_text="May write everywhere")
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="person"
    )
    called = models.GeneratedField(
        expression=called("display_name", "title"), output_field=models.TextField(), db_persist=True
    )
    words = models.GeneratedField(
        expression=Words("name", "display_name"), output_field=models.TextField(), db_persist=True
    )
    document = models.GeneratedField(
        expression=Document("name", "display_name", "tags", "email", "labels"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["called", "ref"]
        verbose_name_plural = "people"
        indexes = [
            GinIndex(fields=["document"], name="person_document"),
            GinIndex(OpClass("words", "gin_trgm_ops"), name="person_words"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What people call them."""
        return self.display_name or self.title or self.name

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
    picture = models.CharField(max_length=500, blank=True)
    chat_url = models.URLField(blank=True, max_length=500)
    parent_ref = models.CharField(max_length=200, blank=True, db_index=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    children_refs = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, help_text="Teams it names as its own, there or not"
    )
    people = models.ManyToManyField(Person, through="Membership", related_name="teams")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When it last said that what it owns is right")

    class Meta:
        ordering = ["called", "pk"]
        indexes = [
            GinIndex(fields=["document"], name="team_document"),
            GinIndex(OpClass("words", "gin_trgm_ops"), name="team_words"),
            GinIndex(fields=["children_refs"], name="team_children"),
        ]

    def get_absolute_url(self) -> str:
        """The team's page."""
        return reverse("catalog:team", args=[self.namespace, self.name])


class Membership(models.Model):
    """A person in a team, as the team says (`by_team`), the person (`by_person`), or both; either may not be there."""

    class Role(models.TextChoices):
        """Leads also answer for gaps in the schedule."""

        LEAD = "lead", "Lead"
        MEMBER = "member", "Member"

    team_ref = models.CharField(max_length=200, db_index=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships")
    person_ref = models.CharField(max_length=200, db_index=True)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    by_team = models.BooleanField(default=True)
    by_person = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team_ref", "person_ref"], name="one_membership_per_person"),
            models.CheckConstraint(
                condition=models.Q(by_team=True) | models.Q(by_person=True), name="membership_said_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_ref} in {self.team_ref}"
