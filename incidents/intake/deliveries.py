"""Stored deliveries: kept in one insert, then answered; taken by the sweep, of each key in order of arrival."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from catalog.access import Actor, require, require_scope
from catalog.models import ApiToken
from incidents.firing import Firing
from incidents.intake import own
from incidents.models import Alert, Delivery, Integration
from incidents.operations import clear_alert, raise_alert
from portal.lib.errors import Expected, Forbidden, Invalid
from portal.lib.hints import nudge

log = structlog.get_logger(__name__)

TRIES = 20
PAUSE = timedelta(seconds=5)
PAUSE_AT_MOST = timedelta(minutes=5)
KEPT_RAW = 20_000

Taker = Callable[[Delivery, datetime], tuple[Alert | None, str]]


class NoToken(Forbidden):
    """Alerts are sent with an API token. Signed in, you can declare an incident instead."""


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
        row.save(force_insert=True)
        raise
    require(by, [own.owner_id(alert)], scope=ApiToken.Scope.ALERTS)
    row.key, row.body = own.alert_key(alert.key, sender=_sender_key(row)), body
    row.save(force_insert=True)
    nudge("incidents.process_deliveries")
    return row


def process_due(*, now: datetime, limit: int = 50) -> int:
    """Take up to `limit` stored deliveries; answers how many. One that fails is pushed back and holds up no other."""
    return sum(_one(pk, now) for pk in _due(now).values_list("pk", flat=True)[:limit])


def _due(now: datetime) -> QuerySet[Delivery]:
    """Stored deliveries whose turn it is: none of the same key came before them and waits."""
    earlier = Delivery.objects.filter(key=OuterRef("key"), pk__lt=OuterRef("pk"), state=Delivery.State.STORED)
    waiting = Delivery.objects.filter(state=Delivery.State.STORED, due_at__lte=now)
    return waiting.filter(~Exists(earlier)).order_by("due_at", "pk")


def _one(pk: int, now: datetime) -> int:
    try:
        with transaction.atomic():
            return _take(pk, now)
    except OperationalError:
        raise
    except Exception as error:
        log.exception("a delivery could not be taken and is pushed back", delivery=pk, error=str(error))
        _push_back(pk, f"{type(error).__name__}: {error}", now)
        return 0


def _take(pk: int, now: datetime) -> int:
    held = Delivery.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    row = held.filter(pk=pk, state=Delivery.State.STORED).first()
    if row is None:
        return 0  # another worker has it
    try:
        row.alert, row.outcome = TAKERS[row.kind](row, now)
        row.state = Delivery.State.DONE
    except Expected as error:
        row.state, row.outcome = Delivery.State.REJECTED, str(error)[:300]
    row.taken_at = now
    row.save(update_fields=["alert", "outcome", "state", "taken_at"])
    return 1


def _push_back(pk: int, error: str, now: datetime) -> None:
    row = Delivery.objects.filter(pk=pk).first()
    if row is None:
        return
    pause = min(PAUSE * 2 ** min(row.attempts, 10), PAUSE_AT_MOST)
    stored = Delivery.objects.filter(pk=pk, state=Delivery.State.STORED)
    if row.attempts >= TRIES and _gave_up(row, error, now):
        return
    stored.update(attempts=row.attempts + 1, due_at=now + pause, outcome=f"tried again later: {error}"[:300])


def _gave_up(row: Delivery, error: str, now: datetime) -> bool:
    """An accepted alert must not end in silence: the catch-all is paged for it. False where not even that works."""
    words = f"given up after {TRIES} tries: {error}"[:300]
    summary = f"An accepted alert can't be taken: delivery {row.pk} from {row.sender}"
    details = {"delivery": row.pk, "error": error[:1000]}
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


def _own(row: Delivery, now: datetime) -> tuple[Alert | None, str]:
    alert = own.read(row.body)
    if alert.status == own.FIRING:
        raised = raise_alert(firing=own.firing_of(alert, sender=_sender_key(row)), now=now)
        return raised.alert, raised.outcome
    cleared = clear_alert(key=own.alert_key(alert.key, sender=_sender_key(row)), now=now)
    return cleared, f"cleared: {cleared.incident}" if cleared else "nothing was open under this key"


def _sender_key(row: Delivery) -> str:
    return f"token-{row.token_id}" if row.token_id else f"integration-{row.integration_id}"


TAKERS: dict[str, Taker] = {Integration.Kind.OWN: _own}
"""By kind; further ways in add theirs."""
