"""Wake-ups: each loops over what is due for a few seconds and ends. Nothing is carried in their messages."""

import time
from collections.abc import Callable

from celery import shared_task

from incidents import paging
from incidents.intake import deliveries, heartbeats, slo
from incidents.operations import drill_plans, drills, following, handoffs, pruning
from incidents.paging.shift import courier_shift
from portal.lib.clock import db_now

A_WHILE = 5.0
"""Seconds a wake-up works for at the most; the next one goes on."""


@shared_task(name="incidents.advance_due", ignore_result=True, soft_time_limit=50)
def advance_due() -> None:
    """Steps, ack timeouts, incidents to look at again, and heartbeats that fell silent or are heard again."""
    paging.check_again_due(now=db_now())
    _while_there_is_more("advance_due", lambda: paging.advance_due(now=db_now(), limit=200).taken)
    heartbeats.heartbeats_due(now=db_now())  # after the pages, for it waits for those who decide about alerts


@shared_task(name="incidents.deliver_due", ignore_result=True, soft_time_limit=50)
def deliver_due() -> None:
    """The outbox, by one courier of each worker: one that waits for a server that hangs leaves room for the sweeps."""
    with courier_shift() as mine:
        if not mine:
            return
        delivered = paging.deliver_due(for_seconds=A_WHILE)
    paging.stamp("deliver_due", now=db_now(), taken=delivered.sent, failed=delivered.failed)


@shared_task(name="incidents.take_transitions", ignore_result=True, soft_time_limit=50)
def take_transitions() -> None:
    """What objectives have to say."""
    _while_there_is_more("take_transitions", lambda: slo.take_transitions(now=db_now()))


@shared_task(name="incidents.process_deliveries", ignore_result=True, soft_time_limit=50)
def process_deliveries() -> None:
    """Stored deliveries."""
    _while_there_is_more("process_deliveries", lambda: deliveries.process_due(now=db_now()))


@shared_task(name="incidents.handoffs_due", ignore_result=True, soft_time_limit=50)
def handoffs_due() -> None:
    """Both people of every handoff of the last hour are told, once."""
    now = db_now()
    paging.stamp("handoffs_due", now=now, taken=handoffs.tell_handoffs(now=now))


@shared_task(name="incidents.tell_followers", ignore_result=True, soft_time_limit=50)
def tell_followers() -> None:
    """Who follows an incident hears that it is over."""
    for number in following.ended_untold(db_now()):
        following.tell_ended(number, now=db_now())


@shared_task(name="incidents.drills_due", ignore_result=True, soft_time_limit=50)
def drills_due() -> None:
    """Planned fire drills begin, and those that are over end with their report; not on the lane of real pages."""
    now = db_now()
    ended = drills.end_due(now=now)
    paging.stamp("drills_due", now=now, taken=ended + drill_plans.begin_due(now=now))


@shared_task(name="incidents.prune", ignore_result=True, soft_time_limit=50)
def prune() -> None:
    """Raw deliveries and old messages are kept for a while, not for good."""
    pruning.prune_deliveries(now=db_now())
    while pruning.prune_notifications(now=db_now()):
        pass


def _while_there_is_more(name: str, take: Callable[[], int]) -> None:
    began, taken = time.monotonic(), 0
    while found := take():
        taken += found
        if time.monotonic() - began > A_WHILE:
            break
    paging.stamp(name, now=db_now(), taken=taken)
