"""How people can be told, and the outbox: every message with its state, every attempt with its outcome."""

from django.db import models

from catalog.models import Person
from incidents.models.incident import Incident, Page, PageStep, Urgency


def channel_words(channel: str) -> str:
    """What people call a channel."""
    return {"email": "e-mail", "sms": "SMS"}.get(channel, channel)


class ContactMethod(models.Model):
    """One way to reach a person. Counts only when confirmed."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contact_methods")
    channel = models.CharField(max_length=30, help_text="email, webhook, …")
    address = models.CharField(max_length=500)
    secret = models.TextField(blank=True, help_text="Sealed; signs webhooks")
    label = models.CharField(max_length=100, blank=True)
    order = models.PositiveSmallIntegerField(default=0, help_text="The first is tried first")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    last_paged_at = models.DateTimeField(
        null=True, blank=True, help_text="When the last page was sent off; further ones wait a little for company"
    )

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "channel", "address"],
                condition=models.Q(removed_at__isnull=True),
                name="one_contact_method_per_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.address}"


class ContactRule(models.Model):
    """A person's own wish: for this urgency, this method, so long after. Without rules: the first method, at once."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contact_rules")
    urgency = models.CharField(max_length=10, choices=Urgency, default=Urgency.HIGH)
    method = models.ForeignKey(ContactMethod, on_delete=models.CASCADE, related_name="rules")
    after = models.DurationField()

    class Meta:
        ordering = ["after", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "urgency", "method", "after"], name="one_rule_per_method_and_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.method} after {self.after}"


class Notification(models.Model):
    """One message to one person by one method: the outbox. Written in the transaction of the move that asks for it."""

    class Kind(models.TextChoices):
        """What is said."""

        PAGE = "page", "Page"
        ASK = "ask", "Are you still on it?"
        TOLD = "told", "For information"
        TEST = "test", "Test"
        CODE = "code", "Confirmation code"

    OVER = "over"
    """The rule by which people are told that an incident is over, before the method's key."""
    AGAIN = "again"
    """The same of those who were told so, when it is open again."""

    class State(models.TextChoices):
        """`failed` waits for no further try by this method; `dead` had no method left to move on to."""

        PENDING = "pending", "Waiting"
        LEASED = "leased", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed, next method taken"
        DEAD = "dead", "Failed, no method left"
        CANCELLED = "cancelled", "No longer needed"

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PAGE)
    incident = models.ForeignKey(
        Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="notifications"
    )
    page = models.ForeignKey(Page, null=True, blank=True, on_delete=models.CASCADE, related_name="notifications")
    step = models.ForeignKey(PageStep, null=True, blank=True, on_delete=models.SET_NULL, related_name="notifications")
    generation = models.PositiveIntegerField(default=0, help_text="The page's when this was asked for")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notifications")
    method = models.ForeignKey(ContactMethod, null=True, on_delete=models.SET_NULL, related_name="notifications")
    channel = models.CharField(max_length=30)
    address = models.CharField(max_length=500)
    urgency = models.CharField(max_length=10, choices=Urgency, default=Urgency.HIGH)
    rule = models.CharField(max_length=40, help_text="Which of the person's rules asked for it")
    idempotency_key = models.CharField(max_length=200, unique=True)
    words = models.JSONField(default=dict, blank=True, help_text="Subject and text of what is not a page")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    priority = models.PositiveSmallIntegerField(default=50)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When it was wanted")
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    maybe_duplicate = models.BooleanField(
        default=False, help_text="A worker died while sending it: it may have arrived before"
    )
    receipt = models.CharField(max_length=300, blank=True)
    error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="leased") ^ models.Q(lease_until__isnull=True), name="leases_have_an_end"
            )
        ]
        indexes = [
            models.Index(
                fields=["priority", "next_attempt_at"], condition=models.Q(state="pending"), name="notification_due"
            ),
            models.Index(fields=["lease_until"], condition=models.Q(state="leased"), name="notification_leased"),
            models.Index(
                fields=["method", "next_attempt_at"], condition=models.Q(state="pending"), name="notification_company"
            ),
            models.Index(fields=["created_at"], name="notification_age"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}: {self.state}"

    @property
    def by(self) -> str:
        """The channel as people call it."""
        return channel_words(self.channel)

    @property
    def is_over(self) -> bool:
        """Whether it tells that an incident is over: the end of its `generation`."""
        return self.rule.startswith(f"{self.OVER}/")

    @property
    def is_again(self) -> bool:
        """Whether it tells whoever believes an incident to be over that it is open again, since its `generation`."""
        return self.rule.startswith(f"{self.AGAIN}/")


class NotificationAttempt(models.Model):
    """One try. Written before the send begins; a try without `finished_at` was cut off by a crash."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=64)
    outcome = models.CharField(max_length=20, blank=True, help_text="sent, temporary, permanent or unknown")
    words = models.CharField(max_length=300, blank=True)
    together = models.PositiveSmallIntegerField(default=1, help_text="Pages in the one message that was sent")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["notification", "number"], name="attempts_are_numbered")]

    def __str__(self) -> str:
        return f"try {self.number}: {self.outcome or 'in flight'}"
