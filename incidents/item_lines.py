"""Action items as lists show them: how each stands, when it is due in words, what came of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from incidents.models import ActionItem
from incidents.outcomes import Outcome
from incidents.queries.reviews import today
from portal.lib import words

SOON = timedelta(days=7)
NAMED = {-1: "yesterday", 0: "today", 1: "tomorrow"}


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item; `state` is a key of the `state` tag."""

    item: ActionItem
    state: str
    due: str
    outcome: Outcome | None = None


def lines(
    items: Iterable[ActionItem], *, now: datetime, outcomes: Mapping[int, Outcome] | None = None
) -> list[ItemLine]:
    """In the order given."""
    day, came = today(now), outcomes or {}
    return [ItemLine(item, state_of(item, day), due_words(item.due_on, day), came.get(item.pk)) for item in items]


def state_of(item: ActionItem, day: date) -> str:
    """`overdue`, `due-soon`, `to-do`, `finished` or `dropped`."""
    if item.state == ActionItem.State.DONE:
        return "finished"
    if item.state == ActionItem.State.DROPPED:
        return "dropped"
    if item.due_on < day:
        return "overdue"
    return "due-soon" if item.due_on <= day + SOON else "to-do"


def due_words(due: date, day: date) -> str:
    """`today`, `Fri 4 Dec`, `4 Dec 2027`, with how late it is: `Mon 9 Nov, 17 days ago`."""
    away = (due - day).days
    if away in NAMED:
        return NAMED[away]
    said = f"{due:%a} {due.day} {due:%b}" if due.year == day.year else f"{due.day} {due:%b %Y}"
    return f"{said}, {words.plural(-away, 'day')} ago" if away < 0 else said
