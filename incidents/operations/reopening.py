"""Telling that it is open again: whoever was told that it is over and is not paged for it at once, once and quietly.

Written in the transaction that reopens it, and sent half a minute later, as far as it is open then: see
`paging.outbox.wanted`. From then on they wait for its next end again, see `ending`.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Max, Q

from catalog.models import Person
from incidents.models import InboxMessage, Incident, Notification, PageStep
from incidents.operations.ending import OVER, SETTLES
from incidents.operations.telling import Told, first_methods, opening, outbox_row, put_in_inbox
from portal.lib.hints import nudge
from portal.lib.words import hour
from portal.lib.zones import zone_of


def tell_reopened(incident: Incident, *, now: datetime) -> int:
    """Tell those who believe that this held incident is over; to how many a message goes out. No page calls them: whom
    its first step called before is called again.
    """
    InboxMessage.objects.filter(incident=incident, key__startswith=f"{Notification.OVER}-").delete()  # it is not
    people = _misled(incident)
    if not people:
        return 0
    methods = first_methods(people)
    told = [Told(people[pk], method, _subject(incident), _text(incident, people[pk])) for pk, method in methods.items()]
    key = f"again-{incident.pk}-{incident.generation}"
    put_in_inbox([(one, _subject(incident), _text(incident, one)) for one in people.values()], key, now, incident)
    due = now + SETTLES
    opens = opening([one.person for one in told], due)
    rows = []
    for one in told:
        row = outbox_row(one, key, now, incident, opens.get(one.person.pk, due))
        row.rule, row.generation = f"{Notification.AGAIN}/{one.method.pk}", incident.generation
        rows.append(row)
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    nudge("incidents.deliver_due")
    return len(rows)


def _misled(incident: Incident) -> Mapping[int, Person]:
    """Whose last word of it is that it is over, by key."""
    sent = Notification.objects.filter(incident=incident).exclude(state=Notification.State.CANCELLED)
    summed = (
        sent.order_by()
        .values("person")
        .annotate(over=Max("pk", filter=OVER & ~Q(state=Notification.State.PENDING)), heard=Max("pk", filter=~OVER))
    )
    believe = [row["person"] for row in summed if (row["over"] or 0) > (row["heard"] or 0)]
    if not believe:
        return {}
    first = PageStep.objects.filter(page__incident=incident, step=0).values_list("people", flat=True)
    called = {ref for refs in first for ref in refs}
    people = Person.objects.filter(retired_at=None).in_bulk(believe)
    return {pk: person for pk, person in people.items() if person.ref not in called}


def _subject(incident: Incident) -> str:
    return f"Open again: {incident.label}, {incident.title}"[:150]


def _text(incident: Incident, reader: Person) -> str:
    since = hour((incident.reopened_at or incident.opened_at).astimezone(zone_of(reader.time_zone)))
    return (
        f"{incident.title}\n\nYou were told that it was over. It is open again since {since}. "
        "This message asks nothing of you; you are told when it is over."
    )
