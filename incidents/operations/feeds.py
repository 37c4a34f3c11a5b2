"""Links by which calendars follow schedules: made, renewed, taken away, each by the person whose calendar it is."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from catalog.authentication import digest
from catalog.models import Person
from incidents.models import CalendarFeed, Schedule
from portal.lib import conf
from portal.lib.errors import Missing

NOTED_EVERY = timedelta(hours=1)


class NoSuchFeed(Missing):
    """There is no calendar at this address. Its owner may have renewed or removed it; ask for a new link."""


@dataclass(frozen=True, slots=True)
class Made:
    """A link; its address is kept nowhere and is told this once."""

    feed: CalendarFeed
    url: str


@transaction.atomic
def make_feed(*, person: Person, schedule: Schedule | None, now: datetime) -> Made:
    """A new secret address; an earlier one of the same person and schedule ends."""
    secret = secrets.token_urlsafe(24)
    feed, _ = CalendarFeed.objects.update_or_create(
        person=person,
        schedule=schedule,
        defaults={"digest": digest(secret), "created_at": now, "read_at": None},
    )
    return Made(feed, conf.base_url() + reverse("incidents:calendar", args=[secret]))


def remove_feed(*, person: Person, pk: int) -> None:
    """Its address answers no more. Raises NoSuchFeed for what is not the person's own."""
    count, _ = CalendarFeed.objects.filter(person=person, pk=pk).delete()
    if not count:
        raise NoSuchFeed


def opened_feed(secret: str, *, now: datetime) -> CalendarFeed:
    """Whose address it is; notes that it was read. Raises NoSuchFeed, also where the person has left."""
    found = CalendarFeed.objects.select_related("person", "schedule").filter(digest=digest(secret)).first()
    if found is None or found.person.retired_at is not None or (found.schedule and found.schedule.retired_at):
        raise NoSuchFeed
    if found.read_at is None or now - found.read_at > NOTED_EVERY:
        CalendarFeed.objects.filter(pk=found.pk).update(read_at=now)
    return found
