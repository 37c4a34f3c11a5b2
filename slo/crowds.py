"""Selectors with more series than can be counted one by one: `increase()` instead, visibly, and back again.

Either way a new ledger is built aside from what the source still remembers, and switched to when it has caught up.
"""

from collections.abc import Mapping
from datetime import datetime

import structlog
from django.db import transaction

from portal.lib.crypto import CannotUnseal
from slo.fetching import MAX_SERIES
from slo.indicators import kinds
from slo.models import Ledger, Objective
from slo.opening import begin
from slo.prometheus import Prometheus, PrometheusError
from slo.sources import client

log = structlog.get_logger(__name__)

BACK_AT = 0.5
"""With at most this share of the limit it is counted one by one again, so that it doesn't go back and forth."""


def fall_back(crowded: Mapping[int, str], *, now: datetime) -> None:
    """Build approximate ledgers for those (by ledger, with the reason) that have too many series; idempotent.

    In the caller's transaction.
    """
    for book in Ledger.objects.filter(pk__in=crowded, approximate=False, retired_at=None).order_by("pk"):
        _rebuild(book.objective_id, fallback=crowded[book.pk], now=now)


def count_again(*, now: datetime) -> int:
    """Ask how many series the crowded ones have now; answers how many of them are counted one by one again."""
    back = 0
    mine = Ledger.objects.filter(retired_at=None, approximate=True).exclude(fallback="").order_by("pk")
    for book in mine.select_related("source", "objective__definition"):
        if book.source is None or book.filled_at is None:
            continue
        try:
            series = _count(client(book.source), book, at=now.timestamp())
        except (PrometheusError, CannotUnseal) as error:
            log.info("series_not_counted", ledger=book.pk, error=str(error))
            continue
        limit = book.objective.definition.max_series or MAX_SERIES
        if series <= limit * BACK_AT:
            with transaction.atomic():
                back += _rebuild(book.objective_id, fallback="", now=now)
    return back


def _count(asked: Prometheus, book: Ledger, *, at: float) -> int:
    """The series of its fullest selector."""
    found = 0
    for selector in kinds[book.type].selectors(book.indicator).values():
        answer = asked.instant(f"count({selector})", at=at).series
        found = max(found, int(float(answer[0].samples[0][1])) if answer else 0)
    return found


def _rebuild(objective_id: int, *, fallback: str, now: datetime) -> bool:
    """A new ledger beside the one in force; False where one like it is being built already."""
    objective = Objective.objects.select_for_update(of=("self",)).select_related("definition").get(pk=objective_id)
    others = objective.ledgers.filter(retired_at=None).exclude(pk=objective.ledger_id or 0)
    building = others.order_by("-pk").first()
    if objective.retired_at or (building and building.approximate == bool(fallback)):
        return False
    if Ledger.objects.filter(pk=objective.ledger_id or 0, filled_at=None).exists():
        objective.ledger = None  # nothing is lost with it, and nobody need wait for it
    begin(objective, now=now, fallback=fallback)
    return True
