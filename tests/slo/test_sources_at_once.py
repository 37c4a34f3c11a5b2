"""Several sources at once: whatever one of them does, the objectives of the others are evaluated on time."""

import resource
import threading
from collections.abc import Callable, Iterator
from time import monotonic, sleep

import pytest
from django.db import connection

from slo import tasks
from slo.evaluation import evaluate_due
from slo.models import CursorGroup, Objective, Standing
from tests import make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.fakes.prometheus_faulty import FaultySource, faulty_source
from tests.slo.past import Past
from tests.slo.test_evaluation import DELAY, follow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.live, needs_prometheus]

ON_TIME = 4.0
"""Seconds a healthy source may take here, on a machine that does other things too; the slow one takes nine."""


@pytest.fixture
def faulty() -> Iterator[FaultySource]:
    with faulty_source() as source:
        yield source


def _slow(source: FaultySource) -> None:
    source.delay = 9.0


def _down(source: FaultySource) -> None:
    source.url = "http://127.0.0.1:9"


def _endless(source: FaultySource) -> None:
    source.body = b'{"status":"success","data":{"resultType":"matrix","result":[' + b" " * 200_000_000 + b"]}}"


def _refusing(source: FaultySource) -> None:
    source.fails(400, "bad_data", "1:1: parse error: no such function")


@pytest.mark.parametrize("misbehaves", [_slow, _down, _endless, _refusing])
def test_the_others_are_on_time(
    past: Past, faulty: FaultySource, misbehaves: Callable[[FaultySource], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    misbehaves(faulty)
    bad = make_slo.source(faulty.url)
    trouble = [follow(past, "steady", source=bad) for _ in range(3)]
    CursorGroup.objects.update(next_due_at=past.at(100))  # it has been waiting longest, and so is asked first
    well = make_slo.source(past.url)
    healthy = [follow(past, "steady", source=well) for _ in range(5)]
    monkeypatch.setattr(tasks, "db_now", lambda: past.at(101) + DELAY)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wake_up = threading.Thread(target=_in_a_worker)
    begun = monotonic()
    wake_up.start()
    took = _until_evaluated(healthy, begun)
    wake_up.join(60)
    assert took < ON_TIME
    assert not Standing.objects.filter(objective__in=trouble).exclude(good=None).exists()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 250, f"{grown:.0f} MB for an answer that is not wanted"


def test_one_objective_that_is_refused_keeps_none_of_fifty_waiting(past: Past) -> None:
    source = make_slo.source(past.url)
    twice = {"query": "probe_up + on(job) probe_up", "condition": ">= 1"}  # each side has several: refused when asked
    broken = follow(past, "steady", source=source, type="uptime", indicator=twice)
    fine = {"query": 'probe_up{instance="steady:9100"}', "condition": ">= 1"}
    others = [follow(past, "steady", source=source, type="uptime", indicator=fine) for _ in range(49)]
    for minute in (101, 102):
        while evaluate_due(now=past.at(minute) + DELAY):
            pass
    assert Standing.objects.filter(objective__in=others, bucket=past.at(102), good=2).count() == 49
    stood = Standing.objects.get(objective=broken)
    assert stood.data == Standing.Data.ERROR
    assert "many-to-many matching not allowed" in stood.error


def _in_a_worker() -> None:
    try:
        tasks.evaluate_due()
    finally:
        connection.close()


def _until_evaluated(objectives: list[Objective], begun: float) -> float:
    while monotonic() - begun < 30:
        if Standing.objects.filter(objective__in=objectives, good__isnull=False).count() == len(objectives):
            return monotonic() - begun
        sleep(0.05)
    raise AssertionError("never evaluated")
