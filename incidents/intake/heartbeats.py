"""Heartbeats: silence for longer than agreed raises an alert, the next beat clears it. Due times are columns."""

from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import F

from incidents.firing import Firing
from incidents.intake.accepting import config_of
from incidents.intake.finding import Components, find
from incidents.intake.keys import beat_by
from incidents.intake.signals import Signal
from incidents.models import Heartbeat
from incidents.operations import clear_alert, raise_alert
from incidents.operations.locking import lock_alerts
from portal.lib import durations
from portal.lib.hints import nudge

log = structlog.get_logger(__name__)

OFF = timedelta(minutes=3)
"""Without a sweep for longer than that the portal was off."""
PATIENCE = 600
"""Seconds that are allowed at the most after the portal was off."""
LATER = """
UPDATE incidents_heartbeat
   SET due_at = GREATEST(due_at, %(now)s + make_interval(secs => LEAST(every_seconds + grace_seconds, %(most)s)))
 WHERE silent_since IS NULL AND due_at > %(seen_at)s
"""


def beat(key: str) -> bool:
    """One beat; False where the key is none. It is kept when this returns; an alert is cleared a moment later."""
    if not beat_by(key):
        return False
    nudge("incidents.advance_due")
    return True


def allow_for_silence_of_our_own(*, now: datetime, seen_at: datetime | None) -> None:
    """Where the portal was off, from `seen_at` on, nobody could be heard: each heartbeat that was not due by then has
    its interval and grace anew, ten minutes at the most; a backup that beats once a day must not wait for the next day.
    """
    if seen_at is not None and now - seen_at > OFF:
        with connection.cursor() as cursor:
            cursor.execute(LATER, {"now": now, "most": PATIENCE, "seen_at": seen_at})


def heartbeats_due(*, now: datetime, limit: int = 100) -> int:
    """Raise for those that fell silent, clear for those that are heard again; answers how many were acted on."""
    with transaction.atomic():
        due = _due(now)[:limit]
        if not due:
            return 0
        lock_alerts()  # once for all of them, for others wait to decide about alerts
        return sum(_one(pk, now) for pk in due)


def _due(now: datetime) -> list[int]:
    live = Heartbeat.objects.filter(integration__retired_at=None)
    silent = live.filter(silent_since=None, due_at__lte=now).order_by("due_at")
    heard = live.filter(silent_since__isnull=False, last_beat_at__gt=F("silent_since")).order_by("silent_since")
    return [pk for rows in (silent, heard) for pk in rows.values_list("pk", flat=True)]


def alert_key(heartbeat: Heartbeat) -> str:
    """The key of its alert."""
    return f"integration-{heartbeat.integration_id}:heartbeat"


def _one(pk: int, now: datetime) -> int:
    try:
        with transaction.atomic():
            return _act(pk, now)
    except OperationalError:
        raise
    except Exception:  # it stays due, and holds up no other
        log.exception("a heartbeat could not be acted on; it is tried again", heartbeat=pk)
        return 0


def _act(pk: int, now: datetime) -> int:
    rows = Heartbeat.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    row = rows.select_related("integration").filter(pk=pk, integration__retired_at=None).first()
    if row is None:
        return 0  # somebody else has it
    if row.silent_since is None and row.due_at is not None and row.due_at <= now:
        raise_alert(firing=_firing(row), now=now)
        row.silent_since = now
    elif row.silent_since is not None and row.last_beat_at is not None and row.last_beat_at > row.silent_since:
        clear_alert(key=alert_key(row), now=now, words=f"{row.integration.name} is heard again")
        row.silent_since = None
    else:
        return 0  # a beat came between
    row.save(update_fields=["silent_since"])
    return 1


def _firing(row: Heartbeat) -> Firing:
    config = config_of(row.integration)
    found = find(Signal(key=alert_key(row)), config, Components())
    agreed = f"a beat every {durations.words(config.every)} and {durations.words(config.grace)} of grace"
    return Firing(
        key=alert_key(row),
        source=row.integration.kind,
        summary=f"{row.integration.name} is silent: {agreed} was agreed"[:300],
        rule=config.default_rule,
        component=found.component,
        component_ref=found.ref,
        details={
            "integration": row.integration.name,
            "last beat": row.last_beat_at.isoformat() if row.last_beat_at else None,
            "expected": agreed,
        },
        found_by=found.words,
    )
