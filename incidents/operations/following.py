"""Following an incident: who follows hears every status update, and that it is over (see `ending`)."""

from datetime import datetime

from django.db import transaction

from catalog.models import Person
from incidents.models import Follower, Incident, StatusUpdate
from incidents.operations.locking import locked_incident
from incidents.operations.telling import Told, first_methods, tell_many
from portal.lib.words import hour
from portal.lib.zones import zone_of


@transaction.atomic
def follow(*, incident: Incident, person: Person, now: datetime) -> bool:
    """`person` hears how it goes. False where they followed it already; whoever follows what is over is not told so."""
    held = locked_incident(incident.pk)
    given = {"since": now, "told_generation": -1 if held.is_open else held.generation}
    _, made = Follower.objects.get_or_create(incident=held, person=person, defaults=given)
    return made


@transaction.atomic
def unfollow(*, incident: Incident, person: Person) -> bool:
    """`person` hears no more of it. False where they did not follow it."""
    gone, _ = Follower.objects.filter(incident=incident, person=person).delete()
    return bool(gone)


def tell_update(incident: Incident, update: StatusUpdate, *, but: Person | None, now: datetime) -> int:
    """Put a status update into the outbox for all who follow, but for whoever wrote it; how many can be told."""
    people = Person.objects.filter(followed_incidents__incident=incident, retired_at=None)
    wanted = [one for one in people if one != but]
    subject = f"{incident.label}: {update.get_state_display().lower()}"[:150]
    methods = first_methods([one.pk for one in wanted])
    told = [Told(one, methods[one.pk], subject, _text(incident, update, one)) for one in wanted if one.pk in methods]
    tell_many(told, key=f"update-{update.pk}", now=now, incident=incident)
    return len(told)


def _text(incident: Incident, update: StatusUpdate, reader: Person) -> str:
    text = f"{incident.title}\n\n{update.text}"
    if update.next_by is None:
        return text
    return f"{text}\n\nNext update by {hour(update.next_by.astimezone(zone_of(reader.time_zone)))}."
