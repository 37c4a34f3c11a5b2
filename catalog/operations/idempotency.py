"""Answers kept under a client's key, so that a POST sent again does nothing again.

The first with a key claims it in a transaction of its own, works, and leaves its answer. Whoever dies in between
leaves a claim without an answer, which anybody may take over after `STUCK`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import QuerySet

from catalog.models import IdempotentAnswer
from portal.lib.errors import Expected

KEPT = timedelta(hours=24)
STUCK = timedelta(minutes=2)
"""After which a claim without an answer is given up; no request of ours takes as long."""


class KeyUsedOtherwise(Expected):
    """This Idempotency-Key was used for another request; take a new key for each thing you do."""

    status = 422
    title = "Idempotency-Key used for another request"


class StillRunning(Expected):
    """The first request with this Idempotency-Key is still being worked on; ask again in a moment."""

    title = "Still running"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer; `at` tells it from a later one of the same key."""

    pk: int
    at: datetime


def claim(*, actor_ref: str, key: str, request: str, now: datetime) -> Claim | IdempotentAnswer:
    """A claim for the first with this key, the first's answer for those after it; `request` is a digest of it all.

    Raises KeyUsedOtherwise, StillRunning.
    """
    try:
        row, made = IdempotentAnswer.objects.get_or_create(
            actor_ref=actor_ref, key=key, defaults={"request": request, "status": None, "created_at": now}
        )
    except IntegrityError as error:  # two at once, and the other has just given up
        raise StillRunning from error
    if made:
        return Claim(row.pk, now)
    if row.created_at <= now - (KEPT if row.status else STUCK):
        return _take_over(row, request, now)
    if row.request != request:
        raise KeyUsedOtherwise
    if row.status is None:
        raise StillRunning
    return row


def keep(claimed: Claim, *, status: int, body: str, headers: Mapping[str, str]) -> None:
    """Leave the answer for those who ask again."""
    _of(claimed).update(status=status, body=body, headers=dict(headers))


def give_up(claimed: Claim) -> None:
    """Nothing came of it: the next with the key is the first again."""
    _of(claimed).delete()


def prune_answers(*, now: datetime) -> int:
    """Delete what is kept no longer; answers how many."""
    count, _ = IdempotentAnswer.objects.filter(created_at__lte=now - KEPT).delete()
    return count


def _take_over(row: IdempotentAnswer, request: str, now: datetime) -> Claim:
    mine = IdempotentAnswer.objects.filter(pk=row.pk, created_at=row.created_at)
    if not mine.update(request=request, status=None, body=None, headers={}, created_at=now):
        raise StillRunning  # somebody else was faster
    return Claim(row.pk, now)


def _of(claimed: Claim) -> QuerySet[IdempotentAnswer]:
    return IdempotentAnswer.objects.filter(pk=claimed.pk, created_at=claimed.at, status=None)
