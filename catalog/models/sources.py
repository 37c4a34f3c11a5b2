"""Where manifests come from, what each named, and what became of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from catalog.models.entity import Entity
from catalog.models.people import Team


class Location(Entity):
    """Manifests to read again and again: addresses, or a directory on this machine. A Backstage Location.

    `ref` is `location:namespace/name`. With a team, what it writes is held to that team's rights.
    """

    class Type(models.TextChoices):
        """How its targets are read."""

        URL = "url", "Addresses"
        DIRECTORY = "directory", "Directory"

    type = models.CharField(max_length=20, choices=Type, default=Type.URL)
    targets = ArrayField(models.CharField(max_length=2000), default=list, help_text="Addresses, or one absolute path")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="locations")
    limited = models.BooleanField(default=False, help_text="To `team`; stays so when that is deleted")
    every_seconds = models.PositiveIntegerField(default=3600, help_text="0: only when asked")
    prunes = models.BooleanField(default=False, help_text="Retire what it no longer names")
    auth_header = models.CharField(
        max_length=100, blank=True, help_text="Such as Authorization; sent to its hosts only"
    )
    auth_sealed = models.TextField(blank=True, editable=False)
    hook_sealed = models.TextField(blank=True, editable=False, help_text="What signs its webhook")
    due_at = models.DateTimeField(null=True, blank=True, help_text="When it is read next; empty: never by itself")
    leased_until = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True, help_text="When all of it was last read")
    failures = models.PositiveIntegerField(default=0, help_text="In a row")
    error = models.TextField(blank=True, help_text="Why the last try failed as a whole")

    class Meta:
        ordering = ["called", "pk"]
        indexes = [models.Index(fields=["due_at"], name="location_due", condition=models.Q(retired_at=None))]

    def get_absolute_url(self) -> str:
        """The location's import health."""
        return reverse("catalog:location", args=[self.namespace, self.name])


class LocationFile(models.Model):
    """One file of a location, as it was last read."""

    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="files")
    address = models.CharField(max_length=2000)
    read_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True, help_text="When its content last differed")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what was read")
    etag = models.CharField(max_length=300, blank=True)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    orphaned = models.PositiveIntegerField(default=0, help_text="Named once, and no longer")
    problems = models.JSONField(default=list, help_text="[{document, line, column, field, code, message, level}]")
    error = models.TextField(blank=True, help_text="Why it could not be read at all")
    is_part = models.BooleanField(default=False, help_text="A marker such as {$text: …} reads it into another")
    packed = models.BinaryField(default=b"", help_text="What was read, by zlib, so that an unchanged file costs a 304")

    class Meta:
        ordering = ["address"]
        constraints = [models.UniqueConstraint(fields=["location", "address"], name="file_of_a_location_once")]

    def __str__(self) -> str:
        return self.address


class Claim(models.Model):
    """A source (`location:default/platform`, or the `source` of an apply) names an entity; the first writes it."""

    source = models.CharField(max_length=200)
    ref = models.CharField(max_length=200, db_index=True)
    file = models.CharField(max_length=2000, blank=True)
    since = models.DateTimeField()
    orphaned_at = models.DateTimeField(null=True, blank=True, help_text="Since when the source no longer names it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "ref"], name="claimed_once_by_a_source")]
        indexes = [
            models.Index(fields=["orphaned_at"], name="claim_orphaned", condition=~models.Q(orphaned_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.source} names {self.ref}"
