"""Couriers leave room: of the processes of one worker, one delivers at a time."""

import contextlib
import signal
import subprocess
import sys

import pytest

from incidents import tasks
from incidents.models import Notification, SweepStamp
from incidents.paging import advance_due
from incidents.paging.shift import courier_shift
from tests import make, make_incidents
from tests.fakes.webhook import WebhookSink
from tests.make import NOW

SIBLING = """
import time
import django
django.setup()
from incidents.paging.shift import courier_shift
with courier_shift() as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


def test_two_children_of_one_worker_never_deliver_at_the_same_time_and_a_killed_one_holds_up_nobody() -> None:
    with contextlib.ExitStack() as ending:
        first = _sibling(ending)
        assert _answer(first) == "True"
        assert _answer(_sibling(ending)) == "False"
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        assert _answer(_sibling(ending)) == "True"


@pytest.mark.django_db
def test_a_courier_that_finds_another_at_work_leaves_at_once_and_what_is_due_stays_due() -> None:
    ada = make.person("ada")
    with WebhookSink.running() as hook:
        make_incidents.method(ada, hook.url, channel="webhook", secret="s3cret")
        team = make_incidents.paged(make.team("ci"), make_incidents.step(ada))
        make_incidents.incident(make.component("runners", owner=team, tier=1))
        advance_due(now=NOW)
        with courier_shift() as mine:
            assert mine
            tasks.deliver_due()
        assert Notification.objects.get().state == Notification.State.PENDING
        assert not SweepStamp.objects.filter(name="deliver_due").exists(), "a pass that did nothing is no pulse"
        tasks.deliver_due()
    assert Notification.objects.get().state == Notification.State.SENT


def _sibling(ending: contextlib.ExitStack) -> subprocess.Popen[str]:
    started = ending.enter_context(subprocess.Popen([sys.executable, "-c", SIBLING], stdout=subprocess.PIPE, text=True))
    ending.callback(started.kill)
    return started


def _answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said: str = process.stdout.readline()
    return said.strip()
