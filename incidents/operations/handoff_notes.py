"""Notes for whoever has a schedule next, and whether both people of a handoff are told."""

from datetime import datetime, timedelta

from django.db import transaction

from catalog.access import Actor
from catalog.operations import record_audit
from incidents.models import HandoffNote, Schedule
from incidents.operations.turns import check
from portal.lib.errors import FieldError, Forbidden, Missing

MOST_LETTERS = 2000
TWICE = timedelta(minutes=5)
"""Within which the same note by the same person is one: a form sent twice."""


class NoSuchNote(Missing):
    """There is no such note on this schedule."""


class NotYourNote(Forbidden):
    """Only whoever wrote a note, and platform admins, take it back."""


@transaction.atomic
def add_handoff_note(*, schedule: Schedule, text: str, by: Actor, now: datetime) -> HandoffNote:
    """Part of the message at the next handoff. Sent twice within five minutes, it is one. Raises Invalid."""
    text = text.strip()
    if not text:
        check([FieldError("text", "required", "Write what whoever is next should know.")])
    if len(text) > MOST_LETTERS:
        check([FieldError("text", "too-long", f"Use at most {MOST_LETTERS} characters; link to what is longer.")])
    Schedule.objects.select_for_update().get(pk=schedule.pk)
    mine = HandoffNote.objects.filter(schedule=schedule, created_by=by.person)
    same = mine.filter(text=text, created_at__gt=now - TWICE).first()
    if same is not None:
        return same
    made = HandoffNote.objects.create(
        schedule=schedule, text=text, created_at=now, created_by=by.person, by_name=by.name[:200]
    )
    _record(by, "add-handoff-note", schedule, {"note": (None, text[:200])}, now)
    return made


@transaction.atomic
def remove_handoff_note(*, note: HandoffNote, by: Actor, now: datetime) -> None:
    """Gone, also from the list. Raises NotYourNote."""
    mine = by.person is not None and note.created_by_id == by.person.pk
    if not mine and not by.everywhere:
        raise NotYourNote
    note.delete()
    _record(by, "remove-handoff-note", note.schedule, {"note": (note.text[:200], None)}, now)


@transaction.atomic
def set_tells_handoffs(*, schedule: Schedule, tells: bool, by: Actor, now: datetime) -> Schedule:
    """Whether both people are told at each handoff. Said twice, nothing changes."""
    schedule = Schedule.objects.select_for_update(of=("self",)).get(pk=schedule.pk)
    if schedule.tells_handoffs != tells:
        before, schedule.tells_handoffs = schedule.tells_handoffs, tells
        schedule.save(update_fields=["tells_handoffs"])
        _record(by, "tell-handoffs", schedule, {"tells_handoffs": (before, tells)}, now)
    return schedule


def _record(by: Actor, verb: str, schedule: Schedule, diff: dict[str, tuple[object, object]], now: datetime) -> None:
    record_audit(actor=by, action=f"schedule.{verb}", object_ref=f"schedule:{schedule.slug}", diff=diff, now=now)
