"""Pages that a maintenance window holds: it may be withdrawn, lengthened, or followed by another."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import OperationalError, transaction

from incidents import timeline
from incidents.models import Page, TimelineEntry
from incidents.operations.engaging import hold_of, hold_page
from incidents.operations.known import Known
from incidents.operations.locking import locked_incident
from portal.lib.hints import nudge

log = structlog.get_logger(__name__)


def still_held(pages: Sequence[Page], *, now: datetime) -> list[Page]:
    """Of due pages (held) those that another window, or a longer one, holds by now: they wait on. A few queries."""
    waiting = [page for page in pages if page.held_until is not None]
    if not waiting:
        return []
    known = Known(now)
    held = []
    for page in waiting:
        hold = hold_of(page.incident, known)
        if hold is not None:
            hold_page(page, hold, now=now)
            held.append(page)
        page.held_until = None if hold is None else hold.until
    return held


def released(*, now: datetime) -> int:
    """Look at all held pages: what no window holds any more is due at once. Answers how many that were."""
    known = Known(now)
    waiting = Page.objects.filter(held_until__gt=now).select_related("incident__component")
    freed = [
        page for page in waiting if (hold := hold_of(page.incident, known)) is None or hold.until != page.held_until
    ]
    return sum(_freed(page, now) for page in freed)


def _freed(page: Page, now: datetime) -> bool:
    try:
        with transaction.atomic():
            return _look_again(page, now)
    except OperationalError:
        raise
    except Exception as error:
        log.exception("a held page could not be looked at", page=page.pk, error=str(error))
        return False


def _look_again(page: Page, now: datetime) -> bool:
    incident = locked_incident(page.incident_id)
    held = Page.objects.select_for_update(no_key=True).filter(pk=page.pk, held_until__gt=now).first()
    if held is None:
        return False
    hold = hold_of(incident, Known(now))
    if hold is not None:
        if hold.until != held.held_until:
            hold_page(held, hold, now=now)
        return False
    held.held_until, held.next_step_at = None, now
    held.save(update_fields=["held_until", "next_step_at"])
    words = "The maintenance window was withdrawn: it is paged now."
    timeline.write(incident.pk, TimelineEntry.Kind.HELD, words, at=now, page_id=held.pk)
    nudge("incidents.advance_due")
    return True
