"""Writing the timeline: what happened, when, by whom and how, in words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from catalog.access import Actor, system
from incidents.models import TimelineEntry

PORTICO = system("portico")
_waiting: ContextVar[list[TimelineEntry] | None] = ContextVar("waiting timeline entries", default=None)


@contextmanager
def gathering() -> Iterator[None]:
    """What is written within it is inserted at the end of the outermost one, in that order and in one statement; what
    an inner one wrote that failed is forgotten.
    """
    entries: list[TimelineEntry] = []
    outer = _waiting.get()
    token = _waiting.set(entries)
    try:
        yield
    finally:
        _waiting.reset(token)
    if outer is None:
        TimelineEntry.objects.bulk_create(entries)
    else:
        outer.extend(entries)


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
    """An entry, saved in the running transaction; at the end of a `gathering`, where there is one."""
    made = entry(incident_id, kind, words, at=at, by=by, page_id=page_id, data=data)
    waiting = _waiting.get()
    if waiting is None:
        made.save(force_insert=True)
    else:
        waiting.append(made)
    return made
