"""The outbox: what is due is leased, and what came of it is marked. No transaction is open while anything is sent.

A lease ends by itself. Who leases a row whose lease has run out finds the other's try without an end: it may have been
sent, so the message goes out again, marked as a possible duplicate. A page lost is worse than a page twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from incidents.escalation import UNTAKEN, State
from incidents.models import Incident, Notification, NotificationAttempt

LEASE = timedelta(seconds=30)
PAUSES = tuple(timedelta(seconds=s) for s in (2, 5, 15, 30, 60, 120, 300))
"""Between tries; after as many the method counts as failed for good."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A notification this courier may send until `until`, and its number of the try."""

    notification: Notification
    number: int
    by: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try: a receipt, or an error that is `permanent` or not."""

    leased: Leased
    receipt: str = ""
    error: str = ""
    permanent: bool = False


@transaction.atomic
def lease(*, now: datetime, by: str, limit: int, without: Collection[str] = ()) -> list[Leased]:
    """Up to `limit` due messages for the courier `by`, first pages first; their tries are written before any is sent.

    Messages nobody needs any more (the page was taken meanwhile) are cancelled instead: this is looked at under the
    claim, right before sending. `without` names channels that have no room.
    """
    rows = _left_behind(now, limit, without)
    rows += _waiting(now, limit - len(rows), without)
    unwanted = [row for row in rows if not wanted(row)]
    _cancel(unwanted)
    return _begin([row for row in rows if wanted(row)], now=now, by=by)


def _left_behind(now: datetime, limit: int, without: Collection[str]) -> list[Notification]:
    due = Notification.objects.filter(state=Notification.State.LEASED, lease_until__lte=now)
    rows = _held(due.order_by("lease_until"), limit, without)
    for row in rows:
        row.maybe_duplicate = True
    return rows


def _waiting(now: datetime, limit: int, without: Collection[str]) -> list[Notification]:
    due = Notification.objects.filter(state=Notification.State.PENDING, next_attempt_at__lte=now)
    return _held(due.order_by("priority", "next_attempt_at"), limit, without)


def _held(due: QuerySet[Notification], limit: int, without: Collection[str]) -> list[Notification]:
    if limit <= 0:
        return []
    held = due.exclude(channel__in=list(without)) if without else due
    held = held.select_for_update(skip_locked=True, no_key=True, of=("self",))
    related = (
        "page__team",
        "page__policy_version__policy",
        "incident__component",
        "incident__owner",
        "person",
        "method",
    )
    return list(held.select_related(*related)[:limit])


def wanted(row: Notification) -> bool:
    """Whether anybody still needs it; a page until somebody has it, a question until it is answered."""
    if row.incident is not None and row.incident.state == Incident.State.RESOLVED:
        return row.kind in (Notification.Kind.TOLD, Notification.Kind.TEST)
    if row.page is None or row.kind in (Notification.Kind.TOLD, Notification.Kind.TEST):
        return True
    if row.kind == Notification.Kind.ASK:
        return row.page.asked
    return State(row.page.state) in UNTAKEN


def _cancel(rows: Sequence[Notification]) -> None:
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=Notification.State.CANCELLED, lease_until=None, leased_by=""
    )


def _begin(rows: Sequence[Notification], *, now: datetime, by: str) -> list[Leased]:
    for row in rows:
        row.state, row.lease_until, row.leased_by = Notification.State.LEASED, now + LEASE, by
        row.attempts += 1
    Notification.objects.bulk_update(rows, ["state", "lease_until", "leased_by", "attempts", "maybe_duplicate"])
    NotificationAttempt.objects.bulk_create(
        NotificationAttempt(notification=row, number=row.attempts, started_at=now, by=by) for row in rows
    )
    return [Leased(row, row.attempts, by) for row in rows]
