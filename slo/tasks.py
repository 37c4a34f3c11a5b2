"""Wake-ups of the slo app. Each loops for a few seconds at most; whatever is left is due for the next one too."""

from collections.abc import Callable
from time import monotonic

from celery import shared_task

from portal.lib.clock import db_now
from slo import evaluation, ledger
from slo.operations import check_sources as check_all
from slo.operations import ensure_defaults

LOOP = 5.0
"""Seconds after which a wake-up leaves the rest to the next one."""


@shared_task(name="slo.evaluate_due", ignore_result=True, soft_time_limit=300)
def evaluate_due() -> None:
    """Evaluate whatever is due, batch by batch."""
    _while_there_is_work(lambda: evaluation.evaluate_due(now=db_now()))
    evaluation.note_idle(now=db_now())


@shared_task(name="slo.backfill_due", ignore_result=True, soft_time_limit=300)
def backfill_due() -> None:
    """Read history for new objectives, stretch by stretch."""
    _while_there_is_work(lambda: evaluation.fill_due(now=db_now()))


@shared_task(name="slo.fold", ignore_result=True, soft_time_limit=3000)
def fold() -> None:
    """Fold closed days, drop their partitions, make those of the next days."""
    ledger.fold_closed_days(now=db_now())


@shared_task(name="slo.check_sources", ignore_result=True, soft_time_limit=120)
def check_sources() -> None:
    """Ask every data source whether it is there."""
    ensure_defaults(now=db_now())
    check_all(now=db_now())


def _while_there_is_work(work: Callable[[], object]) -> None:
    until = monotonic() + LOOP
    while work() is not None and monotonic() < until:
        pass
