"""Incidents, the pages they open, the steps those took, and the timeline."""

from datetime import datetime, timedelta

from django.db import models
from django.urls import reverse

from catalog.models import Component, Person, Team
from incidents.states import UNTAKEN, State


class Severity(models.IntegerChoices):
    """P1 is the worst."""

    P1 = 1, "P1"
    P2 = 2, "P2"
    P3 = 3, "P3"
    P4 = 4, "P4"
    P5 = 5, "P5"


WORST_TOLD = Severity.P3
"""Incidents of P4 and P5 stop nobody and are not on the status page."""


class Urgency(models.TextChoices):
    """How people are told: their rules differ by it. P1 to P3 are high."""

    HIGH = "high", "High"
    LOW = "low", "Low"


class Incident(models.Model):
    """One cause being dealt with. Its primary key is the number people say."""

    class State(models.TextChoices):
        """Reopened is triggered again with a higher generation."""

        TRIGGERED = "triggered", "Triggered"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        RESOLVED = "resolved", "Resolved"

    number = models.BigAutoField(primary_key=True)
    title = models.CharField(max_length=300)
    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents")
    component_ref = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents", help_text="When it opened"
    )
    severity = models.PositiveSmallIntegerField(choices=Severity)
    severity_reason = models.CharField(max_length=300)
    state = models.CharField(max_length=20, choices=State, default=State.TRIGGERED)
    generation = models.PositiveIntegerField(default=0, help_text="How often it reopened")
    source = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    reopened_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents_acknowledged"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents_resolved"
    )
    cause = models.TextField(blank=True, help_text="Said when resolving")
    teams_blocked = models.PositiveIntegerField(null=True, blank=True, help_text="Blast radius when last looked at")
    people_blocked = models.PositiveIntegerField(null=True, blank=True)
    root = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="symptoms", help_text="Joined upstream"
    )
    check_again_at = models.DateTimeField(
        null=True, blank=True,
        help_text="Resolved by hand while an alert fires: page again then, if it still does. Flapping: end it then, if "
        "it was quiet",
    )  # fmt: skip
    group = models.CharField(max_length=300, blank=True, help_text="What alerts of it share, where it is no component")
    flapping_since = models.DateTimeField(
        null=True, blank=True, help_text="It opened so often that it stays open until it has been quiet for a while"
    )
    inform_at = models.DateTimeField(
        null=True, blank=True, help_text="When those it concerns are to be told; empty when they were"
    )

    is_drill = models.BooleanField(default=False, help_text="A fire drill: it pages, and counts in no figure")

    class Meta:
        ordering = ["-opened_at", "-number"]
        constraints = [
            models.CheckConstraint(condition=models.Q(severity__range=(1, 5)), name="incident_severity_1_to_5"),
            models.CheckConstraint(
                condition=models.Q(state="resolved") ^ models.Q(resolved_at__isnull=True),
                name="resolved_incidents_have_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["component"], condition=~models.Q(state="resolved"), name="open_incident_of_component"
            ),
            models.Index(
                fields=["severity", "-opened_at"], condition=~models.Q(state="resolved"), name="open_incidents"
            ),
            models.Index(
                fields=["check_again_at"], condition=models.Q(check_again_at__isnull=False), name="incident_check_again"
            ),
            models.Index(fields=["-opened_at", "-number"], name="incident_newest"),
            models.Index(fields=["source"], name="incident_by_source"),
            models.Index(
                fields=["resolved_at"], condition=models.Q(resolved_at__isnull=False), name="incident_by_its_end"
            ),
            models.Index(
                fields=["group"],
                condition=~models.Q(state="resolved") & ~models.Q(group=""),
                name="open_incident_of_group",
            ),
            models.Index(fields=["inform_at"], condition=models.Q(inform_at__isnull=False), name="incident_inform"),
            models.Index(
                fields=["root"],
                condition=~models.Q(state="resolved") & models.Q(root__isnull=False),
                name="open_symptoms",
            ),
        ]

    def __str__(self) -> str:
        return f"INC-{self.number} {self.title}"

    @property
    def is_open(self) -> bool:
        """Not resolved yet."""
        return self.state != self.State.RESOLVED

    @property
    def is_told_to_all(self) -> bool:
        """Whether the status page shows it."""
        return self.severity <= WORST_TOLD and self.root_id is None and not self.is_drill

    @property
    def is_information(self) -> bool:
        """Whether it asks nobody for anything: its owner is told, quietly, and may take it."""
        return self.severity == Severity.P5

    @property
    def open_since(self) -> datetime:
        """When it opened, or opened again."""
        return self.reopened_at or self.opened_at

    @property
    def taken_after(self) -> timedelta | None:
        """From the opening, or the reopening before it, to the last acknowledgement; None where there was none."""
        if self.acknowledged_at is None:
            return None
        again = self.reopened_at if self.reopened_at and self.reopened_at <= self.acknowledged_at else None
        return self.acknowledged_at - (again or self.opened_at)

    @property
    def label(self) -> str:
        """The number as people say it."""
        return f"INC-{self.number}"

    @property
    def about(self) -> str:
        """What people call its component; as it was written where the catalog does not know it, empty without one."""
        return self.component.label if self.component else self.component_ref

    def marked(self, words: str) -> str:
        """`words` as they are said of it to anybody: of a fire drill they begin with TEST."""
        return f"TEST: {words}" if self.is_drill else words

    def get_absolute_url(self) -> str:
        """The incident's page."""
        return reverse("incidents:incident", args=[self.number])


class Page(models.Model):
    """One team (or person) engaged in an incident, and how far its escalation came. Mirrors `escalation.Progress`."""

    class Role(models.TextChoices):
        """Why this team is engaged."""

        OWNER = "owner", "Owner"
        RESPONDER = "responder", "Responder"
        CATCH_ALL = "catch-all", "Catch-all"
        MANUAL = "manual", "Called in"

    STATES = [(state.value, state.value) for state in State]
    UNTAKEN = tuple(sorted(state.value for state in UNTAKEN))

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="pages")
    role = models.CharField(max_length=10, choices=Role, default=Role.OWNER)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="pages")
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="Called in by name"
    )
    policy_version = models.ForeignKey(
        "incidents.PolicyVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="pages",
        help_text="In force when the page opened, or fell back to it",
    )  # fmt: skip
    state = models.CharField(max_length=20, choices=STATES, default=State.TRIGGERED.value)
    generation = models.PositiveIntegerField(default=0, help_text="Fences late workers off")
    cycle = models.PositiveIntegerField(default=0)
    step = models.PositiveIntegerField(default=0)
    repeat = models.PositiveIntegerField(default=0)
    next_step_at = models.DateTimeField(null=True, blank=True)
    fallbacks = models.PositiveIntegerField(default=0)
    turn = models.PositiveIntegerField(default=0)
    asked = models.BooleanField(default=False)
    snoozed_until = models.DateTimeField(
        null=True, blank=True, help_text="Nobody is called before; counts while the next step is planned for then"
    )
    hands_over = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="The page that whoever takes this one takes too: it is being handed over to them",
    )  # fmt: skip
    held_until = models.DateTimeField(
        null=True, blank=True, help_text="Its first step waits for the end of a maintenance window"
    )
    priority = models.PositiveSmallIntegerField(default=50, help_text="Lower goes first: severity, then first pages")
    attempts = models.PositiveIntegerField(default=0, help_text="Failed tries to take the step that is due")
    routing = models.TextField(blank=True, help_text="Why this team, in words")
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="pages_acknowledged"
    )
    exhausted_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "team"], condition=~models.Q(role="catch-all"), name="one_page_per_team"
            ),
            models.UniqueConstraint(
                fields=["incident"], condition=models.Q(role="catch-all"), name="one_catch_all_page"
            ),
            models.UniqueConstraint(
                fields=["incident", "person"], condition=models.Q(person__isnull=False), name="one_page_per_person"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["resolved", "exhausted"]) | models.Q(next_step_at__isnull=True),
                name="ended_pages_plan_nothing",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["triggered", "reopened"]) | models.Q(next_step_at__isnull=False),
                name="untaken_pages_have_a_next_step",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "next_step_at"], condition=models.Q(next_step_at__isnull=False), name="page_due"
            ),
            models.Index(fields=["acknowledged_by"], condition=models.Q(state="acknowledged"), name="page_taken"),
            models.Index(fields=["held_until"], condition=models.Q(held_until__isnull=False), name="page_held"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} page {self.pk} of INC-{self.incident_id}"

    @property
    def is_by_name(self) -> bool:
        """Whether it calls one person, and walks no policy's steps."""
        return self.person_id is not None and self.policy_version_id is None

    @property
    def is_untaken(self) -> bool:
        """Open, and no named person has it."""
        return self.state in self.UNTAKEN


class PageStep(models.Model):
    """One step that was taken. Append-only; the unique key is what makes taking a step twice impossible."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="steps")
    generation = models.PositiveIntegerField()
    cycle = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    repeat = models.PositiveIntegerField()
    policy_version = models.ForeignKey(
        "incidents.PolicyVersion", null=True, on_delete=models.PROTECT, related_name="steps_taken"
    )
    at = models.DateTimeField()
    late_ms = models.PositiveIntegerField(default=0, help_text="How long after its due time, in milliseconds")
    people = models.JSONField(default=list, help_text="References of those notified")
    words = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "generation", "cycle", "step", "repeat"], name="a_step_is_taken_once"
            )
        ]

    def __str__(self) -> str:
        return self.words


class TimelineEntry(models.Model):
    """Something that happened to an incident: who, when, how, what. Append-only."""

    class Kind(models.TextChoices):
        """What happened."""

        OPENED = "opened", "Opened"
        REOPENED = "reopened", "Reopened"
        ALERT = "alert", "Alert"
        ALERT_CLEARED = "alert-cleared", "Alert cleared"
        SEVERITY = "severity", "Severity"
        ROUTED = "routed", "Routed"
        PAGED = "paged", "Paged"
        UNREACHABLE = "unreachable", "Nobody reachable"
        FALLBACK = "fallback", "Fell back"
        EXHAUSTED = "exhausted", "Nobody has taken it"
        SEND_FAILED = "send-failed", "Message failed"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        ASKED = "asked", "Asked the responder"
        ACK_TIMEOUT = "ack-timeout", "Acknowledgement ran out"
        ESCALATED = "escalated", "Escalated by hand"
        RESOLVED = "resolved", "Resolved"
        SYMPTOM = "symptom", "Symptom"
        FLAPPING = "flapping", "Flapping"
        HELD = "held", "Held by maintenance"
        TOLD = "told", "Told"
        NOTE = "note", "Note"
        BUDGET = "budget", "Error budget"
        FAULT = "fault", "Fault in Portico"
        UPDATE = "update", "Status update"
        ROLE = "role", "Role"
        TASK = "task", "Task"
        LINK = "link", "Link"
        SNOOZED = "snoozed", "Snoozed"
        HANDED_OVER = "handed-over", "Handed over"
        EDITED = "edited", "Note edited"
        PINNED = "pinned", "Pinned"
        UNPINNED = "unpinned", "No longer pinned"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    page = models.ForeignKey(Page, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    actor_ref = models.CharField(max_length=200, default="system:portico")
    actor_name = models.CharField(max_length=200, default="Portico")
    via = models.CharField(max_length=20, default="system", help_text="web, api, link, cli or system")
    words = models.TextField()
    data = models.JSONField(default=dict, blank=True)
    about = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="later", db_index=False,
        help_text="Of a pin: the entry. Of an edit: the note that this replaces in reading",
    )  # fmt: skip

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["incident", "at", "id"], name="timeline_of_incident"),
            models.Index(fields=["at"], condition=models.Q(kind__in=["opened", "reopened"]), name="timeline_openings"),
            models.Index(fields=["about"], condition=models.Q(about__isnull=False), name="timeline_about"),
        ]
        verbose_name_plural = "timeline entries"

    def __str__(self) -> str:
        return self.words
