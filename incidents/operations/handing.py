"""Putting a page off for a while, and handing it over to somebody else. Lock order: the incident, then its pages."""

from datetime import datetime, timedelta

from django.db import transaction

from catalog.access import Actor
from catalog.models import Person
from incidents import timeline
from incidents.escalation import NotAllowed, State, escalated_now, snoozed
from incidents.models import ContactMethod, Page, TimelineEntry
from incidents.operations.closing import cancel_unsent
from incidents.operations.engaging import open_page_by_name, restart
from incidents.operations.locking import locked_incident, locked_pages
from incidents.operations.response import AlreadyResolved
from incidents.policies import PROGRESS_FIELDS, progress_of, store
from portal.lib.errors import Expected, FieldError, Invalid

LONGEST_SNOOZE = timedelta(days=1)


class NothingToSnooze(Expected):
    """Nothing is planned on this page, so there is nothing to put off."""


class NotTaken(Expected):
    """Nobody has this page, so nobody can hand it over. Page the person instead."""


@transaction.atomic
def snooze(*, page: Page, until: datetime, by: Actor, now: datetime) -> Page:
    """Nobody is called for this page before `until`; then what was planned goes on. What is unsent is cancelled.

    Raises AlreadyResolved, NothingToSnooze, Invalid for an end that has passed or is more than a day away.
    """
    if not now < until <= now + LONGEST_SNOOZE:
        message = "Choose an end within the next 24 hours."
        raise Invalid(message, errors=(FieldError("until", "invalid", message),))
    held, _ = _held(page)
    try:
        store(snoozed(progress_of(held), until=until), held)
    except NotAllowed as error:
        raise NothingToSnooze from error
    held.snoozed_until, held.held_until = until, None
    held.save(update_fields=[*PROGRESS_FIELDS, "snoozed_until", "held_until"])
    cancel_unsent([held])
    words = f"{by.name} snoozed {_whose(held)} until {until:%a %d %b %H:%M} UTC"
    data = {"until": until.isoformat()}
    timeline.write(held.incident_id, TimelineEntry.Kind.SNOOZED, words, at=now, by=by, page_id=held.pk, data=data)
    return held


@transaction.atomic
def hand_over(*, page: Page, to: Person, by: Actor, now: datetime) -> Page:
    """Ask `to` to take an acknowledged page: they are paged by name and have it when they acknowledge that.

    Until then whoever has it keeps it. Answers the page to `to`. Raises AlreadyResolved, NotTaken, and Invalid where
    `to` has it already or can't be reached.
    """
    held, pages = _held(page)
    if held.state != State.ACKNOWLEDGED:
        raise NotTaken
    if held.acknowledged_by_id == to.pk:
        raise _nobody(f"{to.label} has it already.")
    if not ContactMethod.objects.filter(person=to, confirmed_at__isnull=False, removed_at=None).exists():
        raise _nobody(f"{to.label} has no confirmed contact method, so nothing would reach them.")
    asked = next((one for one in pages if one.person_id == to.pk), None)
    if asked is None:
        asked = open_page_by_name(held.incident, to, now=now)
    elif asked.pk != held.pk:
        restart(asked, escalated_now(progress_of(asked), now=now), now=now)
    else:
        raise _nobody("This page is theirs; page them again instead.")
    asked.hands_over = held
    asked.routing = f"{by.name} hands it over to {to.label}"
    asked.save(update_fields=["hands_over", "routing"])
    keeper = held.acknowledged_by.label if held.acknowledged_by else "whoever has it"
    words = f"{by.name} hands {_whose(held)} over to {to.label}; until they take it, {keeper} has it"
    timeline.write(held.incident_id, TimelineEntry.Kind.HANDED_OVER, words, at=now, by=by, page_id=asked.pk)
    return asked


def _held(page: Page) -> tuple[Page, list[Page]]:
    incident = locked_incident(page.incident_id)
    if not incident.is_open:
        raise AlreadyResolved
    pages = locked_pages(incident)
    held = next(one for one in pages if one.pk == page.pk)
    held.incident = incident
    return held, pages


def _whose(page: Page) -> str:
    if page.team:
        return f"the page of {page.team.label}"
    return f"the page to {page.person.label}" if page.person else "the catch-all's page"


def _nobody(message: str) -> Invalid:
    return Invalid(message, errors=(FieldError("person", "invalid", message),))
