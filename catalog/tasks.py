"""Wake-ups of the catalog."""

from celery import shared_task

from catalog.operations.audit import prune_changes
from catalog.operations.idempotency import prune_answers
from portal.lib.clock import db_now


@shared_task(name="catalog.prune", ignore_result=True, soft_time_limit=50)
def prune() -> None:
    """Answers kept for a day, and the change log where a setting ends it."""
    prune_answers(now=db_now())
    while prune_changes(now=db_now()):
        pass
