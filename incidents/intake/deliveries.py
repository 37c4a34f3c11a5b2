"""Stored deliveries: kept in one insert, then answered; taken by the sweep, of each key in order of arrival.

The sweep takes a batch in one transaction, alone among the alerts. Where one of it fails the batch is taken again, each
delivery behind a savepoint of its own: that one is pushed back and holds up none but later ones of its key. A crash
takes back the whole batch, and what was not committed is taken again; so nothing is doubled and nothing is lost.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from catalog.access import Actor, require, require_scope
from catalog.models import ApiToken
from incidents.firing import Firing
from incidents.intake import own
from incidents.intake.batch import Batch
from incidents.intake.bodies import text_of
from incidents.intake.storing import store
from incidents.intake.taking import cleared_words, take_by_key
from incidents.models import Alert, Delivery, Integration
from incidents.operations import clear_alert, raise_alert
from incidents.operations.behind import writing_behind
from incidents.operations.gathering import gathering
from incidents.operations.locking import lock_alerts
from portal.lib import records
from portal.lib.errors import Expected, Forbidden, Invalid

log = structlog.get_logger(__name__)

TRIES = 20
PAUSE = timedelta(seconds=5)
PAUSE_AT_MOST = timedelta(minutes=5)
KEPT_RAW = 20_000
A_MOMENT = 0.4
"""Seconds after which a batch ends, for others wait to decide about alerts."""

OF_AN_ALERT = ":"
"""In the key of an alert; that of a request with many has none."""

Taker = Callable[[Delivery, Batch], tuple[Alert | None, str]]

KEEP_TAKEN = """
UPDATE incidents_delivery d
   SET state = t.state, outcome = t.outcome, alert_id = t.alert_id, taken_at = %(now)s
  FROM jsonb_to_recordset(%(taken)s::jsonb) AS t(id bigint, state text, outcome text, alert_id bigint)
 WHERE d.id = t.id
"""


class NoToken(Forbidden):
    """Alerts are sent with an API token or an integration's key. Signed in, you can declare an incident instead."""


def accept(*, body: object, by: Actor, now: datetime) -> Delivery:
    """Keep one delivery of Portico's own JSON; it is answered 202 once this has committed.

    A malformed one is kept too, as rejected, and raises Invalid after that. Raises NoToken, WrongScope, NotYourTeam.
    """
    require_scope(by, ApiToken.Scope.ALERTS)
    if by.token is None:
        raise NoToken
    row = Delivery(token=by.token, sender=by.name[:200], received_at=now, due_at=now)
    try:
        alert = own.read(body)
    except Invalid as error:
        row.state, row.raw = Delivery.State.REJECTED, repr(body)[:KEPT_RAW].replace("\x00", "\\0")
        row.outcome = "; ".join(f"{e.field}: {e.message}" for e in error.errors)[:300]
        row.taken_at = now
        row.save(force_insert=True)
        raise
    if not by.everywhere:
        require(by, [own.owner_id(alert)], scope=ApiToken.Scope.ALERTS)
    row.key, row.body = own.alert_key(alert.key, sender=f"token-{by.token.pk}"), body
    return store(row)


def keep_refused(*, raw: bytes, why: str, by: Actor, now: datetime) -> None:
    """Keep a request that could not even be read, as rejected; of whoever may send alerts only."""
    if by.token is not None and ApiToken.Scope.ALERTS in by.token.scopes:
        Delivery.objects.create(
            token=by.token, sender=by.name[:200], received_at=now, due_at=now, taken_at=now,
            state=Delivery.State.REJECTED, raw=text_of(raw)[:KEPT_RAW], outcome=why[:300],
        )  # fmt: skip


@dataclass(slots=True)
class _Result:
    """What became of a batch."""

    taken: list[dict[str, object]] = field(default_factory=list)
    failed: list[tuple[Delivery, str]] = field(default_factory=list)
    refused: list[tuple[Delivery, str]] = field(default_factory=list)

    def stuck(self) -> set[str]:
        """Keys of alerts whose next deliveries have to wait."""
        return {row.key for row, _ in (*self.failed, *self.refused) if OF_AN_ALERT in row.key}

    def done(self, row: Delivery, alert: Alert | None, outcome: str, state: str = Delivery.State.DONE) -> None:
        """One is settled."""
        told = {"id": row.pk, "state": state, "outcome": outcome[:300], "alert_id": alert.pk if alert else None}
        self.taken.append(told)


def process_due(*, now: datetime, limit: int = 100) -> int:
    """Take up to `limit` stored deliveries; answers how many. One that fails is pushed back and holds up no other."""
    try:
        return _batch(_due(now), now, limit, together=True)
    except OperationalError:
        raise
    except Exception as error:
        log.info("a batch of deliveries could not be taken together", error=str(error))
    try:
        return _batch(_due(now), now, limit)
    except OperationalError:
        raise
    except Exception:
        log.exception("a batch of deliveries could not be taken: each is tried by itself")
    return sum(_alone(pk, now) for pk in list(_due(now).values_list("pk", flat=True)[:limit]))


def _alone(pk: int, now: datetime) -> int:
    try:
        return _batch(_due(now).filter(pk=pk), now, 1)
    except OperationalError:
        raise
    except Exception as error:
        log.exception("a delivery could not be taken and is pushed back", delivery=pk, error=str(error))
        _push_back(pk, f"{type(error).__name__}: {error}", now)
        return 0


def _batch(due: QuerySet[Delivery], now: datetime, limit: int, *, together: bool = False) -> int:
    result = _Result()
    with transaction.atomic():
        if not due.exists():
            return 0
        lock_alerts()
        rows = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
        held = list(rows.select_related("integration")[:limit])
        if together:
            with writing_behind(), gathering(now=now):
                _take_together(held, result, now)
        else:
            with gathering(now=now):
                _take_all(held, result, now)
        _keep_taken(result.taken, now)
    for row, error in result.failed:
        _push_back(row.pk, error, now)
    for row, why in result.refused:
        if not _gave_up(row, why, now):
            _push_back(row.pk, why, now)
    return len(result.taken) + len(result.refused)


def _due(now: datetime) -> QuerySet[Delivery]:
    """Stored deliveries in order of arrival, but for those of an alert of which an earlier one was pushed back.

    A request that can't be split holds up no other of its integration, which may be all that sends alerts.
    """
    before = Delivery.objects.filter(key=OuterRef("key"), pk__lt=OuterRef("pk"), key__contains=OF_AN_ALERT)
    earlier = before.filter(state=Delivery.State.STORED, due_at__gt=now)
    waiting = Delivery.objects.filter(state=Delivery.State.STORED, due_at__lte=now)
    return waiting.filter(~Exists(earlier)).order_by("pk")


def _take_all(rows: Sequence[Delivery], result: _Result, now: datetime) -> None:
    batch, began = Batch(now), time.monotonic()
    batch.look_ahead(rows)
    for row in rows:
        if row.key in result.stuck():
            continue
        try:
            with transaction.atomic(), gathering(now=now):
                alert, outcome = _taken(row, batch)
        except OperationalError:
            raise
        except Expected as error:
            if row.replay_of_id is None:
                result.refused.append((row, str(error)))
            else:  # somebody is looking at it
                result.done(row, None, str(error), Delivery.State.REJECTED)
        except Exception as error:
            log.exception("a delivery could not be taken and is pushed back", delivery=row.pk, error=str(error))
            result.failed.append((row, f"{type(error).__name__}: {error}"))
        else:
            result.done(row, alert, outcome)
        if time.monotonic() - began > A_MOMENT:
            return


def _take_together(rows: Sequence[Delivery], result: _Result, now: datetime) -> None:
    """Without a savepoint for each, and with what is new written at once: what raises takes back the whole batch."""
    batch, began = Batch(now), time.monotonic()
    batch.look_ahead(rows)
    for row in rows:
        result.done(row, *_taken(row, batch))
        if time.monotonic() - began > A_MOMENT:
            return


def _taken(row: Delivery, batch: Batch) -> tuple[Alert | None, str]:
    return TAKERS.get(row.kind, take_by_key)(row, batch)


def _keep_taken(taken: list[dict[str, object]], now: datetime) -> None:
    if taken:
        with connection.cursor() as cursor:
            cursor.execute(KEEP_TAKEN, {"now": now, "taken": records.as_json(taken)})


def _push_back(pk: int, error: str, now: datetime) -> None:
    row = Delivery.objects.filter(pk=pk).first()
    if row is None:
        return
    pause = min(PAUSE * 2 ** min(row.attempts, 10), PAUSE_AT_MOST)
    stored = Delivery.objects.filter(pk=pk, state=Delivery.State.STORED)
    if row.attempts >= TRIES and _gave_up(row, error, now):
        return
    said = f"tried again later: {error}".replace("\x00", "\ufffd")[:300]
    stored.update(attempts=row.attempts + 1, due_at=now + pause, outcome=said)


def _gave_up(row: Delivery, error: str, now: datetime) -> bool:
    """An accepted alert must not end in silence: the catch-all is paged for it. False where not even that works."""
    words = f"given up after {row.attempts + 1} tries: {error}".replace("\x00", "\ufffd")[:300]
    summary = f"An accepted alert can't be taken: delivery {row.pk} from {row.sender}"
    details = {"delivery": row.pk, "error": error[:1000].replace("\x00", "\ufffd")}
    firing = Firing(key=f"portico:delivery:{row.pk}", source="portico", summary=summary, details=details)
    try:
        with transaction.atomic():
            raised = raise_alert(firing=firing, now=now)
            rejected = {"state": Delivery.State.REJECTED, "outcome": words, "alert": raised.alert, "taken_at": now}
            Delivery.objects.filter(pk=row.pk, state=Delivery.State.STORED).update(**rejected)
    except OperationalError:
        raise
    except Exception:
        log.exception("nobody could be told of a delivery that can't be taken; it is tried again", delivery=row.pk)
        return False
    return True


def _own(row: Delivery, batch: Batch) -> tuple[Alert | None, str]:
    if row.integration_id is not None:
        return take_by_key(row, batch)
    alert, sender = batch.own_alert(row), f"token-{row.token_id}"
    if alert.status == own.FIRING:
        firing, known = batch.firing(row)
        raised = raise_alert(firing=firing, now=batch.now, known=known)
        return raised.alert, raised.outcome
    cleared = clear_alert(key=own.alert_key(alert.key, sender=sender), now=batch.now, known=batch.known)
    return cleared, cleared_words(cleared) if cleared else "nothing was open under this key"


TAKERS: dict[str, Taker] = {
    Integration.Kind.OWN: _own,
    Integration.Kind.ALERTMANAGER: take_by_key,
    Integration.Kind.PAGERDUTY: take_by_key,
    Integration.Kind.GENERIC: take_by_key,
}
"""By kind; those of plugins come by a key too."""
