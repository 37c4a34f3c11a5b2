"""Shifts as an iCalendar (RFC 5545), for calendars that subscribe to them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

REFRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A shift: who, on what, `[start, end)`, and where more is told. `key` stays the same for the same shift."""

    key: str
    title: str
    start: datetime
    end: datetime
    url: str


def calendar(name: str, entries: Iterable[Entry], *, host: str, now: datetime) -> bytes:
    """The whole calendar; a shift that is there again has the UID that it had."""
    made = Calendar()
    made.add("prodid", "-//Portico//on call//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for entry in entries:
        made.add_component(_event(entry, host, now))
    told: bytes = made.to_ical()
    return told


def _event(entry: Entry, host: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{hashlib.sha256(entry.key.encode()).hexdigest()[:32]}@{host}")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", entry.start.astimezone(UTC))
    event.add("dtend", entry.end.astimezone(UTC))
    event.add("summary", entry.title)
    event.add("url", entry.url)
    event.add("transp", "TRANSPARENT")
    return event
