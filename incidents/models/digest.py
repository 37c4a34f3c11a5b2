"""The weekly digest: who gets which week's letter when, and who wants none."""

from django.db import models

from catalog.models import Person


class DigestLetter(models.Model):
    """The letter of one week to one person. `week` is the Monday on which it goes out; the week before is told of."""

    class State(models.TextChoices):
        """`dropped`: when it was due the person wanted none, had no address, no team or was gone."""

        PENDING = "pending", "Waiting"
        LEASED = "leased", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        DROPPED = "dropped", "Not wanted"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="digest_letters")
    week = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    due_at = models.DateTimeField(help_text="Monday, 08:00, by the clock of the team")
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    maybe_duplicate = models.BooleanField(
        default=False, help_text="A worker died while sending it: it may have arrived before"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    receipt = models.CharField(max_length=300, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-week", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "week"], name="one_digest_a_week_and_person"),
            models.CheckConstraint(
                condition=models.Q(state="leased") ^ models.Q(lease_until__isnull=True),
                name="digest_leases_have_an_end",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(state="pending"), name="digest_due"),
            models.Index(fields=["lease_until"], condition=models.Q(state="leased"), name="digest_leased"),
            models.Index(fields=["week"], name="digest_by_week"),
        ]

    def __str__(self) -> str:
        return f"Digest of {self.week} to {self.person_id}: {self.state}"


class DigestChoice(models.Model):
    """Who wants no digest; without a row, or with one that says nothing, it is sent."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="digest_choice")
    off_since = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.person_id}: {'off' if self.off_since else 'on'}"
