"""Schedules: layers of rotations as immutable, dated versions, and overrides above all."""

from django.db import models

from catalog.models import Person, Team


class Schedule(models.Model):
    """Who is on call when, for whoever names it in a policy."""

    slug = models.SlugField(max_length=80, unique=True, help_text="Policies refer to it by this")
    name = models.CharField(max_length=200)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="schedules")
    time_zone = models.CharField(max_length=64, default="UTC")
    tells_handoffs = models.BooleanField(default=True, help_text="Both people are told at each handoff")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LayerVersion(models.Model):
    """One rotation at one position of a schedule. Never changed: an edit is a further version at the same position.

    A version holds from `starts_at`, when the first of `people` has it, until the next version of its position starts,
    or until its own `ends_at`. A layer is taken away by a version without people.
    """

    class Unit(models.TextChoices):
        """What the rotation counts in; the values are those of `rotation.Unit`."""

        HOUR = "hour", "Hours"
        DAY = "day", "Days"
        WEEK = "week", "Weeks"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="layers")
    position = models.PositiveSmallIntegerField(default=0, help_text="Higher layers cover lower ones")
    name = models.CharField(max_length=100)
    people = models.JSONField(help_text='References in order: ["user:default/ada", …]')
    unit = models.CharField(max_length=10, choices=Unit, default=Unit.WEEK)
    length = models.PositiveSmallIntegerField(default=1, help_text="Units per turn")
    handoff = models.TimeField(help_text="By the clock of the schedule's zone")
    weekday = models.PositiveSmallIntegerField(default=0, help_text="Of weekly handoffs; Monday is 0")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    restrictions = models.JSONField(
        default=list, blank=True, help_text='[{"start": "18:00", "end": "08:00", "days": [0]}]'
    )
    counted_from = models.DateTimeField(
        null=True, blank=True, help_text="Whence turns are counted, where that is earlier: a layer that was moved"
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["schedule", "position", "starts_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(length__gte=1), name="a_turn_lasts_at_least_one_unit"),
            models.CheckConstraint(condition=models.Q(weekday__range=(0, 6)), name="weekday_0_to_6"),
        ]

    def __str__(self) -> str:
        return f"{self.name} from {self.starts_at:%Y-%m-%d %H:%M}"


class Override(models.Model):
    """A person, or with none deliberately nobody, is on call for a time, whatever the layers say."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="overrides")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="override_ends_after_it_starts"
            )
        ]
        indexes = [models.Index(fields=["schedule", "ends_at"], name="override_by_end")]

    def __str__(self) -> str:
        return f"{self.person or 'nobody'} until {self.ends_at:%Y-%m-%d %H:%M}"
