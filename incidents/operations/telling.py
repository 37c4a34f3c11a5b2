"""Telling somebody something that is not a page: through the same outbox, at most once per key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import Person
from incidents.models import ContactMethod, Incident, Notification, Urgency
from portal.lib.hints import nudge

AFTER_PAGES = 90
"""What is only told never delays a page."""


def tell(
    *, person: Person, subject: str, text: str, key: str, now: datetime, incident: Incident | None = None
) -> Notification | None:
    """Put a message to `person` into the outbox, by their first confirmed method; None where they have none.

    The same `key` to the same person is told once, however often it is asked for.
    """
    methods = ContactMethod.objects.filter(person=person, confirmed_at__isnull=False, removed_at=None)
    method = methods.order_by("order", "pk").first()
    if method is None:
        return None
    row = _row(Told(person, method, subject, text), key, now, incident)
    made, _ = Notification.objects.get_or_create(
        idempotency_key=row.idempotency_key, defaults={name: getattr(row, name) for name in _SAID}
    )
    nudge("incidents.deliver_due")
    return made


@dataclass(frozen=True, slots=True)
class Told:
    """What one person is told, and by which method."""

    person: Person
    method: ContactMethod
    subject: str
    text: str


def tell_many(wanted: Sequence[Told], *, key: str, now: datetime, incident: Incident | None = None) -> None:
    """As `tell`, for any number of people in one statement."""
    rows = [_row(one, key, now, incident) for one in wanted]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        nudge("incidents.deliver_due")


_SAID = (
    "kind", "incident", "person", "method", "channel", "address", "urgency", "rule", "words", "priority",
    "created_at", "due_at", "next_attempt_at",
)  # fmt: skip


def _row(told: Told, key: str, now: datetime, incident: Incident | None) -> Notification:
    method = told.method
    return Notification(
        idempotency_key=f"told-{key}-{told.person.pk}-first/{method.pk}-{method.channel}"[:200],
        kind=Notification.Kind.TOLD,
        incident=incident,
        person=told.person,
        method=method,
        channel=method.channel,
        address=method.address,
        urgency=Urgency.LOW,
        rule=f"first/{method.pk}",
        words={"subject": told.subject, "text": told.text},
        priority=AFTER_PAGES,
        created_at=now,
        due_at=now,
        next_attempt_at=now,
    )
