"""What people do in an incident. Lock order everywhere: the incident, then its pages."""

from datetime import datetime

from catalog.access import Actor
from catalog.models import Component, Person, Team
from incidents.models import Incident, Page
from portal.lib.errors import Expected


class AlreadyResolved(Expected):
    """The incident was resolved before this arrived; nothing was changed."""


class NobodyNamed(Expected):
    """An acknowledgement needs a named person; a token must say for whom it acts."""

    status = 400


def acknowledge(*, page: Page, by: Person, via: str, now: datetime) -> Page:
    """`by` has taken `page`: its escalation stops, what is unsent is cancelled. A second tap changes nothing.

    Acknowledging the owner's page acknowledges the incident. Somebody else's acknowledgement of a taken page takes
    over. `via` is web, api or link. Raises AlreadyResolved.
    """
    raise NotImplementedError


def acknowledge_incident(*, incident: Incident, by: Actor, now: datetime) -> list[Page]:
    """`by.person` has taken the incident: the owner's page (or catch-all) and those of the person's own teams.

    Raises AlreadyResolved, NobodyNamed.
    """
    raise NotImplementedError


def resolve(*, incident: Incident, by: Actor, now: datetime, cause: str = "") -> Incident:
    """It is over: all pages end, what is unsent is cancelled. What still fires then is paged again after 30 minutes.

    Raises AlreadyResolved.
    """
    raise NotImplementedError


def add_note(*, incident: Incident, by: Actor, text: str, now: datetime) -> None:
    """Say something on the timeline; counts as activity of a responder. Raises Invalid for an empty text."""
    raise NotImplementedError


def escalate_now(*, page: Page, by: Actor, now: datetime) -> Page:
    """The next step is due at once. Raises AlreadyResolved."""
    raise NotImplementedError


def change_severity(*, incident: Incident, severity: int, reason: str, by: Actor, now: datetime) -> Incident:
    """Set P1 to P5 with a reason; at P1 the component's responders are engaged. Raises AlreadyResolved, Invalid."""
    raise NotImplementedError


def engage(
    *, incident: Incident, by: Actor, now: datetime, team: Team | None = None, person: Person | None = None
) -> Page:
    """Page a further team, or a person by name; one engaged already is paged again. Raises AlreadyResolved."""
    raise NotImplementedError


def declare(
    *,
    title: str,
    by: Actor,
    now: datetime,
    component: Component | None = None,
    severity: int | None = None,
    note: str = "",
) -> Incident:
    """A person says that something is wrong. Raises Invalid for an empty title."""
    raise NotImplementedError
