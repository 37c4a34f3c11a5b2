"""Reading one's inbox."""

from datetime import datetime

from catalog.models import Person
from incidents.models import InboxMessage
from portal.lib.errors import Missing


class NoSuchMessage(Missing):
    """There is no such message in your inbox."""


def mark_read(*, person: Person, pk: int, now: datetime) -> InboxMessage:
    """This message is read; the time of the first reading stays. Raises NoSuchMessage."""
    InboxMessage.objects.filter(person=person, pk=pk, read_at=None).update(read_at=now)
    found = InboxMessage.objects.filter(person=person, pk=pk).select_related("incident").first()
    if found is None:
        raise NoSuchMessage
    return found


def mark_all_read(*, person: Person, now: datetime) -> int:
    """Everything is read; answers how many were not."""
    return InboxMessage.objects.filter(person=person, read_at=None, at__lte=now).update(read_at=now)
