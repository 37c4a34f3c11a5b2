"""The faults that lost pages elsewhere: here each of them only delays."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.db import connection

from catalog.access import Actor
from incidents import paging
from incidents.intake import deliveries
from incidents.intake.slo import take_transitions
from incidents.models import Delivery, HandledTransition, Incident, Notification, Page, PageStep
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.chaos import stack
from tests.chaos.stack import ROOT, Stack, environment, wait_for
from tests.fakes import relay
from tests.fakes.webhook import WebhookSink
from tests.make import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.live]

DIE = "import os, signal\ndef die(*a, **k): os.kill(os.getpid(), signal.SIGKILL)\n"
START = "import django\ndjango.setup()\nfrom portal.lib.clock import db_now\n"
TAKE = START + "from incidents.intake import slo\n"
PROCESS = START + "from incidents.intake import deliveries\n"
ADVANCE = START + "from incidents import paging\nfrom incidents.paging import batch\n"


def run_until_it_dies(code: str, folder: Path) -> None:
    """Run `code` in a process of its own, and see it killed by itself."""
    ended = subprocess.run(
        [sys.executable, "-c", DIE + code], cwd=ROOT, env=environment(folder), timeout=60, check=False
    )
    assert ended.returncode == -signal.SIGKILL


def test_a_worker_that_dies_after_opening_the_incident_and_before_ticking_off_the_transition(tmp_path: Path) -> None:
    make_incidents.transition(make_incidents.objective(make.component()))
    run_until_it_dies(TAKE + "slo.HandledTransition.objects.create = die\nslo.take_transitions(now=db_now())", tmp_path)
    assert (Incident.objects.count(), HandledTransition.objects.count()) == (0, 0)
    assert take_transitions(now=NOW) == 1
    assert (Incident.objects.count(), Page.objects.count(), HandledTransition.objects.count()) == (1, 1, 1)


def test_a_worker_that_dies_between_the_alert_and_its_incident(tmp_path: Path) -> None:
    token, _ = make.token("alerts:send")
    deliveries.accept(body={"key": "disk"}, by=Actor(token=token, via="api"), now=NOW)
    crash = "from incidents.operations import opening\nopening.open_page = die\n"
    run_until_it_dies(PROCESS + crash + "deliveries.process_due(now=db_now())", tmp_path)
    assert (Incident.objects.count(), Delivery.objects.get().state) == (0, "stored")
    assert deliveries.process_due(now=db_now()) == 1
    assert Incident.objects.count() == 1


def test_a_worker_that_dies_between_the_step_and_the_message(tmp_path: Path) -> None:
    team = make_incidents.paged(make.team(), make_incidents.step(make_incidents.reachable()))
    make_incidents.incident(make.component(owner=team))
    run_until_it_dies(ADVANCE + "batch.writing.update_pages = die\npaging.advance_due(now=db_now())", tmp_path)
    assert (PageStep.objects.count(), Notification.objects.count()) == (0, 0)
    assert paging.advance_due(now=db_now()).taken == 1
    assert (PageStep.objects.count(), Notification.objects.count()) == (1, 1)


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink.running() as made:
        yield made


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Stack]:
    with stack.running(tmp_path) as made:
        yield made


def two_steps(sink: WebhookSink, *, apart: float) -> Page:
    """A page due now, whose second step comes `apart` seconds after the first. No hint leaves this process."""
    ada, linh = make.person(), make.person()
    for person in (ada, linh):
        make_incidents.method(person, sink.url, channel="webhook")
    delay = timedelta(seconds=apart)
    team = make_incidents.paged(
        make.team(), make_incidents.step(ada, delay=delay), make_incidents.step(linh, delay=timedelta(hours=1))
    )
    return make_incidents.page_of(make_incidents.incident(make.component(owner=team), now=db_now()))


def test_the_broker_loses_the_very_first_wake_up(running: Stack, sink: WebhookSink) -> None:
    two_steps(sink, apart=3600)  # hinted to nobody: this process has another broker
    running.worker()
    running.beat()
    wait_for(lambda: len(sink.received) == 1, seconds=40)


def test_the_broker_forgets_everything_while_the_next_step_is_waited_for(running: Stack, sink: WebhookSink) -> None:
    running.worker()
    running.beat()
    page = two_steps(sink, apart=8)
    wait_for(lambda: len(sink.received) == 1, seconds=40)
    running.flush()
    wait_for(lambda: len(sink.received) == 2, seconds=20)
    first, second = page.steps.all()
    assert timedelta(seconds=8) <= second.at - first.at < timedelta(seconds=13)


def test_a_worker_killed_while_the_next_step_is_waited_for_is_replaced_in_time(
    running: Stack, sink: WebhookSink
) -> None:
    worker = running.worker()
    running.beat()
    page = two_steps(sink, apart=15)
    wait_for(lambda: len(sink.received) == 1, seconds=40)
    running.kill(worker)
    running.worker()
    wait_for(lambda: len(sink.received) == 2, seconds=40)
    first, second = page.steps.all()
    assert timedelta(seconds=15) <= second.at - first.at < timedelta(seconds=20)
    assert sink.keys().total() == len(sink.keys()) == 2


def test_pages_go_out_while_there_is_no_broker_and_no_beat_at_all(
    running: Stack, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_QUIET_SECONDS", "2")
    running.stop_broker()
    page = two_steps(sink, apart=4)
    worker = running.worker()
    wait_for(lambda: len(sink.received) == 2, seconds=40)
    first, second = page.steps.all()
    assert second.at - first.at < timedelta(seconds=9)

    walks = [child for child in psutil.Process(worker.pid).children() if "tick" in child.cmdline()]
    assert len(walks) == 1
    running.start_broker()
    running.beat()
    wait_for(lambda: not walks[0].is_running(), seconds=40)  # wake-ups come again


def test_a_worker_and_a_beat_that_start_without_a_database_wait_for_it(running: Stack, sink: WebhookSink) -> None:
    with relay.shut(connection.settings_dict) as way:
        running.database_url = way.url
        started = [running.worker(), running.beat()]
        # one that gives up has knocked once; the tasks of those who don't knock every second
        wait_for(lambda: way.knocks > 6 or any(one.poll() is not None for one in started), seconds=40)
        assert [one.poll() for one in started] == [None, None], running.output()
        two_steps(sink, apart=3600)
        way.is_open.set()
        wait_for(lambda: len(sink.received) == 1, seconds=40)


def test_a_walk_ends_with_the_worker_that_began_it(running: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_QUIET_SECONDS", "1")
    worker = running.worker()  # no beat wakes it
    found: list[psutil.Process] = []

    def walks() -> bool:
        found[:] = [child for child in psutil.Process(worker.pid).children() if "tick" in child.cmdline()]
        return bool(found)

    wait_for(walks, seconds=40)
    os.kill(worker.pid, signal.SIGKILL)
    wait_for(lambda: not found[0].is_running() or found[0].status() == psutil.STATUS_ZOMBIE, seconds=20)
