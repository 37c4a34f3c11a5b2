"""What people do in an incident. Lock order everywhere: the incident, then its pages."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from catalog.access import Actor
from catalog.models import Component, Membership, Person, Team
from incidents import timeline
from incidents.escalation import State, acknowledged, active, escalated_now, taken_over
from incidents.firing import Firing
from incidents.models import Alert, Incident, Page, TimelineEntry
from incidents.operations.alerts import raise_alert
from incidents.operations.closing import cancel_unsent, end_pages, finish
from incidents.operations.engaging import (
    DECLARED,
    Route,
    by_policy,
    open_page,
    open_page_by_name,
    policy_of_team,
    restart,
)
from incidents.operations.following import follow
from incidents.operations.known import Known
from incidents.operations.locking import lock_alerts, locked_incident, locked_pages
from incidents.operations.opening import raise_severity, set_severity
from incidents.policies import PROGRESS_FIELDS, policy_for, progress_of, store
from incidents.severity import Verdict
from portal.lib.errors import Expected, FieldError, Invalid

DECIDING = (Page.Role.OWNER, Page.Role.CATCH_ALL)
"""Roles whose acknowledgement is the incident's."""


DOUBLE_CLICK = timedelta(seconds=10)
"""The same said or asked for again by the same person within so long is one."""
LONGEST_SILENCE = timedelta(days=7)
"""How long what still fires may be silenced by whoever resolves its incident."""


class AlreadyResolved(Expected):
    """The incident was resolved before this arrived; nothing was changed."""


class HasItAlready(Expected):
    """Somebody else has it already, so nothing was changed; take it over if that is what you want."""


class MovedOn(Expected):
    """It has moved on since you looked, so nothing was changed. Look again."""


class NobodyNamed(Expected):
    """An acknowledgement needs a named person; a token must say for whom it acts."""

    status = 400


class NothingToPage(Expected):
    """This team has no escalation policy, so it can't be paged. Page a person by name, or give it a policy first."""


@transaction.atomic
def acknowledge(*, page: Page, by: Person, via: str, now: datetime, take_over: bool = True) -> Page:
    """`by` has taken `page`: its escalation stops, what is unsent is cancelled. A second tap changes nothing.

    Acknowledging the owner's page acknowledges the incident. Somebody else's acknowledgement of a taken page takes
    over; without `take_over` it is refused, for whoever saw nobody's name meant to take what nobody had. `via` is web,
    api or link. Raises AlreadyResolved, HasItAlready.
    """
    incident, pages = _held(page.incident_id)
    held = next(one for one in pages if one.pk == page.pk)
    if not take_over:
        _require_free([held], by)
    _take(incident, held, pages, by=Actor(person=by, via=via), now=now)
    return held


@transaction.atomic
def acknowledge_incident(*, incident: Incident, by: Actor, now: datetime, take_over: bool = True) -> list[Page]:
    """`by.person` has taken the incident: the owner's page (or catch-all) and those of the person's own teams.

    Without `take_over` it is refused where somebody else has one of these. Raises AlreadyResolved, HasItAlready,
    NobodyNamed.
    """
    person = _named(by)
    held, pages = _held(incident.pk)
    mine = set(Membership.objects.filter(person=person).values_list("team_id", flat=True))
    taken = [p for p in pages if p.role in DECIDING or p.team_id in mine or p.person_id == person.pk]
    if not take_over:
        _require_free(taken, person)
    for page in taken:
        if page.state != State.RESOLVED:
            _take(held, page, pages, by=by, now=now)
    if held.root_id is not None and held.state == Incident.State.TRIGGERED:
        _take_symptom(held, person, by=by, now=now)
    return taken


@transaction.atomic
def resolve(
    *, incident: Incident, by: Actor, now: datetime, cause: str = "", silent_until: datetime | None = None
) -> Incident:
    """It is over: all pages end, what is unsent is cancelled. What still fires is paged again after 30 minutes, or at
    `silent_until`, at most a week away.

    Raises AlreadyResolved, and Invalid for a `silent_until` that has passed or is too far away.
    """
    if silent_until is not None and not now < silent_until <= now + LONGEST_SILENCE:
        message = "Choose a moment within the next seven days."
        raise Invalid(message, errors=(FieldError("silent_until", "invalid", message),))
    held = _open(incident.pk)
    held.cause = cause.strip()
    words = f"Resolved by {by.name}" + (f": {held.cause}" if held.cause else "")
    finish(held, by=by, words=words, now=now)
    if held.check_again_at is None:
        return held
    if silent_until is not None:
        held.check_again_at = silent_until
        held.save(update_fields=["check_again_at"])
    said = f"It still fires: it pages again at {held.check_again_at:%a %d %b %H:%M} UTC, if it does then"
    timeline.write(held.pk, TimelineEntry.Kind.ALERT, said, at=now, by=by)
    return held


@transaction.atomic
def add_note(*, incident: Incident, by: Actor, text: str, now: datetime) -> TimelineEntry:
    """Say something on the timeline; counts as activity of a responder. Raises Invalid for an empty text.

    The same words of the same person, a moment later, are a double click and one note.
    """
    if not text.strip():
        raise Invalid(errors=(FieldError("text", "required", "Write what you want to say."),))
    held = locked_incident(incident.pk)
    notes = held.timeline.filter(kind=TimelineEntry.Kind.NOTE, actor_ref=by.ref, words=text.strip())
    there = notes.filter(at__gt=now - DOUBLE_CLICK, at__lte=now).first()
    if there is not None:
        return there
    for page in locked_pages(held):
        if by.person and page.acknowledged_by_id == by.person.pk:
            store(active(progress_of(page), policy_for(page), now=now), page)
            page.save(update_fields=PROGRESS_FIELDS)
    return timeline.write(held.pk, TimelineEntry.Kind.NOTE, text.strip(), at=now, by=by)


@transaction.atomic
def escalate_now(*, page: Page, by: Actor, now: datetime, seen: int | None = None) -> Page:
    """The next step is due at once; a taken or exhausted page starts again at step one.

    `seen` is the generation of the page that whoever presses looked at; where it has moved on since, nothing is done,
    so that a second click calls nobody further. Raises AlreadyResolved, MovedOn.
    """
    _, pages = _held(page.incident_id)
    held = next(one for one in pages if one.pk == page.pk)
    if seen is not None and seen != held.generation:
        raise MovedOn
    _page_again(held, by=by, words=f"{by.name} escalated", now=now)
    return held


@transaction.atomic
def change_severity(*, incident: Incident, severity: int, reason: str, by: Actor, now: datetime) -> Incident:
    """Set P1 to P5 with a reason; at P1 the component's responders are engaged. Raises AlreadyResolved, Invalid."""
    if severity not in range(1, 6):
        raise Invalid(errors=(FieldError("severity", "invalid", "Use 1 to 5; P1 is the worst."),))
    if not reason.strip():
        raise Invalid(errors=(FieldError("reason", "required", "Say why, in a few words."),))
    lock_alerts()  # a worse one may have symptoms, and whoever holds several incidents holds the alerts
    held = _open(incident.pk)
    if held.is_drill:
        raise Invalid(errors=(FieldError("severity", "invalid", "A fire drill is a P1, for it walks that chain."),))
    verdict = Verdict(severity, f"P{severity}: {reason.strip()}")
    if severity < held.severity:
        raise_severity(held, verdict, Known(now), by=by)
    else:
        set_severity(held, verdict, now=now, by=by)
    return held


@transaction.atomic
def engage(
    *, incident: Incident, by: Actor, now: datetime, team: Team | None = None, person: Person | None = None
) -> Page:
    """Page a further team, or a person by name; one engaged already is paged again, unless that was a moment ago.

    Raises AlreadyResolved, NothingToPage (a team without policy), Invalid (neither team nor person).
    """
    held, pages = _held(incident.pk)
    there = next((p for p in pages if (team and p.team_id == team.pk) or (person and p.person_id == person.pk)), None)
    whom = team.label if team else person.label if person else ""
    if there is not None and there.is_untaken and now - DOUBLE_CLICK < there.opened_at <= now:
        return there
    if there is not None:
        _page_again(there, by=by, words=f"{by.name} paged {whom} again", now=now)
        return there
    page = _call_in(held, team, person, now=now)
    words = f"{by.name} called in {whom}"
    timeline.write(held.pk, TimelineEntry.Kind.ESCALATED, words, at=now, by=by, page_id=page.pk)
    return page


@transaction.atomic
def declare(
    *,
    title: str,
    by: Actor,
    now: datetime,
    component: Component | None = None,
    severity: int | None = None,
    note: str = "",
) -> Incident:
    """A person says that something is wrong: an alert of its own, which joins an open incident of the component.

    It stays until somebody resolves it; one that joined what a machine found ends with that. Whoever says it follows
    the incident. The same of the same person, a moment later, is a double click and one incident. Raises Invalid for an
    empty title.
    """
    if not title.strip():
        raise Invalid(errors=(FieldError("title", "required", "Say in a few words what is wrong."),))
    lock_alerts()  # of two clicks at once the second must see the first
    mine = Alert.objects.select_related("incident").filter(key__startswith=f"manual:{by.ref}:", cleared_at=None)
    since = mine.filter(opened_at__gt=now - DOUBLE_CLICK, opened_at__lte=now, summary=title.strip()[:300])
    # a machine that means one by two requests sends an Idempotency-Key, and two machines may share a name
    there = since.filter(component=component, incident__isnull=False).first() if by.person else None
    if there is not None and there.incident is not None:
        return there.incident
    key = f"manual:{by.ref}:{now.isoformat()}"
    firing = Firing(key=key, source=DECLARED, summary=title.strip(), component=component, severity=severity)
    incident = raise_alert(firing=firing, now=now, by=by).incident
    if by.person is not None:
        follow(incident=incident, person=by.person, now=now)
    if note.strip():
        timeline.write(incident.pk, TimelineEntry.Kind.NOTE, note.strip(), at=now, by=by)
    return incident


def _open(number: int) -> Incident:
    incident = locked_incident(number)
    if not incident.is_open:
        raise AlreadyResolved
    return incident


def _held(number: int) -> tuple[Incident, list[Page]]:
    incident = _open(number)
    return incident, locked_pages(incident)


def _named(by: Actor) -> Person:
    if by.person is None:
        raise NobodyNamed
    return by.person


def _require_free(pages: Sequence[Page], person: Person) -> None:
    for page in pages:
        if page.state == State.ACKNOWLEDGED and page.acknowledged_by_id != person.pk:
            whose = page.acknowledged_by.label if page.acknowledged_by else "Somebody else"
            raise HasItAlready(f"{whose} has it already; nothing was changed. Take it over if that is what you want.")


def _take(incident: Incident, page: Page, pages: Sequence[Page], *, by: Actor, now: datetime) -> None:
    person = _named(by)
    if page.state == State.ACKNOWLEDGED and page.acknowledged_by_id == person.pk:
        return  # two taps on one link are one acknowledgement
    if page.state == State.RESOLVED:
        raise AlreadyResolved("This page is closed: somebody else has it.")
    words = f"{person.label} has it"
    move = acknowledged
    if page.state == State.ACKNOWLEDGED:
        words, move = f"{person.label} took over from {page.acknowledged_by or 'nobody'}", taken_over
    store(move(progress_of(page), policy_for(page), now=now), page)
    page.acknowledged_at, page.acknowledged_by, page.exhausted_at = now, person, None
    page.save(update_fields=[*PROGRESS_FIELDS, "acknowledged_at", "acknowledged_by", "exhausted_at"])
    cancel_unsent([page])
    timeline.write(incident.pk, TimelineEntry.Kind.ACKNOWLEDGED, words, at=now, by=by, page_id=page.pk)
    if page.role in DECIDING:
        _incident_taken(incident, page, pages, person, now=now)
    _take_what_it_hands_over(incident, page, pages, by=by, now=now)


def _take_what_it_hands_over(
    incident: Incident, page: Page, pages: Sequence[Page], *, by: Actor, now: datetime
) -> None:
    """A page by name that handed another over: whoever takes it takes that one too, and now has it."""
    theirs = next((one for one in pages if one.pk == page.hands_over_id), None)
    if theirs is None:
        return
    page.hands_over = None
    page.save(update_fields=["hands_over"])
    if theirs.state != State.RESOLVED and page.person_id == _named(by).pk:
        _take(incident, theirs, pages, by=by, now=now)


def _take_symptom(incident: Incident, person: Person, *, by: Actor, now: datetime) -> None:
    """Nobody was paged for it, so there is no page to take."""
    incident.state = Incident.State.ACKNOWLEDGED
    incident.acknowledged_by, incident.acknowledged_at = person, incident.acknowledged_at or now
    incident.save(update_fields=["state", "acknowledged_by", "acknowledged_at"])
    timeline.write(incident.pk, TimelineEntry.Kind.ACKNOWLEDGED, f"{person.label} has it", at=now, by=by)


def _incident_taken(incident: Incident, page: Page, pages: Sequence[Page], person: Person, *, now: datetime) -> None:
    """A named person has it: the catch-all need not be asked any more; an unanswered owner's page stays as it is."""
    if page.role == Page.Role.CATCH_ALL and incident.state == Incident.State.ACKNOWLEDGED:
        return  # the owner has it; this was about a responder who did not answer
    incident.state = Incident.State.ACKNOWLEDGED
    incident.acknowledged_by = person
    incident.acknowledged_at = incident.acknowledged_at or now
    incident.save(update_fields=["state", "acknowledged_by", "acknowledged_at"])
    if page.role == Page.Role.OWNER:
        end_pages([p for p in pages if p.role == Page.Role.CATCH_ALL and p.is_untaken], now=now)


def _page_again(page: Page, *, by: Actor, words: str, now: datetime) -> None:
    progress = progress_of(page)
    restart(page, escalated_now(progress, now=now), now=now)
    timeline.write(page.incident_id, TimelineEntry.Kind.ESCALATED, words, at=now, by=by, page_id=page.pk)


def _call_in(incident: Incident, team: Team | None, person: Person | None, *, now: datetime) -> Page:
    if person is not None:
        return open_page_by_name(incident, person, now=now)
    if team is None:
        raise Invalid(errors=(FieldError("team", "required", "Choose a team or a person to page."),))
    version = policy_of_team(team, now=now)
    if version is None:
        raise NothingToPage
    route = Route(Page.Role.MANUAL, f"{team.label} was called in; {by_policy(team, version)}", team, version)
    return open_page(incident, route, now=now)
