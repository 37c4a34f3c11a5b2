"""250 escalations while workers are killed at random moments and the broker forgets everything, twice."""

import random
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.models import Notification, NotificationAttempt, Page, PageStep
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.chaos import stack
from tests.chaos.arriving import arrivals
from tests.chaos.stack import Stack, wait_for
from tests.effort import EFFORT
from tests.fakes.smtp import MailSink
from tests.fakes.webhook import WebhookSink

# test_everything kills workers of one lane on every run; here two that take from each other are killed
ALL_EFFORT = pytest.mark.skipif(EFFORT < 1, reason="takes over a minute; PORTAL_TEST_EFFORT=1 runs it")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.live, pytest.mark.slow, ALL_EFFORT]

ESCALATIONS = 120
KILLS = 6
APART = timedelta(seconds=20)


def test_killing_workers_loses_no_page_skips_no_step_and_takes_none_twice(tmp_path: Path) -> None:
    with WebhookSink.running() as hook, MailSink.running() as mail, stack.running(tmp_path, mail_url=mail.url) as run:
        hook.pause = 0.05  # so that a good part of the kills meets a message on its way
        open_escalations(hook)
        torment(run)
        wait_for(everything_is_over, seconds=240)
        wait_for(lambda: Notification.objects.filter(state="sent").count() == 2 * ESCALATIONS, seconds=90)
        arrived = arrivals(hook, mail)
    each_page_took_each_step_once()
    assert set(arrived) == set(Notification.objects.values_list("idempotency_key", flat=True))
    duplicates_were_in_flight_and_marked(arrived)


def open_escalations(hook: WebhookSink) -> None:
    """Two steps each: the first by webhook, the second, which nobody answers either, by mail."""
    ada, linh = make.person(), make_incidents.reachable()
    make_incidents.method(ada, hook.url, channel="webhook")
    team = make_incidents.paged(
        make.team(), make_incidents.step(ada, delay=APART), make_incidents.step(linh, delay=APART)
    )
    for number in range(ESCALATIONS):
        make_incidents.incident(make.component(owner=team, tier=1 + number % 4), now=db_now())


def torment(run: Stack) -> None:
    """Two workers and two beats; a worker is killed at a random moment and replaced, again and again."""
    dice = random.Random(7)
    run.beat(), run.beat()
    workers = [run.worker(), run.worker()]
    wait_for(lambda: PageStep.objects.exists(), seconds=40)
    for kill in range(KILLS):
        time.sleep(dice.uniform(0.05, 3))
        victim = dice.randrange(2)
        run.kill(workers[victim])
        workers[victim] = run.worker()
        if kill in (KILLS // 3, 2 * KILLS // 3):
            run.flush()


def everything_is_over() -> bool:
    """Every page has asked everybody."""
    return not Page.objects.exclude(state="exhausted").exists()


def each_page_took_each_step_once() -> None:
    taken = Counter(PageStep.objects.values_list("page_id", "generation", "cycle", "step", "repeat"))
    pages = Page.objects.filter(team__isnull=False).values_list("pk", flat=True)
    expected = {(pk, 0, 0, step, 0): 1 for pk in pages for step in (0, 1)}
    assert taken == expected


def duplicates_were_in_flight_and_marked(arrived: dict[str, list[bool]]) -> None:
    """Only the first arrival may be unmarked, and each further one follows a try that was cut off."""
    twice = {key for key, marks in arrived.items() if len(marks) > 1}
    cut_off = NotificationAttempt.objects.filter(finished_at=None)
    assert twice <= set(cut_off.values_list("notification__idempotency_key", flat=True))
    assert all(all(marks[1:]) for marks in arrived.values())
    marked = sum(sum(marks) for marks in arrived.values())
    print(f"{len(arrived)} messages, {len(twice)} arrived twice, {marked} marked, {cut_off.count()} tries cut off")
