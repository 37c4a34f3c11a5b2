"""What came of the tries: sent, tried again later, or on to the person's next method, and then to the next step."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import OperationalError, connection, transaction

from incidents import timeline
from incidents.channels.ways import ways
from incidents.escalation import ESCALATING
from incidents.models import ContactMethod, Notification, NotificationAttempt, Page, TimelineEntry
from incidents.paging.outbox import PAUSES, Leased, Outcome, wanted
from portal.lib.hints import nudge

log = structlog.get_logger(__name__)

State = Notification.State
ABOUT_A_METHOD = (Notification.Kind.CODE, Notification.Kind.TEST)
"""What is said of a method itself goes by no other."""
UNDER_WAY = (State.PENDING, State.LEASED, State.SENT)


SENT = """
WITH done AS (
    SELECT * FROM unnest(%(rows)s::bigint[], %(numbers)s::int[], %(by)s::text[], %(receipts)s::text[])
                  AS done(id, number, leased_by, receipt)
), tries AS (
    UPDATE incidents_notificationattempt t SET finished_at = %(now)s, outcome = 'sent', words = done.receipt
      FROM done WHERE t.notification_id = done.id AND t.number = done.number
)
UPDATE incidents_notification n
   SET state = 'sent', lease_until = NULL, leased_by = '', receipt = done.receipt, error = '', sent_at = %(now)s
  FROM done
 WHERE n.id = done.id AND n.state = 'leased' AND n.leased_by = done.leased_by AND n.attempts = done.number
"""


def settle(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Record what came of the tries: what was sent in one statement, each failure in a transaction of its own, so that
    one that can't be recorded holds up no other.
    """
    sent = [one for one in outcomes if not one.error]
    left = [one for one in outcomes if one.error] if _all_sent(sent, now) else outcomes
    for outcome in left:
        try:
            with transaction.atomic():
                over = _settle(outcome, now)
        except OperationalError:
            raise
        except Exception:  # its lease runs out, and it is tried again
            log.exception("an outcome could not be recorded", notification=outcome.leased.notification.pk)
            continue
        if over is not None:
            hasten(over, now=now)


def _all_sent(sent: Sequence[Outcome], now: datetime) -> bool:
    """Mark them all at once; what somebody else sends by now keeps its state. False where that can't be written."""
    if not sent:
        return True
    values: dict[str, list[int] | list[str]] = {
        "rows": [one.leased.notification.pk for one in sent],
        "numbers": [one.leased.number for one in sent],
        "by": [one.leased.by for one in sent],
        "receipts": [one.receipt[:300] for one in sent],
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(SENT, {"now": now, **values})
    except OperationalError:
        raise
    except Exception as error:
        log.exception("what was sent could not be recorded at once; it is, one by one", error=str(error))
        return False
    return True


@transaction.atomic
def hasten(notification: Notification, *, now: datetime) -> None:
    """The step reached nobody after all: where its page waits for the next step, that one is due at once."""
    if notification.step_id is None:
        return
    if Notification.objects.filter(step=notification.step_id, state__in=UNDER_WAY).exists():
        return
    waiting = Page.objects.filter(
        pk=notification.page_id or 0, generation=notification.generation, next_step_at__gt=now
    )
    if waiting.filter(state__in=ESCALATING).update(next_step_at=now):
        nudge("incidents.advance_due")


def _settle(outcome: Outcome, now: datetime) -> Notification | None:
    """The notification, where nothing more is tried for it."""
    leased = outcome.leased
    _end_try(outcome, now)
    row = _still_mine(leased)
    if row is None:
        return None  # somebody else sends it by now; what we did is on record with its try
    if not outcome.error:
        _sent(row, outcome.receipt, now)
        return None
    if not wanted(row):
        _mark(row, State.CANCELLED, error=outcome.error[:300])
        return None  # somebody took it while it was being sent
    if not outcome.permanent and row.attempts <= len(PAUSES):
        _again_later(row, outcome.error, now)
        return None
    return _failed(row, outcome.error, now)


def _end_try(outcome: Outcome, now: datetime) -> None:
    kind = "sent" if not outcome.error else "permanent" if outcome.permanent else "temporary"
    NotificationAttempt.objects.filter(notification=outcome.leased.notification, number=outcome.leased.number).update(
        finished_at=now, outcome=kind, words=(outcome.error or outcome.receipt)[:300]
    )


def _still_mine(leased: Leased) -> Notification | None:
    mine = Notification.objects.filter(
        pk=leased.notification.pk, state=State.LEASED, leased_by=leased.by, attempts=leased.number
    )
    return mine.select_for_update(no_key=True, of=("self",)).select_related("incident", "page").first()


def _sent(row: Notification, receipt: str, now: datetime) -> None:
    _mark(row, State.SENT, receipt=receipt[:300], error="", sent_at=now)


def _again_later(row: Notification, error: str, now: datetime) -> None:
    _mark(row, State.PENDING, error=error[:300], next_attempt_at=now + PAUSES[row.attempts - 1])
    _say(row, f"could not be sent, trying again: {error}", now)


def _failed(row: Notification, error: str, now: datetime) -> Notification | None:
    following = None if row.kind in ABOUT_A_METHOD else _next_method(row)
    if following is None:
        _mark(row, State.DEAD, error=error[:300])
        _say(row, f"could not be sent, and {row.person.label} has no other method: {error}", now)
        return row
    _mark(row, State.FAILED, error=error[:300])
    _say(row, f"could not be sent, trying {_way(following.channel)} instead: {error}", now)
    _by(row, following, now).save(force_insert=True)
    nudge("incidents.deliver_due")
    return None


def _next_method(row: Notification) -> ContactMethod | None:
    """The person's first confirmed method not yet used for the same step and wish."""
    methods = ContactMethod.objects.filter(person=row.person_id, confirmed_at__isnull=False, removed_at=None)
    used = _of_the_same_wish(row)
    return methods.exclude(pk__in=used).order_by("order", "pk").first()


def _of_the_same_wish(row: Notification) -> list[int]:
    stem = row.idempotency_key.split("/", 1)[0]
    tried = Notification.objects.filter(person=row.person_id, page=row.page_id, incident=row.incident_id)
    keys = tried.filter(idempotency_key__startswith=f"{stem}/", method__isnull=False)
    return [pk for pk in keys.values_list("method_id", flat=True) if pk is not None]


def _by(row: Notification, method: ContactMethod, now: datetime) -> Notification:
    """The same message by another method."""
    stem, wish = row.idempotency_key.split("/", 1)[0], row.rule.split("/", 1)[0]
    copied = ("kind", "incident_id", "page_id", "step_id", "generation", "person_id", "urgency", "words", "priority")
    return Notification(
        **{name: getattr(row, name) for name in copied},
        method=method,
        channel=method.channel,
        address=method.address,
        rule=f"{wish}/{method.pk}",
        idempotency_key=f"{stem}/{method.pk}-{method.channel}",
        created_at=now,
        due_at=now,
        next_attempt_at=now,
    )


def _mark(row: Notification, state: State, **fields: object) -> None:
    Notification.objects.filter(pk=row.pk).update(state=state, lease_until=None, leased_by="", **fields)


def _say(row: Notification, words: str, now: datetime) -> None:
    if row.incident_id is not None:
        words = f"{_way(row.channel)} to {row.person.label}: {words}"
        kind = TimelineEntry.Kind.SEND_FAILED
        timeline.write(row.incident_id, kind, words, at=now, page_id=row.page_id, data={"notification": row.pk})


def _way(channel: str) -> str:
    """The channel as people call it."""
    return ways[channel].title if channel in ways else channel
