"""Pausing all paging, with an end and a reason; only platform admins may."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction

from catalog.access import Actor, require_admin, require_scope
from catalog.models import ApiToken
from catalog.operations import record_audit
from incidents.models import PagingPause
from incidents.pauses import pause_at
from portal.lib.errors import FieldError, Invalid
from portal.lib.hints import nudge

LONGEST = timedelta(hours=24)
LOCK = (0x1C1D, 2)


@transaction.atomic
def pause(*, until: datetime, reason: str, by: Actor, now: datetime) -> PagingPause:
    """Nobody is paged until then; what comes due meanwhile goes out when it ends. A running one is moved.

    Raises Forbidden, Invalid (an end in the past or more than a day ahead; no reason).
    """
    _may(by)
    _check(until, reason, now)
    _alone()
    running = pause_at(now)
    before = running.ends_at.isoformat() if running else None
    made = running or PagingPause(starts_at=now, begun_by=by.person)
    made.ends_at, made.reason = until, reason.strip()[:300]
    made.save()
    _record(by, "paging.pause", {"until": (before, until.isoformat()), "reason": (None, made.reason)}, now)
    return made


@transaction.atomic
def resume(*, by: Actor, now: datetime) -> PagingPause | None:
    """Page again, and send what waits. None where nothing was paused. Raises Forbidden."""
    _may(by)
    _alone()
    running = pause_at(now)
    if running is None:
        return None
    diff = {"until": (running.ends_at.isoformat(), now.isoformat())}
    running.ends_at, running.ended_by = now, by.person
    running.save(update_fields=["ends_at", "ended_by"])
    _record(by, "paging.resume", diff, now)
    nudge("incidents.advance_due")
    nudge("incidents.deliver_due")
    return running


def _may(by: Actor) -> None:
    require_scope(by, ApiToken.Scope.INCIDENTS)
    require_admin(by)


def _check(until: datetime, reason: str, now: datetime) -> None:
    wrong = []
    if not now < until <= now + LONGEST:
        wrong.append(FieldError("until", "invalid", "Choose an end within the next 24 hours."))
    if not reason.strip():
        wrong.append(FieldError("reason", "required", "Say why: everybody reads it on every page."))
    if wrong:
        raise Invalid(errors=tuple(wrong))


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)


def _record(by: Actor, action: str, diff: Mapping[str, tuple[object, object]], now: datetime) -> None:
    record_audit(actor=by, action=action, object_ref="paging", diff=diff, now=now)
