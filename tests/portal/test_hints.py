"""Hints neither raise nor block, whatever the broker does."""

import socket
import threading
import time
from collections.abc import Iterator

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


def test_a_broker_that_hangs_costs_the_caller_nothing(silent_server: socket.socket) -> None:
    hinter = hints.Hinter(app=Celery("hints", broker=f"redis://127.0.0.1:{silent_server.getsockname()[1]}/0"))
    started = time.perf_counter()
    for number in range(50):
        hinter.put(f"nobody.listens.{number}")
    assert time.perf_counter() - started < 0.5
    connection, _ = silent_server.accept()  # the background thread did try
    connection.close()


def test_a_name_that_waits_is_not_queued_twice_and_a_full_queue_drops() -> None:
    hinter = hints.Hinter(thread=threading.current_thread())  # alive, and not draining
    for number in range(200):
        hinter.put("a")
        hinter.put(f"b{number}")
    assert hinter.names.qsize() == 100
    assert list(hinter.names.queue).count("a") == 1


@pytest.mark.django_db(transaction=True)
def test_a_hint_is_sent_only_once_the_transaction_has_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    hinter = hints.Hinter(thread=threading.current_thread())
    monkeypatch.setattr(hints, "_hinter", hinter)
    with transaction.atomic():
        hints.nudge("undone")
        transaction.set_rollback(True)
    with transaction.atomic():
        hints.nudge("done")
        assert hinter.names.empty()
    assert list(hinter.names.queue) == ["done"]
