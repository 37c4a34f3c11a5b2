"""How late we are, and who notices."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.test import Client
from structlog.testing import capture_logs

from incidents import tasks
from incidents.models import Delivery, Page, SweepStamp
from incidents.paging import advance_due, stamp
from incidents.queries import lateness
from portal.lib.clock import db_now
from portal.pages import watch
from portal.tasks import watchdog
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def outside() -> Iterator[tuple[str, list[str]]]:
    """Somebody outside who expects to be called."""
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/ping", calls
    server.shutdown()
    server.server_close()


def open_page() -> None:
    team = make_incidents.paged(make.team(), make_incidents.step(make_incidents.reachable()))
    make_incidents.incident(make.component(owner=team))


def test_nothing_waiting_is_not_late() -> None:
    found = lateness(now=NOW)
    assert (found.oldest_timer, found.oldest_notification, found.oldest_delivery, found.sweeps) == (
        None,
        None,
        None,
        {},
    )


def test_the_oldest_overdue_step_and_the_oldest_unsent_message_are_timed() -> None:
    open_page()
    assert lateness(now=NOW + timedelta(seconds=90)).oldest_timer == 90
    advance_due(now=NOW + timedelta(seconds=90))
    found = lateness(now=NOW + timedelta(seconds=100))
    assert (found.oldest_timer, found.oldest_notification) == (None, 10)


def test_what_an_objective_says_unheard_is_timed_and_late() -> None:
    make_incidents.transition(make_incidents.objective(make.component()))
    found = watch.look(now=NOW + timedelta(seconds=90))
    assert found.late == {"untaken transition": 90}


def test_a_sweep_that_stays_away_is_late_though_nothing_waits() -> None:
    SweepStamp.objects.create(name="advance_due", at=NOW)
    assert watch.look(now=NOW + timedelta(seconds=90)).late == {"sweep advance_due": 90}


def test_metrics_say_how_late_we_are(client: Client) -> None:
    open_page()
    Page.objects.update(next_step_at=db_now() - timedelta(seconds=500))
    SweepStamp.objects.create(name="advance_due", at=db_now() - timedelta(seconds=70))
    figures = dict(
        line.rsplit(" ", 1) for line in client.get("/metrics").content.decode().splitlines() if line[0] != "#"
    )
    assert 500 <= float(figures["portico_overdue_timer_seconds"]) < 600
    assert 70 <= float(figures['portico_sweep_age_seconds{sweep="advance_due"}']) < 170


def test_the_watchdog_calls_the_outside_on_every_pass(settings: Any, outside: tuple[str, list[str]]) -> None:
    settings.WATCHDOG_URL, calls = outside
    watchdog()
    watchdog()
    assert calls == ["/ping", "/ping"]
    assert SweepStamp.objects.filter(name="watchdog").exists()


def test_after_a_pause_of_our_own_no_sweep_is_called_late_before_its_next_pass() -> None:
    now = db_now()
    for name in ("watchdog", "advance_due"):
        stamp(name, now=now - timedelta(hours=8))
    with capture_logs() as first:
        watchdog()
    with capture_logs() as second:
        watchdog()
    assert [line["event"] for line in first] == ["back"]
    assert [(line["event"], line["what"]) for line in second] == [("late", "sweep advance_due")]


def test_an_outside_that_does_not_answer_does_not_stop_the_watchdog(settings: Any) -> None:
    settings.WATCHDOG_URL = "http://127.0.0.1:1/"
    watchdog()
    assert SweepStamp.objects.filter(name="watchdog").exists()


def test_every_sweep_stamps_each_pass() -> None:
    for sweep in (tasks.advance_due, tasks.deliver_due, tasks.take_transitions, tasks.process_deliveries):
        sweep()
    names = {"advance_due", "deliver_due", "take_transitions", "process_deliveries"}
    assert set(SweepStamp.objects.values_list("name", flat=True)) == names


def test_old_deliveries_go_and_those_still_waiting_stay() -> None:
    old = db_now() - timedelta(days=15)
    for state in (Delivery.State.DONE, Delivery.State.STORED):
        Delivery.objects.create(received_at=old, due_at=old, state=state)
    tasks.prune()
    assert Delivery.objects.get().state == Delivery.State.STORED
