"""Telling somebody something that is not a page: through the same outbox, at most once per key."""

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
    made, _ = Notification.objects.get_or_create(
        idempotency_key=f"told-{key}-{person.pk}-first/{method.pk}-{method.channel}"[:200],
        defaults={
            "kind": Notification.Kind.TOLD,
            "incident": incident,
            "person": person,
            "method": method,
            "channel": method.channel,
            "address": method.address,
            "urgency": Urgency.LOW,
            "rule": f"first/{method.pk}",
            "words": {"subject": subject, "text": text},
            "priority": AFTER_PAGES,
            "created_at": now,
            "due_at": now,
            "next_attempt_at": now,
        },
    )
    nudge("incidents.deliver_due")
    return made
