"""The outbox: what is due is leased, and what came of it is marked. No transaction is open while anything is sent.

A lease ends by itself. Who leases a row whose lease has run out finds the other's try without an end: it may have been
sent, so the message goes out again, marked as a possible duplicate. A page lost is worse than a page twice.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from incidents.escalation import UNTAKEN, State
from incidents.models import ContactMethod, Incident, Notification, NotificationAttempt
from incidents.pauses import WAITS, pause_at
from portal.lib import conf

RELATED = (
    "page__team",
    "page__policy_version__policy",
    "incident__component",
    "incident__owner",
    "person",
    "method",
)
COMPANY = 200
"""So many further pages go along with those that are leased."""
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

    Pages to one address shortly after another wait a little for company; what is due then comes along with the first of
    them, beyond `limit`, and goes into one message (see `bundles`). Messages nobody needs any more (the page was taken
    meanwhile) are cancelled instead: this is looked at under the claim, right before sending. `without` names channels
    that have no room. While all paging is paused pages wait.
    """
    waits = WAITS if pause_at(now) is not None else ()
    rows = _left_behind(now, limit, without, waits)
    rows += _with_company(_waiting(now, limit - len(rows), without, waits), now)
    unwanted = [row for row in rows if not wanted(row)]
    _cancel(unwanted)
    needed = _taking_turns([row for row in rows if wanted(row)], now)
    _ring([row for row in needed if row.kind == Notification.Kind.PAGE], now)
    return _begin(needed, now=now, by=by)


def bundles(leased: Iterable[Leased]) -> list[list[Leased]]:
    """What goes into one message each: pages to one person by one method, and likewise what is over; all else alone.

    What may have been sent before is not mixed with what was not, and a drill with nothing.
    """
    found: dict[object, list[Leased]] = {}
    for one in leased:
        row = one.notification
        joins = row.kind == Notification.Kind.PAGE or row.is_over
        alone = not joins or row.method_id is None or _of_drill(row)
        key = row.pk if alone else (row.is_over, row.person_id, row.method_id, row.maybe_duplicate)
        found.setdefault(key, []).append(one)
    return list(found.values())


def company_time() -> timedelta:
    """How long a further page waits for company at the most."""
    return timedelta(seconds=conf.number("PORTAL_BUNDLE_SECONDS", 2))


def _left_behind(now: datetime, limit: int, without: Collection[str], waits: Collection[str]) -> list[Notification]:
    due = Notification.objects.filter(state=Notification.State.LEASED, lease_until__lte=now)
    rows = _held(due.order_by("lease_until"), limit, without, waits)
    for row in rows:
        row.maybe_duplicate = True
    return rows


def _waiting(now: datetime, limit: int, without: Collection[str], waits: Collection[str]) -> list[Notification]:
    due = Notification.objects.filter(state=Notification.State.PENDING, next_attempt_at__lte=now)
    rung = Q(kind=Notification.Kind.PAGE, attempts=0, method__last_paged_at__gt=now - company_time())
    return _held(due.exclude(rung).order_by("priority", "next_attempt_at"), limit, without, waits)


def _with_company(rows: list[Notification], now: datetime) -> list[Notification]:
    """Pages, and what else is due to the same addresses; and so for what is over."""
    paged = [row for row in rows if row.kind == Notification.Kind.PAGE]
    over = [row for row in rows if row.is_over]
    return [
        *rows,
        *_more(paged, Q(kind=Notification.Kind.PAGE), now),
        *_more(over, Q(rule__startswith=f"{Notification.OVER}/"), now),
    ]


def _more(rows: list[Notification], alike: Q, now: datetime) -> list[Notification]:
    """Further ones of their kind that are due to the methods of `rows`."""
    methods = {row.method_id for row in rows if row.method_id is not None}
    if not methods:
        return []
    due = Notification.objects.filter(
        alike, state=Notification.State.PENDING, next_attempt_at__lte=now, method__in=methods
    )
    there = [row.pk for row in rows]
    return _held(due.exclude(pk__in=there).order_by("priority", "next_attempt_at"), COMPANY, (), ())


def _held(
    due: QuerySet[Notification], limit: int, without: Collection[str], waits: Collection[str]
) -> list[Notification]:
    if limit <= 0:
        return []
    held = due.exclude(channel__in=list(without)) if without else due
    held = held.exclude(kind__in=waits) if waits else held
    held = held.select_for_update(skip_locked=True, no_key=True, of=("self",))
    keys = list(held.values_list("pk", flat=True)[:limit])  # mostly there is nothing, and nine tables are much to plan
    if not keys:
        return []
    found = Notification.objects.select_related(*RELATED).in_bulk(keys)
    return [found[key] for key in keys]


def _taking_turns(rows: list[Notification], now: datetime) -> list[Notification]:
    """Without first tries to addresses that another courier has rung since these were found; the methods are held.

    Whoever waits for a method here holds rows that nobody else waits for, and methods are taken in one order, so that
    nobody waits in a ring.
    """
    methods = {row.method_id for row in rows if row.kind == Notification.Kind.PAGE and row.method_id is not None}
    if not methods:
        return rows
    held = ContactMethod.objects.filter(pk__in=methods).order_by("pk").select_for_update(no_key=True, of=("self",))
    since = now - company_time()
    rung = {pk for pk, at in held.values_list("pk", "last_paged_at") if at is not None and at > since}
    return [
        row
        for row in rows
        if row.kind != Notification.Kind.PAGE or row.attempts or row.maybe_duplicate or row.method_id not in rung
    ]


def _ring(pages: Sequence[Notification], now: datetime) -> None:
    """From now on further pages to these addresses wait a little; after a drill's nobody waits."""
    methods = {row.method_id for row in pages if row.method_id is not None and not _of_drill(row)}
    if methods:
        ContactMethod.objects.filter(pk__in=sorted(methods)).update(last_paged_at=now)


def wanted(row: Notification) -> bool:
    """Whether anybody still needs it; a page until somebody has it, a question until it is answered, that something is
    over, or open again, as long as it is.
    """
    if row.is_over and row.incident is not None:
        return row.incident.state == Incident.State.RESOLVED and row.incident.generation == row.generation
    if row.is_again and row.incident is not None:
        return row.incident.state != Incident.State.RESOLVED and row.incident.generation == row.generation
    if row.incident is not None and row.incident.state == Incident.State.RESOLVED:
        return row.kind in (Notification.Kind.TOLD, Notification.Kind.TEST)
    if row.page is None or row.kind in (Notification.Kind.TOLD, Notification.Kind.TEST):
        return True
    if row.kind == Notification.Kind.ASK:
        return row.page.asked
    return State(row.page.state) in UNTAKEN


def _of_drill(row: Notification) -> bool:
    return row.incident is not None and row.incident.is_drill


def _cancel(rows: Sequence[Notification]) -> None:
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=Notification.State.CANCELLED, lease_until=None, leased_by=""
    )


def _begin(rows: Sequence[Notification], *, now: datetime, by: str) -> list[Leased]:
    for row in rows:
        row.state, row.lease_until, row.leased_by = Notification.State.LEASED, now + LEASE, by
        row.attempts += 1
    held = Notification.objects.filter(pk__in=[row.pk for row in rows])
    held.update(state=Notification.State.LEASED, lease_until=now + LEASE, leased_by=by, attempts=F("attempts") + 1)
    if doubtful := [row.pk for row in rows if row.maybe_duplicate]:
        held.filter(pk__in=doubtful).update(maybe_duplicate=True)
    leased = [Leased(row, row.attempts, by) for row in rows]
    NotificationAttempt.objects.bulk_create(
        NotificationAttempt(
            notification=one.notification, number=one.number, started_at=now, by=by, together=len(bundle)
        )
        for bundle in bundles(leased)
        for one in bundle
    )
    return leased
