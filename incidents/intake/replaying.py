"""A delivery once more: a new row marked with the old, read by the settings as they are now."""

from datetime import datetime

from django.db import transaction

from catalog.access import Actor, require_owned
from catalog.operations.audit import record_audit
from incidents.access import SCOPE
from incidents.intake.accepting import KEPT_REJECTED, keep_again
from incidents.models import Delivery
from portal.lib.errors import Expected, Invalid
from portal.lib.hints import nudge


class NotWhole(Expected):
    """Only the beginning of this delivery was kept, so it can't be taken again."""


class SenderGone(Expected):
    """Its integration is retired, or its token gone, so nothing says how to read it."""


class StillWaiting(Expected):
    """This delivery waits to be taken; it needs no replay."""


def replay(*, delivery: Delivery, by: Actor, now: datetime) -> Delivery:
    """The new delivery. One that is malformed by today's settings too is kept as rejected, and raises Invalid.

    Raises NotWhole, SenderGone, StillWaiting, WrongScope, NotYourTeam.
    """
    team = delivery.integration.team if delivery.integration else None
    require_owned(by, [team], scope=SCOPE)
    if delivery.state == Delivery.State.STORED:
        raise StillWaiting
    if delivery.state == Delivery.State.REJECTED and delivery.body is None and len(delivery.raw) >= KEPT_REJECTED:
        raise NotWhole
    refused: Invalid | None = None
    with transaction.atomic():
        try:
            again = _again(delivery, now)
        except Invalid as error:
            refused, again = error, delivery.replays.latest("pk")
        diff = {"replayed as": ("", f"delivery:{again.pk}")}
        owner = team.ref if team else ""
        record_audit(
            actor=by, action="delivery.replay", object_ref=f"delivery:{delivery.pk}", diff=diff, now=now,
            owner_ref=owner,
        )  # fmt: skip
    if refused is not None:
        raise refused
    return again


def _again(delivery: Delivery, now: datetime) -> Delivery:
    if delivery.integration is not None:
        if delivery.integration.retired_at is not None:
            raise SenderGone
        return keep_again(of=delivery, integration=delivery.integration, now=now)
    if delivery.token is None or delivery.body is None:
        raise SenderGone
    again = Delivery.objects.create(
        kind=delivery.kind, token=delivery.token, sender=delivery.sender, key=delivery.key, body=delivery.body,
        replay_of=delivery, received_at=now, due_at=now,
    )  # fmt: skip
    nudge("incidents.process_deliveries")
    return again
