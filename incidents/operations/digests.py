"""The letters of the weekly digest: planned, taken to be sent, marked; and who wants none.

A letter is one row for a person and a week, so it is planned once however many sweepers there are. It is leased, sent
outside of any transaction, and marked. A worker that dies in between leaves a lease that ends: the letter is sent once
more, marked as one that may have arrived before, and if that dies too it is given up. So nobody gets more than two.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from catalog.access import Actor
from catalog.models import Membership, Person
from catalog.operations import record_audit
from catalog.queries import platform_leads
from incidents.models import DigestChoice, DigestLetter, Schedule
from portal.lib.zones import zone_of

HOUR = time(8)
LATE = timedelta(days=1)
"""How late a Monday's letters may still be planned."""
LEASE = timedelta(minutes=5)
PAUSES = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
"""Between tries, while the mail server is not there."""
GONE = "A worker stopped twice while sending it; it may have arrived."
KEPT_FOR = timedelta(days=400)


def plan_letters(*, now: datetime) -> int:
    """A row for everybody who gets one next Monday at 08:00 by the clock of their team; how many are new.

    The clock is that of the first schedule of their first team, by name; without one it is the person's own.
    """
    people = list(readers())
    zones = _zones(people)
    rows = [_row(one, zones.get(one.pk) or one.time_zone, now) for one in people]
    planned = set(DigestLetter.objects.filter(week__in={row.week for row in rows}).values_list("person_id", "week"))
    missing = [row for row in rows if (row.person_id, row.week) not in planned]
    DigestLetter.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def readers() -> QuerySet[Person]:
    """Who gets a digest: with an address, still here, in a team that is, or leading the platform; and wants it."""
    members = Membership.objects.filter(team__retired_at=None).exclude(team=None).values("person")
    wanted = Person.objects.filter(retired_at=None).exclude(email="").exclude(digest_choice__off_since__isnull=False)
    return wanted.filter(Q(pk__in=members) | Q(pk__in=platform_leads())).order_by("pk")


@transaction.atomic
def lease_letter(*, now: datetime) -> DigestLetter | None:
    """Take the letter that is due the longest; None when nothing is. Leases that ended are due again, once."""
    _take_back(now)
    due = DigestLetter.objects.filter(state=DigestLetter.State.PENDING, next_attempt_at__lte=now)
    row = (
        due.select_for_update(skip_locked=True, of=("self",))
        .select_related("person")
        .order_by("next_attempt_at")
        .first()
    )
    if row is None:
        return None
    row.state, row.lease_until = DigestLetter.State.LEASED, now + LEASE
    row.attempts += 1
    row.save(update_fields=["state", "lease_until", "attempts"])
    return row


def mark_sent(row: DigestLetter, *, receipt: str, now: datetime) -> None:
    """It has gone out."""
    _mark(row, state=DigestLetter.State.SENT, sent_at=now, receipt=receipt[:300], error="")


def mark_dropped(row: DigestLetter) -> None:
    """Nobody wants it any more."""
    _mark(row, state=DigestLetter.State.DROPPED)


def mark_failed(row: DigestLetter, *, error: str, permanent: bool, now: datetime) -> None:
    """It did not go out; tried again later, unless that is of no use."""
    if permanent or row.attempts > len(PAUSES):
        _mark(row, state=DigestLetter.State.FAILED, error=error[:300])
        return
    again = now + PAUSES[row.attempts - 1]
    _mark(row, state=DigestLetter.State.PENDING, error=error[:300], next_attempt_at=again)


@transaction.atomic
def choose_digest(*, person: Person, wanted: bool, actor: Actor, now: datetime) -> bool:
    """Have `person` get the digest, or not; idempotent. Answers whether that changed anything.

    Only the person does so, signed in or by the link in a letter; nobody else is offered it.
    """
    row, _ = DigestChoice.objects.select_for_update().get_or_create(person=person)
    if (row.off_since is None) is wanted:
        return False
    row.off_since = None if wanted else now
    row.save(update_fields=["off_since"])
    diff: dict[str, tuple[object, object]] = {"digest": (not wanted, wanted)}
    record_audit(actor=actor, action="person.digest", object_ref=person.ref, diff=diff, now=now)
    return True


def prune_letters(*, now: datetime) -> None:
    """Letters are looked back on for a while, not for good."""
    DigestLetter.objects.filter(week__lt=now.date() - KEPT_FOR).delete()


def monday_of(zone: str, now: datetime) -> tuple[date, datetime]:
    """The Monday whose letter is next, or was due within the last day, and when it is due."""
    there = zone_of(zone)
    day = (now - LATE).astimezone(there).date()
    monday = day - timedelta(days=day.weekday())
    due = datetime.combine(monday, HOUR, tzinfo=there).astimezone(UTC)
    if due < now - LATE:
        monday += timedelta(days=7)
        due = datetime.combine(monday, HOUR, tzinfo=there).astimezone(UTC)
    return monday, due


def zone_of_person(person: Person) -> str:
    """By whose clock the person's Monday begins."""
    return _zones([person]).get(person.pk) or person.time_zone


def _zones(people: Iterable[Person]) -> dict[int, str]:
    """Person key to the zone of the first schedule of their first team that has one."""
    found: dict[int, str] = {}
    rows = Schedule.objects.filter(retired_at=None, team__retired_at=None, team__memberships__person__in=list(people))
    for pk, zone in rows.order_by("team__called", "team", "name").values_list("team__memberships__person", "time_zone"):
        found.setdefault(pk, zone)
    return found


def _row(person: Person, zone: str, now: datetime) -> DigestLetter:
    week, due = monday_of(zone, now)
    return DigestLetter(person=person, week=week, due_at=due, next_attempt_at=due)


def _take_back(now: datetime) -> None:
    late = DigestLetter.objects.filter(state=DigestLetter.State.LEASED, lease_until__lte=now)
    late.filter(maybe_duplicate=True).update(state=DigestLetter.State.FAILED, lease_until=None, error=GONE)
    late.filter(maybe_duplicate=False).update(
        state=DigestLetter.State.PENDING, lease_until=None, maybe_duplicate=True, next_attempt_at=now
    )


def _mark(row: DigestLetter, **said: object) -> None:
    """Only while the lease is its own: who comes late says nothing about a letter that another one has."""
    mine = DigestLetter.objects.filter(pk=row.pk, state=DigestLetter.State.LEASED, attempts=row.attempts)
    mine.update(lease_until=None, **said)
