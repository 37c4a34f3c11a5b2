"""Every try to reach somebody for an incident, for whoever looks at its page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models import QuerySet

from catalog.models import Person
from incidents.models import Incident, Notification, NotificationAttempt
from incidents.models.notification import channel_words

STATES = {"": "All", "sent": "Sent", "failed": "Failed", "waiting": "Waiting"}
"""What a list of messages can be narrowed to."""
OF_STATE = {
    "sent": (Notification.State.SENT,),
    "failed": (Notification.State.FAILED, Notification.State.DEAD),
    "waiting": (Notification.State.PENDING, Notification.State.LEASED),
}
LOOKS = {
    "temporary": "failed-for-now",
    "permanent": "failed",
    "unknown": "cut-off",
    "in-flight": "leased",
    "waiting": "pending",
}
"""What an outcome is drawn as, where that has another name."""
SEEN = 2
"""Letters of a name, or digits of a number, that anybody may see."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one message, or with `number` 0 a message that was not tried yet.

    `outcome` is sent, temporary, permanent, unknown (a worker died with it), in-flight, waiting or cancelled. `address`
    is masked for those who may not see it; so are `words`, which servers like to repeat it in. `together` counts the
    pages that shared the message.
    """

    notification: Notification
    person: Person
    channel: str
    address: str
    number: int
    outcome: str
    words: str
    at: datetime
    finished_at: datetime | None
    together: int

    @property
    def label(self) -> str:
        """The channel as people call it."""
        return channel_words(self.channel)

    @property
    def look(self) -> str:
        """The outcome as it is drawn."""
        return LOOKS.get(self.outcome, self.outcome)

    @property
    def company(self) -> int:
        """How many further pages the message was about."""
        return self.together - 1

    @property
    def seconds(self) -> float | None:
        """How long it took until the other side had answered."""
        return (self.finished_at - self.at).total_seconds() if self.finished_at else None


def attempts_of(incident: Incident, *, reader: Person | None) -> list[Attempt]:
    """All tries of the incident's messages, oldest first; what was not tried yet comes last. Two queries."""
    return attempts_in(messages_of(incident), reader=reader)


def messages_of(incident: Incident, *, state: str = "") -> QuerySet[Notification]:
    """Its messages with person, page and tries; `state` is a key of OF_STATE, or empty for all."""
    rows = Notification.objects.filter(incident=incident).select_related("person", "page__team", "page__person")
    if state in OF_STATE:
        rows = rows.filter(state__in=OF_STATE[state])
    return rows.prefetch_related("tries")


def attempts_in(rows: Iterable[Notification], *, reader: Person | None) -> list[Attempt]:
    """As `attempts_of`, for messages with `person` and `tries` at hand."""
    found = [attempt for row in rows for attempt in _of(row, may_see(row.person, reader))]
    return sorted(found, key=lambda one: (one.number == 0, one.at, one.notification.pk, one.number))


def may_see(person: Person, reader: Person | None) -> bool:
    """Whether `reader` may see how to reach `person`: themselves, and platform admins."""
    return reader is not None and (reader.pk == person.pk or reader.platform_admin)


def masked(channel: str, address: str) -> str:
    """Enough of an address to recognise one's own by."""
    if channel == "email":
        name, _, host = address.partition("@")
        return f"{name[:1]}…@{host}"
    if channel == "sms":
        return f"{address[:3]}…{address[-SEEN:]}"
    if channel == "webhook":
        return urlsplit(address).hostname or "…"
    return address.partition("/")[0].partition(" ")[0] if channel in ("ntfy", "mattermost") else "…"


def _of(row: Notification, open_to_reader: bool) -> list[Attempt]:
    address = row.address if open_to_reader else masked(row.channel, row.address)
    tries = sorted(row.tries.all(), key=lambda one: one.number)
    if not tries:
        waits = row.state == Notification.State.PENDING
        outcome = "waiting" if waits else row.state
        return [Attempt(row, row.person, row.channel, address, 0, outcome, "", row.due_at, None, 1)]
    return [
        Attempt(
            notification=row,
            person=row.person,
            channel=row.channel,
            address=address,
            number=one.number,
            outcome=_outcome(one, row),
            words=one.words if open_to_reader else one.words.replace(row.address, address),
            at=one.started_at,
            finished_at=one.finished_at,
            together=one.together,
        )
        for one in tries
    ]


def _outcome(one: NotificationAttempt, row: Notification) -> str:
    if one.finished_at is not None:
        return one.outcome
    last = one.number == row.attempts and row.state == Notification.State.LEASED
    return "in-flight" if last else "unknown"
