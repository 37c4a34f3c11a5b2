"""Working on an incident together: status updates, roles, tasks, links. Each leaves its line on the timeline."""

from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from catalog.access import Actor
from catalog.models import Person
from incidents import timeline
from incidents.models import Incident, IncidentLink, IncidentRole, StatusUpdate, Task, TimelineEntry
from incidents.operations.following import tell_update
from incidents.operations.locking import locked_incident
from incidents.operations.response import DOUBLE_CLICK
from incidents.operations.telling import tell
from portal.lib.errors import Expected, FieldError, Invalid, Missing

Kind = TimelineEntry.Kind
LONGEST_UPDATE = 5000
LONGEST_TASK = 300
MOST_TASKS = 200
MOST_LINKS = 50


class TooMany(Expected):
    """There are as many as an incident holds; do or remove some first."""


@transaction.atomic
def post_update(
    *,
    incident: Incident,
    state: str,
    text: str,
    by: Actor,
    now: datetime,
    public: bool = True,
    next_by: datetime | None = None,
) -> StatusUpdate:
    """Say to those who wait how it stands: on the timeline, to followers, and where `public` on the status page.

    The same of the same, a moment later, is a double click and one update. Raises Invalid for an empty text, an unknown
    state, or a next update promised for what has passed.
    """
    if not text.strip() or len(text) > LONGEST_UPDATE:
        raise _wrong("text", f"Say what those who wait should know, in at most {LONGEST_UPDATE} characters.")
    if state not in StatusUpdate.State.values:
        raise _wrong("state", f"Use one of {', '.join(StatusUpdate.State.values)}.")
    if next_by is not None and next_by <= now:
        raise _wrong("next_by", "Promise the next update for a moment to come.")
    held = locked_incident(incident.pk)
    same = held.updates.filter(state=state, text=text.strip(), public=public, person=by.person, actor_name=by.name)
    there = same.filter(at__gt=now - DOUBLE_CLICK, at__lte=now).first()
    if there is not None:
        return there
    made = StatusUpdate.objects.create(
        incident=held, state=state, text=text.strip(), public=public, next_by=next_by, at=now,
        person=by.person, actor_name=by.name,
    )  # fmt: skip
    told = tell_update(held, made, but=by.person, now=now)
    data = {"update": made.pk, "state": state, "public": public, "told": told}
    timeline.write(held.pk, Kind.UPDATE, made.text, at=now, by=by, data=data)
    return made


@transaction.atomic
def assign_role(
    *, incident: Incident, role: str, person: Person | None, by: Actor, now: datetime
) -> IncidentRole | None:
    """`person` has the role from now on, whoever had it before has not; None: nobody has it. Twice changes nothing.

    Who is given it by somebody else is told. Raises Invalid for an unknown role.
    """
    if role not in IncidentRole.Role.values:
        raise _wrong("role", f"Use one of {', '.join(IncidentRole.Role.values)}.")
    held, title = locked_incident(incident.pk), IncidentRole.Role(role).label
    before = held.roles.filter(role=role, until=None).select_related("person").first()
    if person is not None and before is not None and before.person == person:
        return before
    if before is not None:
        before.until = now
        before.save(update_fields=["until"])
    elif person is None:
        return None
    was = f", after {before.person.label}" if before and before.person else ""
    words = f"{title}: {person.label}{was}" if person else f"{title}: nobody any more{was}"
    timeline.write(held.pk, Kind.ROLE, words, at=now, by=by, data={"role": role, "person": person and person.ref})
    if person is None:
        return None
    made = IncidentRole.objects.create(incident=held, role=role, person=person, since=now)
    if person != by.person:
        text = f"{held.title}\n\n{by.name} made you {title.lower()} of {held.label}."
        tell(person=person, subject=f"{held.label}: you are {title.lower()}", text=text, key=f"role-{made.pk}",
             now=now, incident=held)  # fmt: skip
    return made


@transaction.atomic
def add_task(*, incident: Incident, text: str, by: Actor, now: datetime, person: Person | None = None) -> Task:
    """Something to be done now, by somebody or by whoever takes it. Raises Invalid for an empty text, TooMany."""
    if not text.strip() or len(text.strip()) > LONGEST_TASK:
        raise _wrong("text", f"Say what is to be done, in at most {LONGEST_TASK} characters.")
    held = locked_incident(incident.pk)
    if held.tasks.count() >= MOST_TASKS:
        raise TooMany
    made = Task.objects.create(incident=held, text=text.strip(), person=person, created_at=now)
    words = f"Task for {person.label}: {made.text}" if person else f"Task: {made.text}"
    timeline.write(held.pk, Kind.TASK, words, at=now, by=by, data={"task": made.pk})
    return made


@transaction.atomic
def change_task(
    *, task: Task, by: Actor, now: datetime, done: bool | None = None, person: Person | None = None
) -> Task:
    """It is done, or not after all; or `person` does it. What is so already changes nothing and is not said again."""
    held = Task.objects.select_for_update(no_key=True, of=("self",)).select_related("person").get(pk=task.pk)
    if person is not None and held.person != person:
        held.person = person
        held.save(update_fields=["person"])
        timeline.write(held.incident_id, Kind.TASK, f"{person.label} does it: {held.text}", at=now, by=by)
    if done is not None and done != (held.done_at is not None):
        held.done_at, held.done_by = (now, by.person) if done else (None, None)
        held.save(update_fields=["done_at", "done_by"])
        words = f"Done: {held.text}" if done else f"Not done after all: {held.text}"
        timeline.write(held.incident_id, Kind.TASK, words, at=now, by=by, data={"task": held.pk})
    return held


@transaction.atomic
def add_link(
    *, incident: Incident, url: str, by: Actor, now: datetime, title: str = "", room: bool = False
) -> IncidentLink:
    """Where to look, or with `room` where people talk, of which there is one. A link that is there is not added again.

    Raises Invalid unless `url` is a whole http or https address; TooMany.
    """
    address, kind = checked_url(url), IncidentLink.Kind.ROOM if room else IncidentLink.Kind.LINK
    held = locked_incident(incident.pk)
    there = held.links.filter(url=address).first()
    if there is not None and there.kind == kind and there.title == title.strip():
        return there
    if held.links.count() >= MOST_LINKS:
        raise TooMany
    replaced = held.links.filter(kind=kind) if room else held.links.none()
    (replaced | held.links.filter(url=address)).delete()
    made = IncidentLink.objects.create(
        incident=held, kind=kind, url=address, title=title.strip()[:200], added_at=now, added_by=by.person
    )
    words = f"{made.get_kind_display()}: {made.title or made.url}"
    timeline.write(held.pk, Kind.LINK, words, at=now, by=by, data={"url": made.url})
    return made


@transaction.atomic
def remove_link(*, incident: Incident, pk: int, by: Actor, now: datetime) -> None:
    """It does not help any more. Raises Missing where it is not there."""
    there = incident.links.filter(pk=pk).first()
    if there is None:
        raise Missing("There is no such link in this incident.")
    there.delete()
    timeline.write(incident.pk, Kind.LINK, f"Link removed: {there.title or there.url}", at=now, by=by)


def checked_url(url: str) -> str:
    """An http or https address, as given. Raises Invalid for `javascript:` and everything else."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or len(text) > 1000 or any(c.isspace() or not c.isprintable() for c in text):
        raise _wrong("url", "Use a whole address that begins with http:// or https://.")
    return text


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, "invalid", message),))
