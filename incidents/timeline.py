"""Writing the timeline: what happened, when, by whom and how, in words."""

from collections.abc import Mapping
from datetime import datetime

from catalog.access import Actor, system
from incidents.models import TimelineEntry

PORTICO = system("portico")


def entry(
    incident_id: int,
    kind: TimelineEntry.Kind,
    words: str,
    *,
    at: datetime,
    by: Actor = PORTICO,
    page_id: int | None = None,
    data: Mapping[str, object] | None = None,
) -> TimelineEntry:
    """An entry, not yet saved."""
    return TimelineEntry(
        incident_id=incident_id,
        page_id=page_id,
        at=at,
        kind=kind,
        person=by.person,
        actor_ref=by.ref,
        actor_name=by.name,
        via=by.via,
        words=words,
        data=dict(data or {}),
    )


def write(
    incident_id: int,
    kind: TimelineEntry.Kind,
    words: str,
    *,
    at: datetime,
    by: Actor = PORTICO,
    page_id: int | None = None,
    data: Mapping[str, object] | None = None,
) -> TimelineEntry:
    """An entry, saved in the running transaction."""
    made = entry(incident_id, kind, words, at=at, by=by, page_id=page_id, data=data)
    made.save(force_insert=True)
    return made
