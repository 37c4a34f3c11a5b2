"""Following an incident: who follows hears every status update, and once that it is over."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from catalog.models import Person
from incidents.models import ContactMethod, Follower, Incident, StatusUpdate
from incidents.operations.locking import locked_incident
from incidents.operations.telling import Told, tell_many
from portal.lib.durations import words

LOOKS_BACK = timedelta(days=1)
"""How long after its end an incident's followers are still told of it; longer ago is no news."""


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
    subject = f"{incident.label}: {update.get_state_display().lower()}"
    text = f"{incident.title}\n\n{update.text}"
    if update.next_by:
        text += f"\n\nNext update by {update.next_by:%H:%M} UTC."
    told = _by_first_method(wanted, subject, text)
    tell_many(told, key=f"update-{update.pk}", now=now, incident=incident)
    return len(told)


def ended_untold(now: datetime) -> list[int]:
    """Numbers of incidents that ended lately and whose followers have not all been told."""
    ended = Incident.objects.filter(
        resolved_at__gt=now - LOOKS_BACK, followers__told_generation__lt=F("generation")
    ).order_by("resolved_at", "pk")
    return list(ended.values_list("pk", flat=True).distinct()[:100])


@transaction.atomic
def tell_ended(number: int, *, now: datetime) -> int:
    """Tell the followers of a resolved incident that it is over, each once for each time it ends; how many."""
    incident = Incident.objects.select_for_update(no_key=True).get(pk=number)
    if incident.is_open or incident.resolved_at is None:
        return 0
    waiting = incident.followers.filter(told_generation__lt=incident.generation, person__retired_at=None)
    people = Person.objects.filter(pk__in=waiting.values("person"))
    text = f"{incident.title}\n\nIt lasted {words(incident.resolved_at - incident.opened_at)}."
    if incident.cause:
        text += f"\n\nWhat it was: {incident.cause}"
    told = _by_first_method(list(people), f"{incident.label} is over", text)
    tell_many(told, key=f"over-{incident.pk}-{incident.generation}", now=now, incident=incident)
    incident.followers.update(told_generation=incident.generation)
    return len(told)


def _by_first_method(people: Sequence[Person], subject: str, text: str) -> list[Told]:
    methods = _first_methods([one.pk for one in people])
    return [Told(one, methods[one.pk], subject[:150], text) for one in people if one.pk in methods]


def _first_methods(person_ids: Collection[int]) -> Mapping[int, ContactMethod]:
    confirmed = ContactMethod.objects.filter(person__in=person_ids, confirmed_at__isnull=False, removed_at=None)
    found: dict[int, ContactMethod] = {}
    for method in confirmed.order_by("order", "pk"):
        found.setdefault(method.person_id, method)
    return found
