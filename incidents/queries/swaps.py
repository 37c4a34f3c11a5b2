"""Swaps that wait for an answer."""

from datetime import datetime

from django.db.models import Q, QuerySet

from catalog.models import Person
from incidents.models import Schedule, Swap

MOST = 50


def open_swaps(*, now: datetime) -> QuerySet[Swap]:
    """Those that can still be accepted, with schedule and both people, the most urgent first."""
    found = Swap.objects.filter(state=Swap.State.OPEN, first_at__gt=now, schedule__retired_at=None)
    return found.select_related("schedule", "asker", "asked").order_by("first_at", "pk")


def waiting(me: Person, *, now: datetime) -> list[Swap]:
    """Those that wait for the reader's answer, then those of the reader that wait for another's."""
    found = open_swaps(now=now).filter(Q(asked=me) | Q(asker=me))
    return sorted(found[:MOST], key=lambda one: one.asked_id != me.pk)


def waiting_on(schedule: Schedule, *, now: datetime) -> list[Swap]:
    """Those of one schedule."""
    return list(open_swaps(now=now).filter(schedule=schedule)[:MOST])
