"""Notes by the handoff at which they are said: those written since the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import HandoffNote, Schedule
from incidents.oncall import rotation
from incidents.oncall.schedules import rotation_of, with_layers

BACK = timedelta(days=31)
"""A note of a longer shift is said at its end only when it is not older."""


@dataclass(frozen=True, slots=True)
class Notes:
    """`waiting` are said at the next handoff, `handed` were said at the last one; newest first."""

    waiting: list[HandoffNote]
    handed: list[HandoffNote]


def notes_of(schedule: Schedule, *, now: datetime) -> Notes:
    """Both, in one or four queries."""
    rows = list(_written(schedule, now - 2 * BACK, now))
    if not rows:
        return Notes([], [])
    pure = _with_past(schedule, now - 2 * BACK)
    last = last_handoff(pure, now)
    before = last_handoff(pure, last - timedelta(microseconds=1)) if last else None
    if last is None:
        return Notes(rows, [])
    handed = [row for row in rows if row.created_at < last and (before is None or row.created_at >= before)]
    return Notes([row for row in rows if row.created_at >= last], handed)


def said_at(schedule: Schedule, at: datetime) -> list[HandoffNote]:
    """The notes that the handoff `at` says, oldest first: those since the one before it."""
    rows = [row for row in _written(schedule, at - BACK, at) if row.created_at < at]
    if not rows:
        return []
    before = last_handoff(_with_past(schedule, at - BACK), at - timedelta(microseconds=1))
    return [row for row in reversed(rows) if before is None or row.created_at >= before]


def last_handoff(pure: rotation.Schedule, at: datetime) -> datetime | None:
    """When somebody else last took it, at `at` or up to 31 days before; None where nobody did."""
    walked: Sequence[rotation.Stretch] = rotation.stretches(pure, at - BACK, at + timedelta(microseconds=1))
    people = [one.person if isinstance(one, rotation.Shift) else None for one in walked]
    changes = [
        after.start
        for after, giver, taker in zip(walked[1:], people, people[1:], strict=False)
        if giver != taker and after.start is not None
    ]
    return changes[-1] if changes else None


def _written(schedule: Schedule, since: datetime, until: datetime) -> Sequence[HandoffNote]:
    rows = HandoffNote.objects.filter(schedule=schedule, created_at__gt=since, created_at__lte=until)
    return list(rows.select_related("created_by")[:50])


def _with_past(schedule: Schedule, since: datetime) -> rotation.Schedule:
    """With the overrides that have ended too, for they made handoffs."""
    found = with_layers([schedule.slug], overrides_from=since)
    try:
        return rotation_of(found[0])
    except (IndexError, ValueError, KeyError, TypeError, OverflowError):
        return rotation.Schedule("UTC")
