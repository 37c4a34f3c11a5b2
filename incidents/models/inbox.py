"""The portal's own inbox: what somebody was paged or told, kept where no server can refuse it."""

import re

from django.db import models

from catalog.models import Person
from incidents.models.incident import Incident, Page
from incidents.models.notification import Notification

PLACE = re.compile(r"-(\d+)\.(\d+)\.(\d+)-\d+$")
"""In the key of a page: round, step and how often that was tried before; see `paging.messages_due.place_of`."""


class InboxMessage(models.Model):
    """One message to one person, whatever their contact methods. Nobody is woken by it, so it counts as none."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="inbox", db_index=False)
    kind = models.CharField(max_length=10, choices=Notification.Kind)
    key = models.CharField(max_length=200, unique=True, help_text="Of what was said, without method")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    page = models.ForeignKey(Page, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["person", "-at", "-id"], name="inbox_newest"),
            models.Index(fields=["person"], condition=models.Q(read_at__isnull=True), name="inbox_unread"),
            models.Index(fields=["at"], name="inbox_age"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def step(self) -> str:
        """Which step of the policy sent it: `step 3`, `step 1, round 2, try 2`; empty for what no step did."""
        found = PLACE.search(self.key) if self.kind == Notification.Kind.PAGE else None
        if found is None:
            return ""
        cycle, step, repeat = (int(one) + 1 for one in found.groups())
        return f"step {step}{f', round {cycle}' if cycle > 1 else ''}{f', try {repeat}' if repeat > 1 else ''}"
