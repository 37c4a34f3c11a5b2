"""Reading locations that are due: leased, read with no transaction open, applied, recorded.

Who holds the lease reads; a lease ends by itself, so a reader that died is followed by another. Whatever asks for a
reading meanwhile (a webhook, a button, a change of the targets) moves `due_at`, which the reader then leaves alone.
"""

import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.db import transaction
from django.db.models import Q

from catalog.access import Actor
from catalog.locations.doors import LARGEST_FILE, Doors, Folders, Web
from catalog.locations.reading import Reading, read
from catalog.locations.targets import hosts
from catalog.models import Location
from catalog.models.entity import Origin
from catalog.operations import filing
from catalog.operations.applying import Applied, SourceFile, apply_files
from portal.lib import conf
from portal.lib.clock import db_now
from portal.lib.crypto import CannotUnseal, unseal
from portal.lib.fetching import Credentials, Fetcher

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=10)
READ_FOR = 180.0
"""Seconds for all files of a location; well below the lease, for applying takes time too."""
FILE_FOR = 20.0
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=1)
SEALED_OTHERWISE = "What signs in was sealed with another PORTAL_SECRET_KEY; edit the location and enter it again."
MOST_RETRIES = 6
"""Tries after a failure of a location that is read only when asked."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A location that is ours to read until `until`."""

    location: Location
    until: datetime


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of one reading; `applied` is None where nothing could be read at all."""

    location: Location
    reading: Reading
    applied: Applied | None
    error: str = ""


Clock = Callable[[], datetime]


def refresh_due(*, now: datetime, limit: int = 5, clock: Clock = db_now) -> int:
    """Read up to `limit` locations that are due; the answer is how many were. One that fails stops no other."""
    done = 0
    while done < limit and (leased := lease_next(now=now)) is not None:
        try:
            refresh(leased=leased, clock=clock)
        except Exception as error:  # a bug met by one location must not keep the others from being read
            log.exception("location could not be refreshed", location=leased.location.ref)
            _give_up(leased, f"Something went wrong on our side: {type(error).__name__}.", now=clock())
        done += 1
    return done


@transaction.atomic
def lease_next(*, now: datetime) -> Leased | None:
    """The location that waits longest, leased; None where none is due. Two askers never get the same one."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Location.objects.filter(free, due_at__lte=now, retired_at=None).order_by("due_at", "pk")
    row = due.select_for_update(skip_locked=True, no_key=True).first()
    if row is None:
        return None
    row.leased_until = row.due_at = until = now + LEASE
    row.tried_at = now
    row.save(update_fields=["leased_until", "due_at", "tried_at"])
    return Leased(row, until)


def refresh(*, leased: Leased, clock: Clock = db_now) -> Refreshed:
    """Read, apply and record one leased location."""
    location = leased.location
    try:
        reading = read_location(location)
    except CannotUnseal:
        found = Refreshed(location, Reading(), None, SEALED_OTHERWISE)
        _record(leased, found, now=clock())
        return found
    still = _still_ours(leased)
    if still is None:
        return Refreshed(location, reading, None, "Somebody else reads it now.")
    location = still  # whom it is held to, and whether it prunes, may have changed while it was read
    now = clock()
    applied = _applied(location, reading, now=now) if reading.manifests or reading.whole else None
    found = Refreshed(location, reading, applied, _as_a_whole(reading))
    _record(leased, found, now=now)
    return found


def read_location(
    location: Location, *, seconds: float = READ_FOR, most_files: int | None = None, secret: str | None = None
) -> Reading:
    """All files of a location, kept or not, by way of the guard. Raises CannotUnseal. Opens no transaction."""
    value = unseal(location.auth_sealed) if secret is None else secret
    origins = frozenset(hosts(location.targets))
    credentials = Credentials(location.auth_header, value, origins) if location.auth_header and value else None
    until = time.monotonic() + seconds
    known = filing.known(location) if location.pk else {}
    with Fetcher(limit_bytes=LARGEST_FILE, timeout=min(FILE_FOR, seconds), credentials=credentials) as fetcher:
        doors = Doors(Web(fetcher), _folders(location, conf.location_roots()))
        more = {} if most_files is None else {"most_files": most_files}
        return read(location.targets, doors, known=known, in_time=lambda: time.monotonic() < until, **more)


def actor_for(location: Location) -> Actor:
    """The portal, acting for a location: held to its team where one limits it, and to nothing where that is gone."""
    held = frozenset({location.team_id} - {None}) if location.limited else None
    return Actor(system=location.ref, via="system", held_to=held)  # type: ignore[arg-type]  # None was taken out


def source_files(reading: Reading) -> list[SourceFile]:
    """What was read, as the engine takes it."""
    return [
        SourceFile(address=file.address, text=file.loaded.content, markers=file.marked)
        for file in reading.manifests
        if file.loaded
    ]


def _folders(location: Location, roots: Sequence[Path]) -> Folders | None:
    return Folders(roots) if location.type == Location.Type.DIRECTORY else None


def _applied(location: Location, reading: Reading, *, now: datetime) -> Applied:
    return apply_files(
        files=source_files(reading),
        actor=actor_for(location),
        now=now,
        source=location.ref,
        prune=location.prunes,
        origin=Origin.MANIFEST,
        incomplete=_incomplete(location, reading),
    )


def _incomplete(location: Location, reading: Reading) -> Collection[str]:
    """Files whose entities may still be named: those that could not be read, and when any could not, the unreached."""
    lost = {file.address for file in reading.failed}
    if reading.whole:
        return lost
    reached = {file.address for file in reading.manifests}
    return lost | (filing.addresses(location) - reached)


def _as_a_whole(reading: Reading) -> str:
    """Why the reading failed, as one sentence; empty where it did not."""
    if reading.stopped:
        return reading.stopped
    failed = [file for file in reading.failed if not file.part]
    if not failed:
        return ""
    if len(failed) == 1:
        return f"{failed[0].address}: {failed[0].error}"
    return f"{len(failed)} files could not be read; the first is {failed[0].address}: {failed[0].error}"


def _still_ours(leased: Leased) -> Location | None:
    """The location as it is now, unless somebody else reads it or nobody should."""
    return Location.objects.filter(pk=leased.location.pk, leased_until=leased.until, retired_at=None).first()


@transaction.atomic
def _record(leased: Leased, found: Refreshed, *, now: datetime) -> None:
    """Keep what came of it and let go of the lease; whoever lost it records nothing."""
    row = _held(leased)
    if row is None:
        return
    filing.record(row, found.reading, found.applied, now=now)
    row.error = found.error
    if not found.error and found.reading.whole:
        row.read_at = now
    _let_go(row, leased, partly=bool(found.reading.manifests), now=now)


@transaction.atomic
def _give_up(leased: Leased, words: str, *, now: datetime) -> None:
    row = _held(leased)
    if row is not None:
        row.error = words
        _let_go(row, leased, now=now)


def _held(leased: Leased) -> Location | None:
    mine = Location.objects.select_for_update(no_key=True).filter(pk=leased.location.pk, leased_until=leased.until)
    return mine.first()


def _let_go(row: Location, leased: Leased, *, now: datetime, partly: bool = False) -> None:
    row.failures = row.failures + 1 if row.error else 0
    row.leased_until = None
    if row.due_at == leased.until:  # nobody asked for another reading meanwhile
        row.due_at = None if row.retired_at else next_reading(row, now=now, partly=partly)
    row.save(update_fields=["error", "failures", "leased_until", "due_at", "read_at"])


def next_reading(
    row: Location, *, now: datetime, partly: bool = False, jitter: Callable[[], float] = random.random
) -> datetime | None:
    """When it is read next: after its interval; after a failure first soon, then ever later; spread by some per cent.

    Where it was read `partly`, one file that is lost for good does not keep the others from being read in time.
    """
    every = timedelta(seconds=row.every_seconds)
    wait = every
    if row.failures:
        if not every and row.failures > MOST_RETRIES:
            return None
        pause = FIRST_RETRY * 2 ** min(row.failures - 1, 10)
        wait = min(pause, every if partly and every else max(every, LAST_RETRY))
    elif not every:
        return None
    return now + wait * (1 + 0.1 * jitter())
