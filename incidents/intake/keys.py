"""Whose key it is: one question for a request, by the key's digest, so that nothing of it can be guessed by time."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, F, Func, Q

from catalog.authentication import digest
from incidents.models import Integration, IntegrationKey

LENGTH = 32
"""As PagerDuty's own keys, for some of its clients count the characters. 36 to the 32nd are 165 bits."""

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
FRESH = timedelta(minutes=1)
"""One write a minute is enough to show when a key was used."""


class ClockTimestamp(Func):
    """The database's wall clock."""

    function, template, output_field = "clock_timestamp", "%(function)s()", DateTimeField()


@dataclass(frozen=True, slots=True)
class Sender:
    """The integration whose key was sent, and the database's clock then."""

    integration: Integration
    now: datetime


def new_key() -> str:
    """A key as senders put it into their configuration."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def sender_of(text: str, *kinds: str) -> Sender | None:
    """Whoever holds this key, if it is good and its integration of one of `kinds` takes anything."""
    if not 0 < len(text) <= 200:
        return None
    good = Q(expires_at=None) | Q(expires_at__gt=F("at"))
    rows = IntegrationKey.objects.select_related("integration").annotate(at=ClockTimestamp())
    found = rows.filter(good, digest=digest(text), revoked_at=None, integration__retired_at=None).first()
    if found is None or found.integration.kind not in kinds:
        return None
    now: datetime = found.at
    if found.last_used_at is None or now - found.last_used_at > FRESH:
        note_use(found.pk, at=now)
    return Sender(found.integration, now)


def note_use(pk: int, *, at: datetime) -> None:
    """The key was sent then."""
    IntegrationKey.objects.filter(pk=pk).update(last_used_at=at)


def beat_by(text: str) -> bool:
    """One beat of the heartbeat that has this key, in one statement; False where the key is no good."""
    if not 0 < len(text) <= 200:
        return False
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [digest(text)])
        return cursor.fetchone() is not None


BEAT = """
WITH known AS (
  SELECT k.id, k.integration_id, clock_timestamp() AS at
    FROM incidents_integrationkey k JOIN incidents_integration i ON i.id = k.integration_id
   WHERE k.digest = %s AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
     AND i.retired_at IS NULL AND i.kind = 'heartbeat'
), used AS (
  UPDATE incidents_integrationkey k SET last_used_at = clock_timestamp() FROM known
   WHERE k.id = known.id AND (k.last_used_at IS NULL OR k.last_used_at < clock_timestamp() - interval '1 minute')
)
UPDATE incidents_heartbeat h
   SET last_beat_at = known.at, due_at = known.at + make_interval(secs => h.every_seconds + h.grace_seconds)
  FROM known WHERE h.integration_id = known.integration_id
RETURNING h.id
"""
