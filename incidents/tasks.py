"""Wake-ups: each loops over what is due for a few seconds and ends. Nothing is carried in their messages."""

import time
from collections.abc import Callable

from celery import shared_task

from incidents import paging
from incidents.digest.sending import Sender
from incidents.intake import deliveries, heartbeats, slo
from incidents.operations import (
    action_items,
    campaigning,
    checking,
    digests,
    drill_plans,
    drills,
    handoffs,
    pruning,
    reviews,
)
from incidents.paging.shift import courier_shift
from portal.lib.clock import db_now
from portal.lib.hints import nudge

A_WHILE = 5.0
"""Seconds a wake-up works for at the most; the next one goes on."""
A_TURN = 0.5
"""The same for what shares its lane with first pages."""


@shared_task(name="incidents.advance_due", ignore_result=True, soft_time_limit=50, time_limit=75)
def advance_due() -> None:
    """Steps, ack timeouts, incidents to look at again, and heartbeats that fell silent or are heard again."""
    # before it is stamped that somebody looks again, for another worker would go by that
    heartbeats.allow_for_silence_of_our_own(now=db_now(), seen_at=paging.stamped_at("advance_due"))
    _while_there_is_more("advance_due", lambda: paging.advance_due(now=db_now(), limit=200).taken)
    paging.check_again_due(now=db_now())
    heartbeats.heartbeats_due(now=db_now())  # after the pages, for it waits for those who decide about alerts


@shared_task(name="incidents.deliver_due", ignore_result=True, soft_time_limit=50, time_limit=75)
def deliver_due() -> None:
    """The outbox, by one courier of each worker: one that waits for a server that hangs leaves room for the sweeps."""
    with courier_shift() as mine:
        if not mine:
            return
        delivered = paging.deliver_due(for_seconds=A_WHILE)
    paging.stamp("deliver_due", now=db_now(), taken=delivered.sent, failed=delivered.failed)


@shared_task(name="incidents.take_transitions", ignore_result=True, soft_time_limit=50, time_limit=75)
def take_transitions() -> None:
    """What objectives have to say."""
    _while_there_is_more("take_transitions", lambda: slo.take_transitions(now=db_now()))


@shared_task(name="incidents.process_deliveries", ignore_result=True, soft_time_limit=50, time_limit=75)
def process_deliveries() -> None:
    """Stored deliveries; a flood of them gives way to the pages it leads to, and goes on after those."""
    more = _while_there_is_more("process_deliveries", lambda: deliveries.process_due(now=db_now()), seconds=A_TURN)
    paging.advance_due(now=db_now())  # what they opened, without waiting for a wake-up of its own
    if more:
        nudge("incidents.process_deliveries")


@shared_task(name="incidents.handoffs_due", ignore_result=True, soft_time_limit=50, time_limit=75)
def handoffs_due() -> None:
    """Both people of every handoff of the last hour are told, once."""
    now = db_now()
    paging.stamp("handoffs_due", now=now, taken=handoffs.tell_handoffs(now=now))


@shared_task(name="incidents.digests_due", ignore_result=True, soft_time_limit=120)
def digests_due() -> None:
    """The letters of the weekly digest: planned ahead, sent when they are due."""
    digests.plan_letters(now=db_now())
    sender, began = Sender(), time.monotonic()
    while time.monotonic() - began < A_WHILE and sender.send_due(now=db_now):
        pass


@shared_task(name="incidents.remind_of_campaigns", ignore_result=True, soft_time_limit=300)
def remind_of_campaigns() -> None:
    """Leads of teams that are behind in a campaign that comes near."""
    campaigning.remind_of_campaigns(now=db_now())


@shared_task(name="incidents.draft_reviews", ignore_result=True, soft_time_limit=50, time_limit=75)
def draft_reviews() -> None:
    """Incidents that ended and are to be reviewed get their draft."""
    reviews.draft_due(now=db_now())


@shared_task(name="incidents.remind_action_items", ignore_result=True, soft_time_limit=50, time_limit=75)
def remind_action_items() -> None:
    """Owners are reminded of what is due, once for a day; asked every hour, so that a day without us is none."""
    action_items.remind_due(now=db_now())


@shared_task(name="incidents.check_schedules", ignore_result=True, soft_time_limit=300)
def check_schedules() -> None:
    """Gaps, people twice, away or not to be reached in the next four weeks are told to the teams' leads, once."""
    checking.check_schedules(now=db_now())


@shared_task(name="incidents.drills_due", ignore_result=True, soft_time_limit=50, time_limit=75)
def drills_due() -> None:
    """Planned fire drills begin, and those that are over end with their report; not on the lane of real pages."""
    now = db_now()
    ended = drills.end_due(now=now)
    paging.stamp("drills_due", now=now, taken=ended + drill_plans.begin_due(now=now))


@shared_task(name="incidents.prune", ignore_result=True, soft_time_limit=50, time_limit=75)
def prune() -> None:
    """Raw deliveries and old messages are kept for a while, not for good."""
    pruning.prune_deliveries(now=db_now())
    digests.prune_letters(now=db_now())
    while pruning.prune_notifications(now=db_now()):
        pass


def _while_there_is_more(name: str, take: Callable[[], int], *, seconds: float = A_WHILE) -> bool:
    """Whether time was up before nothing was left."""
    began, taken = time.monotonic(), 0
    while found := take():
        taken += found
        if time.monotonic() - began > seconds:
            break
    paging.stamp(name, now=db_now(), taken=taken)
    return found > 0
