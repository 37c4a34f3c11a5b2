"""I'm overwhelmed: what somebody was paged for, or has taken, goes to the next step now.

One incident at a time, each in a transaction of its own, in the order of locks that everybody keeps.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from catalog.access import Actor
from catalog.models import Person
from incidents import timeline
from incidents.escalation import ESCALATING, Action, Progress, State, state_after
from incidents.models import Incident, Notification, Page, TimelineEntry
from incidents.operations.locking import locked_incident, locked_pages
from incidents.policies import PROGRESS_FIELDS, asked_last, progress_of, store
from portal.lib.hints import nudge

DECIDING = (Page.Role.OWNER, Page.Role.CATCH_ALL)


@dataclass(frozen=True, slots=True)
class HandedOn:
    """How many pages nobody had went to their next step at once, and how many taken ones escalate again."""

    untaken: int = 0
    taken: int = 0

    def __bool__(self) -> bool:
        return bool(self.untaken or self.taken)

    @property
    def pages(self) -> int:
        """All of them."""
        return self.untaken + self.taken


def hand_on(*, person: Person, via: str, now: datetime) -> HandedOn:
    """All open pages of `person` go to the next step now: those whose last step asked them, and those they have.

    A second tap does nothing: what was handed on is somebody else's by then. A page in maintenance stays as it is.
    """
    numbers = theirs(person).order_by("incident").values_list("incident_id", flat=True).distinct()
    untaken = taken = 0
    for number in list(numbers):
        with transaction.atomic():
            found = _of_incident(number, Actor(person=person, via=via), person, now)
        untaken, taken = untaken + found.untaken, taken + found.taken
    return HandedOn(untaken, taken)


def theirs(person: Person) -> QuerySet[Page]:
    """Open pages that are this person's to hand on."""
    asked = Q(state__in=ESCALATING, next_step_at__isnull=False, asked_last__contains=[person.ref])
    has = Q(state=State.ACKNOWLEDGED, acknowledged_by=person)
    rows = Page.objects.exclude(incident__state=Incident.State.RESOLVED).filter(held_until=None)
    return rows.annotate(asked_last=asked_last()).filter(asked | has)


def is_theirs(page: Page, person: Person) -> bool:
    """Whether `theirs` has this page of an open incident, by its `asked_last` (of `queries.pages_of`); asks nothing."""
    if page.held_until is not None:
        return False
    if page.state == State.ACKNOWLEDGED:
        return page.acknowledged_by_id == person.pk
    asked: list[str] = page.asked_last or []  # type: ignore[attr-defined]  # annotated
    return page.state in ESCALATING and page.next_step_at is not None and person.ref in asked


def onward(progress: Progress, *, now: datetime) -> Progress:
    """The step after the one last taken is due at once; what is left of that step's repeats is passed over."""
    state = state_after(progress.state, Action.ESCALATE)
    if progress.repeat:
        progress = replace(progress, step=progress.step + 1, repeat=0)
    return replace(progress, state=state, due_at=now, generation=progress.generation + 1, asked=False)


def _of_incident(number: int, by: Actor, person: Person, now: datetime) -> HandedOn:
    incident = locked_incident(number)
    held = {page.pk: page for page in locked_pages(incident)}
    mine = [held[pk] for pk in theirs(person).filter(incident=incident).values_list("pk", flat=True) if pk in held]
    untaken = taken = 0
    for page in mine:
        if page.state == State.ACKNOWLEDGED:
            _give_up(incident, page, by, now)
            taken += 1
        elif page.next_step_at is not None and page.next_step_at > now:
            _pass_on(page, by, now)
            untaken += 1
    if untaken or taken:
        _spare(person, mine)
        nudge("incidents.advance_due")
    return HandedOn(untaken, taken)


def _pass_on(page: Page, by: Actor, now: datetime) -> None:
    store(onward(progress_of(page), now=now), page)
    page.save(update_fields=PROGRESS_FIELDS)
    words = f"{by.name} handed it on: the next step is due now"
    timeline.write(page.incident_id, TimelineEntry.Kind.ESCALATED, words, at=now, by=by, page_id=page.pk)


def _give_up(incident: Incident, page: Page, by: Actor, now: datetime) -> None:
    store(onward(progress_of(page), now=now), page)
    page.acknowledged_at = page.acknowledged_by = None
    page.save(update_fields=[*PROGRESS_FIELDS, "acknowledged_at", "acknowledged_by"])
    if page.role in DECIDING and incident.state == Incident.State.ACKNOWLEDGED:
        incident.state, incident.acknowledged_by = Incident.State.TRIGGERED, None
        incident.save(update_fields=["state", "acknowledged_by"])
    words = f"{by.name} can't keep it: it goes to the next step now"
    timeline.write(page.incident_id, TimelineEntry.Kind.ESCALATED, words, at=now, by=by, page_id=page.pk)


def _spare(person: Person, pages: list[Page]) -> None:
    """What was still to come to them is not sent."""
    unsent = Notification.objects.filter(person=person, page__in=pages, state=Notification.State.PENDING)
    unsent.update(state=Notification.State.CANCELLED)
