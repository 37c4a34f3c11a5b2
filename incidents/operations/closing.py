"""Ending and reopening an incident with everything that hangs on it. The caller holds the incident."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from catalog.access import Actor
from incidents import timeline
from incidents.escalation import OPEN, State, reopened, resolved
from incidents.models import Incident, Notification, Page, TimelineEntry
from incidents.operations.engaging import DECLARED, Hold, engage_responders, hold_of, hold_page, restart
from incidents.operations.gathering import tell_catalog, tell_end
from incidents.operations.known import Known
from incidents.operations.locking import lock_alerts, locked_incident, locked_pages
from incidents.operations.reopening import tell_reopened
from incidents.policies import PROGRESS_FIELDS, progress_of, store
from portal.lib import conf
from portal.lib.hints import nudge

CHECK_AGAIN = timedelta(minutes=30)
"""After how long an incident that was resolved by hand pages again, if an alert of it still fires."""


def finish(incident: Incident, *, by: Actor, words: str, now: datetime) -> None:
    """Resolved: pages end, what is unsent is cancelled, what still fires is looked at again in 30 minutes; and whoever
    was called or told hears of it.
    """
    incident.alerts.filter(cleared_at=None, source=DECLARED).update(cleared_at=now)  # nobody but us would clear it
    firing = incident.alerts.filter(cleared_at=None).exists()
    incident.state = Incident.State.RESOLVED
    incident.resolved_at, incident.resolved_by = now, by.person
    incident.check_again_at = now + CHECK_AGAIN if firing else None
    incident.flapping_since = incident.inform_at = None
    changed = ["state", "resolved_at", "resolved_by", "cause", "check_again_at", "flapping_since", "inform_at"]
    incident.save(update_fields=changed)
    pages = locked_pages(incident)
    end_pages([page for page in pages if page.state in OPEN], now=now)
    timeline.write(incident.pk, TimelineEntry.Kind.RESOLVED, words, at=now, by=by)
    tell_catalog(incident.component, now=now)
    tell_end(incident, words, now=now)
    nudge("incidents.draft_reviews")


def end_pages(pages: Iterable[Page], *, now: datetime) -> None:
    """Nothing more is planned on these held pages."""
    ending = list(pages)
    for page in ending:
        store(resolved(progress_of(page)), page)
        page.resolved_at, page.held_until = now, None
        page.save(update_fields=[*PROGRESS_FIELDS, "resolved_at", "held_until"])
    cancel_unsent(ending)


def cancel_unsent(pages: Iterable[Page]) -> None:
    """Messages that no worker has begun to send are not sent; those being sent are checked by their sender."""
    waiting = Notification.objects.filter(page__in=list(pages), state=Notification.State.PENDING)
    waiting.update(state=Notification.State.CANCELLED)


def keep_open(incident: Incident, *, now: datetime) -> None:
    """A held incident that flaps has cleared: it ends when it has been quiet for a while, see `check_again`."""
    quiet = conf.minutes("PORTAL_FLAPPING_QUIET_MINUTES", 30)
    incident.check_again_at = now + quiet
    incident.save(update_fields=["check_again_at"])
    words = f"It has cleared, but it flaps: it ends when it has been quiet for {quiet // timedelta(minutes=1)} minutes."
    timeline.write(incident.pk, TimelineEntry.Kind.FLAPPING, words, at=now)


def reopen(
    incident: Incident,
    *,
    words: str,
    known: Known,
    cause: Incident | None = None,
    data: Mapping[str, object] | None = None,
) -> None:
    """It fires again: the same rows, one generation further, paged from step one; not paged as a symptom of `cause`.

    `data` is kept with the entry on the timeline.
    """
    now = known.now
    incident.state = Incident.State.TRIGGERED
    incident.generation += 1
    incident.reopened_at, incident.resolved_at, incident.resolved_by = now, None, None
    incident.check_again_at = incident.flapping_since = None
    incident.acknowledged_by = None  # whoever had it had the earlier opening
    incident.root = cause
    incident.inform_at = now if cause is not None else incident.inform_at
    changed = ["state", "generation", "reopened_at", "resolved_at", "resolved_by", "check_again_at", "flapping_since"]
    incident.save(update_fields=[*changed, "root", "inform_at", "acknowledged_by"])
    timeline.write(incident.pk, TimelineEntry.Kind.REOPENED, words, at=now, data=data)
    if cause is None:
        page_again(incident, known)
    if not known.simulated:
        tell_reopened(incident, now=now)
    tell_catalog(incident.component, now=now)


def page_again(incident: Incident, known: Known) -> None:
    """Every page of a held incident from step one; what a maintenance window holds waits for its end."""
    hold = hold_of(incident, known)
    for page in locked_pages(incident):
        _reopen_page(page, known, hold)
    engage_responders(incident, known, hold=hold)


def still_fires(incident: Incident) -> bool:
    """Whether anything holds it open: what a person reported does where a person opened it, for nobody else would know;
    where it was found by a machine, their report is of the same trouble and ends with it.
    """
    firing = incident.alerts.filter(cleared_at=None)
    return (firing if incident.source == DECLARED else firing.exclude(source=DECLARED)).exists()


def check_again(number: int, *, now: datetime) -> bool:
    """An incident resolved by hand: page again where an alert still fires. One that flapped: end it, if it was quiet.

    Says whether anything was done.
    """
    lock_alerts()  # whoever decides where an alert belongs must know what is open
    incident = locked_incident(number)
    if incident.check_again_at is None or incident.check_again_at > now:
        return False
    fires = still_fires(incident)
    if fires and not incident.is_open:
        reopen(incident, words="Resolved by hand, and it still fires: paging again", known=Known(now))
        return True
    incident.check_again_at = None
    if incident.is_open and not fires:
        incident.flapping_since = None
        incident.save(update_fields=["flapping_since"])
        finish(incident, by=timeline.PORTICO, words="Resolved: it flapped, and has been quiet since", now=now)
        return True
    incident.save(update_fields=["check_again_at"])
    return False


def _reopen_page(page: Page, known: Known, hold: Hold | None) -> None:
    if page.policy_version is None and page.person is None:
        page.policy_version = known.catch_all
        page.save(update_fields=["policy_version"])
    if page.role == Page.Role.CATCH_ALL and _owner_is_asked(page):
        return
    progress = progress_of(page)
    again = reopened(progress, now=known.now) if progress.state is State.RESOLVED else progress
    page.acknowledged_at = page.acknowledged_by = None
    page.save(update_fields=["acknowledged_at", "acknowledged_by"])
    restart(page, again, now=known.now)
    if hold is not None:
        hold_page(page, hold, now=known.now)


def _owner_is_asked(page: Page) -> bool:
    """The catch-all was only asked because the owner did not answer; it will be again, if need be."""
    return Page.objects.filter(incident=page.incident_id, role=Page.Role.OWNER).exists()
