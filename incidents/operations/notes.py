"""Notes that were put right, and entries that are pinned. The timeline is only ever added to: both are further rows."""

from datetime import datetime

from django.db import transaction

from catalog.access import Actor
from incidents import timeline
from incidents.models import TimelineEntry
from portal.lib.errors import FieldError, Forbidden, Invalid

Kind = TimelineEntry.Kind
LONGEST_NOTE = 10_000


class NotYourNote(Forbidden):
    """Only whoever wrote a note may change what it says; add one of your own."""


@transaction.atomic
def edit_note(*, entry: TimelineEntry, text: str, by: Actor, now: datetime) -> TimelineEntry:
    """The note says `text` from now on; what it said before is kept. The same text again changes nothing.

    Raises Invalid for an empty text and for what is no note, NotYourNote for somebody else's.
    """
    if entry.kind != Kind.NOTE:
        raise Invalid("Only notes can be edited.", errors=(FieldError("entry", "invalid", "This is no note."),))
    if entry.actor_ref != by.ref:
        raise NotYourNote
    if not text.strip() or len(text) > LONGEST_NOTE:
        raise Invalid(errors=(FieldError("text", "invalid", f"Write 1 to {LONGEST_NOTE} characters."),))
    held = TimelineEntry.objects.select_for_update(no_key=True, of=("self",)).get(pk=entry.pk)
    last = held.later.filter(kind=Kind.EDITED).order_by("-at", "-pk").first()
    if text.strip() == (last or held).words:
        return last or held
    return _about(held, Kind.EDITED, text.strip(), by, now)


@transaction.atomic
def pin(*, entry: TimelineEntry, pinned: bool, by: Actor, now: datetime) -> None:
    """The entry stands on top for everybody, or no longer. What is so already changes nothing."""
    held = TimelineEntry.objects.select_for_update(no_key=True, of=("self",)).get(pk=entry.pk)
    last = held.later.filter(kind__in=[Kind.PINNED, Kind.UNPINNED]).order_by("-at", "-pk").first()
    if pinned == (last is not None and last.kind == Kind.PINNED):
        return
    kind = Kind.PINNED if pinned else Kind.UNPINNED
    _about(held, kind, f"{by.name} {'pinned' if pinned else 'took the pin off'} an entry", by, now)


def _about(entry: TimelineEntry, kind: TimelineEntry.Kind, words: str, by: Actor, now: datetime) -> TimelineEntry:
    made = timeline.entry(entry.incident_id, kind, words, at=now, by=by)
    made.about = entry
    made.save(force_insert=True)
    return made
