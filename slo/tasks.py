"""Wake-ups of the slo app. Each loops for a few seconds at most; whatever is left is due for the next one too."""

from datetime import datetime
from typing import Protocol

from celery import shared_task

from portal.lib.clock import db_now
from slo import crowds, evaluation, grouping, lanes, ledger
from slo.operations import check_sources as check_all
from slo.operations import ensure_defaults, reconcile

LOOP = 5.0
"""Seconds after which a wake-up leaves the rest to the next one."""


@shared_task(name="slo.evaluate_due", ignore_result=True, soft_time_limit=300)
def evaluate_due() -> None:
    """Evaluate whatever is due, batch by batch."""
    begun = db_now()
    _work(evaluation.evaluate_due, filling=False)
    evaluation.note_idle(now=db_now(), begun=begun)


@shared_task(name="slo.backfill_due", ignore_result=True, soft_time_limit=300)
def backfill_due() -> None:
    """Read history for new objectives, stretch by stretch."""
    _work(evaluation.fill_due, filling=True)


@shared_task(name="slo.discover_groups", ignore_result=True, soft_time_limit=300)
def discover_groups() -> None:
    """Make an objective for each value that has appeared of the labels something is grouped by."""
    grouping.discover_due(now=db_now())


@shared_task(name="slo.count_series", ignore_result=True, soft_time_limit=300)
def count_series() -> None:
    """Look whether what has too many series to be counted one by one still has."""
    crowds.count_again(now=db_now())


@shared_task(name="slo.reconcile_exclusions", ignore_result=True, soft_time_limit=300)
def reconcile_exclusions() -> None:
    """Bring ledgers in line with what was declared, changed or withdrawn, maintenance windows included."""
    reconcile(now=db_now())


@shared_task(name="slo.fold", ignore_result=True, soft_time_limit=3000)
def fold() -> None:
    """Fold closed days, drop their partitions, make those of the next days."""
    ledger.fold_closed_days(now=db_now())


@shared_task(name="slo.check_sources", ignore_result=True, soft_time_limit=120)
def check_sources() -> None:
    """Ask every data source whether it is there."""
    ensure_defaults(now=db_now())
    check_all(now=db_now())


class _Turn(Protocol):
    def __call__(self, *, now: datetime, source: int | None) -> object: ...


def _work(turn: _Turn, *, filling: bool) -> None:
    """Batch after batch, with a lane for each source."""
    lanes.run(
        lambda source: turn(now=db_now(), source=source),
        lambda: ledger.due_sources(now=db_now(), filling=filling),
        seconds=LOOP,
        several=ledger.has_several_sources(),
    )
