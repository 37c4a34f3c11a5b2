"""Hints neither raise nor block, whatever the broker does."""

import socket
import time
from collections.abc import Iterator

import pytest
from celery import current_app

from portal.lib import hints


@pytest.fixture
def hanging_broker() -> Iterator[str]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.fixture
def stuck(hanging_broker: str) -> Iterator[None]:
    """The Celery app in force talks to the hanging broker."""
    before = current_app.conf.broker_url
    current_app.conf.broker_url = hanging_broker
    yield
    current_app.conf.broker_url = before


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_hangs_costs_the_caller_nothing(stuck: None) -> None:
    started = time.perf_counter()
    for number in range(50):
        hints.nudge(f"nobody.listens.{number}")
    assert time.perf_counter() - started < 0.5


@pytest.mark.django_db(transaction=True)
def test_a_name_that_waits_is_not_queued_twice_and_a_full_queue_drops() -> None:
    hinter = hints.Hinter()
    hinter._run = lambda: None  # type: ignore[method-assign]  # nobody drains it
    for number in range(200):
        hinter.put("a")
        hinter.put(f"b{number}")
    assert hinter.names.qsize() == 100
    assert list(hinter.names.queue).count("a") == 1
