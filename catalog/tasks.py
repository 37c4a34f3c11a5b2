"""Wake-ups of the catalog. Each loops for a few seconds at most; whatever is left is due for the next one too."""

from time import monotonic

from celery import shared_task

from catalog.operations import begin_scores, record_day, score_due
from catalog.operations.audit import prune_changes
from catalog.operations.idempotency import prune_answers
from catalog.operations.refreshing import refresh_due
from catalog.operations.tallying import gather_tally as gather
from portal.lib.clock import db_now

LOOP = 5.0
"""Seconds after which a wake-up leaves the rest to the next one."""


@shared_task(name="catalog.score", ignore_result=True, soft_time_limit=300)
def score() -> None:
    """Work out the scorecards that are due, and once a day, when every component has one, the day's sums."""
    until = monotonic() + LOOP
    if not begin_scores():
        record_day(now=db_now())
    while score_due(now=db_now()) and monotonic() < until:
        pass


@shared_task(name="catalog.refresh_locations", ignore_result=True, soft_time_limit=540)
def refresh_locations() -> None:
    """Read the locations that are due, one after the other."""
    until = monotonic() + LOOP
    while refresh_due(now=db_now(), limit=1) and monotonic() < until:
        pass


@shared_task(name="catalog.gather_tally", ignore_result=True, soft_time_limit=30)
def gather_tally() -> None:
    """Put together what writes said of how many components there are."""
    gather()


@shared_task(name="catalog.prune", ignore_result=True, soft_time_limit=50)
def prune() -> None:
    """Answers kept for a day, and the change log where a setting ends it."""
    prune_answers(now=db_now())
    while prune_changes(now=db_now()):
        pass
