"""All moves that the pages of one incident will make while nobody does anything, each as of its own time.

What decides is what decides for due pages. But a batch of the sweep is one moment of many pages, and this is many
moments of few: people and policies are read once for all of them, and the moves are written together.
"""

from datetime import datetime, timedelta

from incidents.escalation import State
from incidents.models import Incident, Page
from incidents.paging import held
from incidents.paging.advance import hold
from incidents.paging.batch import Batch, FactsAhead, write

MOST_MOVES = 200
FURTHEST = timedelta(days=7)


def rehearse(incident: Incident, *, since: datetime) -> bool:
    """Make them, in the running transaction; False where there are more, or later ones, than are looked at."""
    moving = _Moving(incident, since)
    for _ in range(MOST_MOVES):
        first = moving.first()
        if first is None or first[0] > since + FURTHEST:
            break
        moving.move(*first)
    moving.write()
    return moving.first() is None


class _Moving:
    """The pages as they are by now, and what is still to be written of their moves."""

    def __init__(self, incident: Incident, since: datetime) -> None:
        self._incident, self._facts = incident, FactsAhead(since)
        self._made: list[Batch] = []
        self._read()

    def first(self) -> tuple[datetime, Page] | None:
        """When the next move is due, and of which page."""
        planned = [(page.next_step_at, page) for page in self._pages if page.next_step_at is not None]
        return min(planned, key=lambda one: (one[0], one[1].pk), default=None)

    def move(self, now: datetime, page: Page) -> None:
        """Make the move that is due on it."""
        if page.held_until is not None:
            self.write()
            if held.still_held([page], now=now):
                return
        batch = Batch([page], now, facts=self._facts)
        batch.move_all()
        self._made.append(batch)
        if batch.exhausted:  # others may be paged now
            self.write()
            self._read()

    def write(self) -> None:
        """What was decided so far."""
        if self._made:
            write(self._made)
            self._made = []

    def _read(self) -> None:
        planned = self._incident.pages.exclude(next_step_at=None).exclude(state=State.ACKNOWLEDGED)
        self._pages = list(hold(planned))
