"""Due pages: claimed in batches, moved on by the pure machine, written in bulk.

A claim takes the page and its incident `FOR NO KEY UPDATE SKIP LOCKED`: whoever acknowledges, resolves or raises at
that moment holds the incident, so the sweep passes over it and never waits; the other way round they wait for the
batch. One of the two wins, and the loser sees what the winner wrote.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, transaction
from django.db.models import F, QuerySet

from incidents import timeline
from incidents.models import Incident, Page, TimelineEntry
from incidents.operations.aftermath import outliving, stand_alone
from incidents.operations.closing import check_again
from incidents.operations.informing import due as informing_due
from incidents.operations.informing import inform
from incidents.operations.leaving import escalate_again, held_by_nobody
from incidents.operations.locking import locked_incident
from incidents.paging import catch_all, held
from incidents.paging.batch import Batch
from incidents.pauses import pause_at

log = structlog.get_logger(__name__)

CATCH_ALL_AFTER = 2
PUSHED_BACK = timedelta(seconds=10)
PUSHED_BACK_AT_MOST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many pages a pass moved on, and how many it had to push back."""

    taken: int = 0
    failed: int = 0

    def __bool__(self) -> bool:
        return self.taken > 0


def advance_due(*, now: datetime, limit: int = 200) -> Swept:
    """Move up to `limit` due pages on by one move each (more where nobody is reachable), first pages first.

    When the batch fails, its rows go one by one, and one that fails by itself is pushed back, so that it holds up no
    other. A lost connection is raised: nothing was written, and the next pass begins anew. While all paging is paused
    nothing moves.
    """
    if pause_at(now) is not None:
        return Swept()
    try:
        with transaction.atomic():
            return Swept(move_on(claim(now=now, limit=limit), now))
    except OperationalError:
        raise
    except Exception as error:  # one poisoned row must not stop the pager
        log.exception("batch of due pages failed; taking them one by one", error=str(error))
        return _one_by_one(now, limit)


def claim(*, now: datetime, limit: int, only: int | None = None) -> list[Page]:
    """Up to `limit` due pages that nobody holds, with their incidents, held until the end of the transaction."""
    due = Page.objects.filter(next_step_at__lte=now)
    if only is not None:
        due = due.filter(pk=only)
    return list(hold(due).order_by("priority", "next_step_at")[:limit])


def hold(pages: QuerySet[Page]) -> QuerySet[Page]:
    """Those that nobody holds, held with their incidents, and with what a move asks of them."""
    rows = pages.select_for_update(skip_locked=True, no_key=True, of=("self", "incident")).select_related(
        "incident__component"
    )
    # what many pages share is fetched once for all of them, rather than joined to every row
    return rows.prefetch_related("policy_version__policy", "person", "acknowledged_by", "team")


def check_again_due(*, now: datetime, limit: int = 100) -> int:
    """What is to be looked at again, each in a transaction of its own; answers how many were acted on.

    Incidents resolved by hand that still fire, flapping ones that have been quiet, symptoms that outlive their cause,
    pages of people who have left, pages that no maintenance window holds any more, and those to be told of an incident.
    """
    due = Incident.objects.filter(check_again_at__lte=now).order_by("check_again_at").values_list("pk", flat=True)
    done = sum(_each(check_again, number, now, _later) for number in due[:limit])
    done += sum(_each(stand_alone, number, now) for number in outliving(now)[:limit])
    done += sum(_each(escalate_again, key, now) for key in held_by_nobody())
    done += sum(_each(inform, number, now, _later_told) for number in informing_due(now))
    return done + held.released(now=now)


def move_on(pages: Sequence[Page], now: datetime) -> int:
    """Make the moves that are due on held pages; answers how many pages it was."""
    waiting = held.still_held(pages, now=now)
    moving = [page for page in pages if page not in waiting]
    if moving:
        batch = Batch(moving, now)
        batch.move_all()
        batch.write()
    return len(pages)


def _each(
    act: Callable[..., int | bool], number: int, now: datetime, otherwise: Callable[[int, datetime], None] | None = None
) -> bool:
    """One that fails holds up no other; it is tried again, later where `otherwise` puts it off."""
    try:
        with transaction.atomic():
            return bool(act(number, now=now))
    except OperationalError:
        raise
    except Exception as error:
        log.exception("an incident could not be looked at again", incident=number, error=str(error))
        if otherwise is not None:
            otherwise(number, now)
        return False


def _later(number: int, now: datetime) -> None:
    Incident.objects.filter(pk=number).update(check_again_at=now + PUSHED_BACK_AT_MOST)


def _later_told(number: int, now: datetime) -> None:
    Incident.objects.filter(pk=number).update(inform_at=now + PUSHED_BACK_AT_MOST)


def _still_due(pk: int, now: datetime) -> Page | None:
    due = Page.objects.filter(pk=pk, next_step_at__lte=now)
    number = due.values_list("incident_id", flat=True).first()
    if number is None:
        return None
    incident = locked_incident(number)
    page = due.select_for_update(no_key=True).first()
    if page is not None:
        page.incident = incident
    return page


def _one_by_one(now: datetime, limit: int) -> Swept:
    due = Page.objects.filter(next_step_at__lte=now).order_by("priority", "next_step_at")
    done = [_alone(pk, now) for pk in due.values_list("pk", flat=True)[:limit]]
    return Swept(taken=sum(done), failed=len(done) - sum(done))


def _alone(pk: int, now: datetime) -> bool:
    try:
        with transaction.atomic():
            move_on(claim(now=now, limit=1, only=pk), now)
    except OperationalError:
        raise
    except Exception as error:
        log.exception("a due page failed and is pushed back", page=pk, error=str(error))
        push_back(pk, now=now, error=f"{type(error).__name__}: {error}")
        return False
    return True


@transaction.atomic
def push_back(pk: int, *, now: datetime, error: str) -> None:
    """A page whose move fails is tried again after a growing pause. At first it is said on the incident, the third time
    the catch-all is paged: what can't be escalated must not end in silence.
    """
    page = _still_due(pk, now)
    if page is None:
        return
    if page.attempts == CATCH_ALL_AFTER:
        catch_all.engage([page], now=now)
    pause = min(PUSHED_BACK * 2 ** min(page.attempts, 10), PUSHED_BACK_AT_MOST)
    Page.objects.filter(pk=pk).update(attempts=F("attempts") + 1, next_step_at=now + pause)
    if page.attempts == 0:
        words = f"The next step could not be taken and is tried again: {error}"[:500]
        timeline.write(page.incident_id, TimelineEntry.Kind.FAULT, words, at=now, page_id=pk)
