"""Both people are told at each handoff, exactly once: computed by looking an hour back, kept by the message's own key.

There is no cursor that a crash could leave behind or ahead: every sweep looks at all handoffs of the last hour, and the
unique key of the message (schedule, moment, who from, who to, reader) lets only the first one through, whoever sweeps.
A handoff that is older, because nobody swept, is not news any more.
"""

from datetime import datetime, timedelta

import structlog

from catalog.models import Person
from incidents.models import Schedule
from incidents.oncall import rotation
from incidents.oncall.notes import said_at
from incidents.oncall.schedules import rotation_of, with_layers
from incidents.operations.telling import tell

log = structlog.get_logger(__name__)

NEWS = timedelta(hours=1)
"""How old a handoff may be and still be told."""


def tell_handoffs(*, now: datetime) -> int:
    """Tell both people of every handoff of the last hour; the number of messages that are new or there already.

    Only people with a confirmed contact method can be told; schedules that don't want it are left out.
    """
    loaded = [row for row in with_layers(overrides_from=now - NEWS) if row.tells_handoffs]
    found = [(row, handoff) for row in loaded for handoff in _recent(row, now)]
    refs = {ref for _, handoff in found for ref in (handoff.giver, handoff.taker) if ref is not None}
    people = {person.ref: person for person in Person.objects.filter(ref__in=refs, retired_at=None)}
    return sum(_tell_both(row, handoff, people, now) for row, handoff in found)


def handoffs(pure: rotation.Schedule, since: datetime, until: datetime) -> list[rotation.Handoff]:
    """Where the pager passes to somebody else, or to nobody, in `(since, until]`, in order."""
    walked = rotation.stretches(pure, since, until + timedelta(microseconds=1))
    people = [one.person if isinstance(one, rotation.Shift) else None for one in walked]
    return [
        rotation.Handoff(after.start, giver, taker)
        for after, giver, taker in zip(walked[1:], people, people[1:], strict=False)
        if giver != taker and after.start is not None
    ]


def _recent(schedule: Schedule, now: datetime) -> list[rotation.Handoff]:
    """Of a schedule that can't be read none, so that it keeps nobody else from being told."""
    try:
        return handoffs(rotation_of(schedule), now - NEWS, now)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        log.exception("schedule can't be read", schedule=schedule.slug, error=str(error))
        return []


def _tell_both(schedule: Schedule, handoff: rotation.Handoff, people: dict[str, Person], now: datetime) -> int:
    giver, taker = people.get(handoff.giver or ""), people.get(handoff.taker or "")
    key = f"handoff-{schedule.pk}-{handoff.at.timestamp():.0f}-{_key(giver)}-{_key(taker)}"
    told = 0
    if taker is not None:
        after = f" after {giver.label}" if giver else ""
        subject, text = f"You are on call for {schedule.name}", f"You have {schedule.name} from now on{after}."
        text += "".join(f"\n\n{note.by_name} says: {note.text}" for note in said_at(schedule, handoff.at))
        told += tell(person=taker, subject=subject, text=text, key=key, now=now) is not None
    if giver is not None:
        has = f"{taker.label} has it" if taker else "Nobody has it"
        subject, text = f"You are off call for {schedule.name}", f"You handed over {schedule.name}. {has} from now on."
        told += tell(person=giver, subject=subject, text=text, key=key, now=now) is not None
    return told


def _key(person: Person | None) -> int:
    return person.pk if person else 0
