"""Hints neither raise nor block, whatever the broker does."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from celery import Celery
from django.db import transaction

from portal.lib import hints


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        yield server


class Quiet(hints.Hinter):
    """Loses what it can't send without a word, for that may be long after the test."""

    def _send(self, name: str) -> None:
        assert self.app
        with contextlib.suppress(Exception):
            self.app.send_task(name, retry=False, ignore_result=True, expires=10)


def test_a_broker_that_hangs_costs_the_caller_nothing(silent_server: socket.socket) -> None:
    hinter = Quiet(app=Celery("hints", broker=f"redis://127.0.0.1:{silent_server.getsockname()[1]}/0"))
    started = time.perf_counter()
    for number in range(50):
        hinter.put(f"nobody.listens.{number}")
    assert time.perf_counter() - started < 0.5
    connection, _ = silent_server.accept()  # the background thread did try
    with hinter.changed:
        hinter.waiting.clear()
    connection.close()


def test_a_name_that_waits_is_not_queued_twice_and_a_full_queue_drops() -> None:
    hinter = hints.Hinter(thread=threading.current_thread())  # alive, and not draining
    for number in range(200):
        hinter.put("a")
        hinter.put(f"b{number}")
    assert len(hinter.waiting) == 100
    assert "a" in hinter.waiting


@dataclass
class Recorded(hints.Hinter):
    """Keeps what would be sent, and when; whoever waits for `enough` waits for two."""

    sent: list[tuple[str, float]] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)
    asks_again: bool = False

    def _send(self, name: str) -> None:
        self.sent.append((name, time.monotonic()))
        if len(self.sent) > 1:
            self.enough.set()
        elif self.asks_again:
            self.put(name)


def test_a_flood_of_one_name_is_a_wake_up_now_and_then_and_holds_up_no_other() -> None:
    hinter, began = Recorded(), time.monotonic()
    while time.monotonic() < began + 4 * hints.PACE:
        hinter.put("flood")
        if len(hinter.sent) == 1:
            hinter.put("other")
        time.sleep(0.001)
    floods = [at for name, at in hinter.sent if name == "flood"]
    assert 2 <= len(floods) <= 5
    assert all(later - earlier > 0.9 * hints.PACE for earlier, later in pairwise(floods))
    assert [name for name, _ in hinter.sent][:2] == ["flood", "other"]  # it did not wait for the flood's next turn


def test_what_is_asked_for_while_one_is_sent_is_sent_too() -> None:
    hinter = Recorded(asks_again=True)
    hinter.put("again")
    assert hinter.enough.wait(5)
    assert [name for name, _ in hinter.sent] == ["again", "again"]


@pytest.mark.django_db(transaction=True)
def test_a_hint_is_sent_only_once_the_transaction_has_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    hinter = hints.Hinter(thread=threading.current_thread())
    monkeypatch.setattr(hints, "_hinter", hinter)
    with transaction.atomic():
        hints.nudge("undone")
        transaction.set_rollback(True)
    with transaction.atomic():
        hints.nudge("done")
        assert not hinter.waiting
    assert list(hinter.waiting) == ["done"]
