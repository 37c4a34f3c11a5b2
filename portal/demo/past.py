"""The 60 days before the demo began: incidents that were paged, taken, talked about and mended.

All of it is done by the product's own operations, in the order of time, each with its moment as `now`; so pages, steps,
messages and timelines are those that the product would have written. Nothing is sent (see `past_machine`), and nothing
is left open or due, but for what one objective that sees nothing told of (see `past_blind`).
"""

import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

from django.db import transaction

from catalog.access import system
from catalog.models import AuditEntry, Person
from catalog.operations import record_audit
from incidents.models import Incident
from incidents.operations import action_items, pruning
from incidents.operations.inbox import mark_all_read
from portal.demo.documents import past as documents_of_the_past
from portal.demo.documents import rhythm
from portal.demo.past_blind import tell_of_the_blind
from portal.demo.past_machine import Machine
from portal.demo.past_reviews import write_reviews
from portal.demo.past_rhythm import live_by
from portal.demo.past_story import Story

DEMO = system("demo")
MARK = "demo.past"
DAYS = 60
REMINDED_AT = 7  # o'clock, UTC


@dataclass(slots=True)
class Diary:
    """What is still to happen, by its moment."""

    machine: Machine
    waiting: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    def at(self, moment: datetime, act: Callable[[datetime], None]) -> None:
        """Do `act` at `moment`, which it is handed."""
        heapq.heappush(self.waiting, (moment, next(self.numbers), act))

    def live_through(self, *, until: datetime) -> None:
        """Everything in the order of time, with what the product does in between."""
        while self.waiting:
            moment, _, act = heapq.heappop(self.waiting)
            act(self.machine.until(moment))
        self.machine.until(until)


@transaction.atomic
def make_past(*, now: datetime) -> bool:
    """Live through the past, once: not again, and not where incidents were seen already. Whether it was done.

    Until it is committed no worker sees any of it, so that none can send what it says.
    """
    if AuditEntry.objects.filter(action=MARK).exists() or Incident.objects.exists():
        return False
    said = documents_of_the_past()
    diary = Diary(Machine(now - timedelta(days=DAYS + 1)))
    rng = random.Random(60)
    stories = [Story(number, item, _began(item, now), rng) for number, item in enumerate(said["incidents"])]
    for story in stories:
        story.write_into(diary.at)
    write_reviews(stories, said["reviews"], diary.at, now=now)
    live_by(rhythm(), diary.at, now=now)
    tell_of_the_blind(diary.at, now=now)
    for day in range(DAYS, -1, -1):
        morning = datetime.combine((now - timedelta(days=day)).date(), time(REMINDED_AT), UTC)
        if morning < now:
            diary.at(morning, _remind)
    diary.live_through(until=now)
    _remind(now)
    diary.machine.until(now + timedelta(seconds=10))
    for person in Person.objects.all():
        mark_all_read(person=person, now=now + timedelta(seconds=30))
    pruning.prune_deliveries(now=now)
    record_audit(actor=DEMO, action=MARK, object_ref="demo:past", diff={}, now=now)
    return True


def _remind(now: datetime) -> None:
    action_items.remind_due(now=now)


def _began(item: Mapping[str, Any], now: datetime) -> datetime:
    """When an incident of the document began."""
    if "dip" in item:
        return now - timedelta(days=item["days"]) + timedelta(minutes=3)
    days, _, clock = item["at"].partition(" ")
    return datetime.combine((now - timedelta(days=int(days))).date(), time.fromisoformat(clock), UTC)
