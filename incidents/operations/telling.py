"""Telling somebody something that is not a page: through the same outbox, at most once per key."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import Person
from incidents.models import ContactMethod, InboxMessage, Incident, Notification, Urgency, WorkingHours
from incidents.oncall.directory import opens_at
from portal.lib.hints import nudge

AFTER_PAGES = 90
"""What is only told never delays a page."""


def tell(
    *,
    person: Person,
    subject: str,
    text: str,
    key: str,
    now: datetime,
    incident: Incident | None = None,
    can_wait: bool = False,
) -> Notification | None:
    """Put a message to `person` into their inbox, and into the outbox by their first confirmed method.

    None where they have no method. The same `key` to the same person is told once, however often it is asked for.
    What `can_wait` goes out in the person's working hours.
    """
    put_in_inbox([(person, subject, text)], key, now, incident)
    methods = ContactMethod.objects.filter(person=person, confirmed_at__isnull=False, removed_at=None)
    method = methods.order_by("order", "pk").first()
    if method is None:
        return None
    due = opening([person], now).get(person.pk, now) if can_wait else now
    row = outbox_row(Told(person, method, subject, text), key, now, incident, due)
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
    """As `tell`, for any number of people in a few statements; it waits for everybody's working hours."""
    opens = opening([one.person for one in wanted], now)
    rows = [outbox_row(one, key, now, incident, opens.get(one.person.pk, now)) for one in wanted]
    put_in_inbox([(one.person, one.subject, one.text) for one in wanted], key, now, incident)
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        nudge("incidents.deliver_due")


_SAID = (
    "kind", "incident", "person", "method", "channel", "address", "urgency", "rule", "words", "priority",
    "created_at", "due_at", "next_attempt_at",
)  # fmt: skip


def opening(people: Sequence[Person], now: datetime) -> dict[int, datetime]:
    """By person when they may be told, for those with working hours."""
    return {row.person_id: opens_at(row, now) for row in WorkingHours.objects.filter(person__in=people)}


def put_in_inbox(wanted: Iterable[tuple[Person, str, str]], key: str, now: datetime, incident: Incident | None) -> None:
    """A message to each in the portal's own inbox: who, the subject, the text; once per `key` and person."""
    rows = [
        InboxMessage(
            person=person,
            kind=Notification.Kind.TOLD,
            key=f"told-{key}-{person.pk}"[:200],
            incident=incident,
            subject=(incident.marked(words) if incident else words)[:200],
            text=text,
            at=now,
        )
        for person, words, text in ((person, " ".join(said.split()), text) for person, said, text in wanted)
    ]
    InboxMessage.objects.bulk_create(rows, ignore_conflicts=True)


def outbox_row(told: Told, key: str, now: datetime, incident: Incident | None, due: datetime) -> Notification:
    """A row of the outbox, unsaved, that goes out at `due`; the same `key` to the same person is one row."""
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
        due_at=due,
        next_attempt_at=due,
    )


def first_methods(person_ids: Collection[int]) -> Mapping[int, ContactMethod]:
    """By person the method by which they are told what is no page; without those who have none that is confirmed."""
    confirmed = ContactMethod.objects.filter(person__in=person_ids, confirmed_at__isnull=False, removed_at=None)
    found: dict[int, ContactMethod] = {}
    for method in confirmed.order_by("order", "pk"):
        found.setdefault(method.person_id, method)
    return found
