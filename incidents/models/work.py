"""Working on an incident together: who follows it, what is said about it, who does what, where to look."""

from django.db import models

from catalog.models import Person
from incidents.models.incident import Incident


class Follower(models.Model):
    """Somebody who wants to hear how it goes: status updates, and once that it is over."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="followers")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="followed_incidents")
    since = models.DateTimeField()
    told_generation = models.IntegerField(default=-1, help_text="The generation of whose end the person was told")

    class Meta:
        ordering = ["since", "pk"]
        constraints = [models.UniqueConstraint(fields=["incident", "person"], name="a_person_follows_once")]

    def __str__(self) -> str:
        return f"{self.person_id} follows INC-{self.incident_id}"


class StatusUpdate(models.Model):
    """What those who wait are told. Append-only; a mistake is put right by the next one."""

    class State(models.TextChoices):
        """How far the responders are, in the words of status pages."""

        INVESTIGATING = "investigating", "Looking into it"
        IDENTIFIED = "identified", "Cause found"
        MONITORING = "monitoring", "Mended, watching"
        RESOLVED = "resolved", "Works again"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    state = models.CharField(max_length=15, choices=State)
    text = models.TextField()
    public = models.BooleanField(default=True, help_text="On the status page, and not only for followers")
    next_by = models.DateTimeField(null=True, blank=True, help_text="When the next one is promised")
    at = models.DateTimeField()
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["incident", "-at", "-id"], name="update_of_incident")]

    def __str__(self) -> str:
        return self.text


class IncidentRole(models.Model):
    """Who has a role from when to when; at most one person at a time."""

    class Role(models.TextChoices):
        """What somebody answers for, beside the technical work."""

        COMMANDER = "commander", "Commander"
        COMMUNICATIONS = "communications", "Communications"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=20, choices=Role)
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"], condition=models.Q(until__isnull=True), name="one_person_per_role"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} of INC-{self.incident_id}"


class Task(models.Model):
    """Something to be done during the incident. What is to be done after it is an action item of its review."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="tasks")
    text = models.CharField(max_length=300)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="incident_tasks")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text


class IncidentLink(models.Model):
    """Where to look, or where people talk."""

    class Kind(models.TextChoices):
        """The room where the responders talk stands first."""

        ROOM = "room", "Chat room"
        LINK = "link", "Link"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.LINK)
    url = models.CharField(max_length=1000)
    title = models.CharField(max_length=200, blank=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-kind", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "url"], name="a_link_stands_once"),
            models.UniqueConstraint(fields=["incident"], condition=models.Q(kind="room"), name="one_room"),
        ]

    def __str__(self) -> str:
        return self.title or self.url
