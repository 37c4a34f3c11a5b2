"""Several evaluators at once, one overtaken, one killed before its commit: nothing is lost or doubled."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Thread
from time import monotonic, sleep

import pytest
from django.db import connection, transaction

from slo.evaluation import Pass, evaluate_due
from slo.models import AlertTransition, CursorGroup, DataSource, Objective, Standing
from tests import make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.fakes.slow_proxy import slow_proxy
from tests.slo import past as world
from tests.slo.past import OUTAGE, Past
from tests.slo.test_evaluation import DELAY, evaluate, follow, held, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.live, needs_prometheus]


class Evaluator(Thread):
    """One worker: a thread with a database connection of its own."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.done: object = None
        self.backend = 0

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.backend = cursor.fetchone()[0]
            self.done = self.work()
        finally:
            connection.close()


@pytest.fixture
def broken(past: Past) -> Iterator[Objective]:
    yield follow(past, "broken")
    CursorGroup.objects.update(leased_until=None)


def everything(past: Past, minutes: range) -> None:
    for minute in minutes:
        while evaluate_due(now=past.at(minute) + DELAY):
            pass


def test_four_evaluators_at_once_count_and_tell_everything_once(past: Past) -> None:
    source = make_slo.source(past.url)
    objectives = {pool: follow(past, pool, source=source) for pool in world.POOLS}
    workers = [Evaluator(lambda: everything(past, range(101, 146))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    everything(past, range(145, 147))
    for pool, objective in objectives.items():
        assert held(objective, past.at(146)) == past.sums(pool, 100, 146)
    changes = [state for _, state, _ in told(objectives["broken"])]
    assert changes in (["firing", "inactive"], ["firing"], []), changes  # as far as somebody looked at every minute
    assert AlertTransition.objects.filter(objective=objectives["steady"]).count() == 0


def test_an_evaluator_that_was_overtaken_writes_nothing(past: Past, broken: Objective) -> None:
    evaluate(past, since=101, until=115)
    with slow_proxy(past.url) as proxy:
        _ask_by(proxy.url, past.at(115))
        slow = Evaluator(lambda: evaluate_due(now=past.at(118) + DELAY))
        slow.start()
        assert proxy.asked.wait(20)
        # its lease runs out while it waits for the answer; the next one does the same work
        done = evaluate_due(now=past.at(122) + DELAY)
        assert done is not None
        assert done.error == ""
        proxy.go_on.set()
        slow.join(30)
    assert slow.done == Pass(error="taken over by another worker")
    assert held(broken, past.at(122)) == past.sums("broken", 100, 122)
    assert [state for _, state, _ in told(broken)] == ["firing"]


def test_an_evaluator_killed_before_its_commit_leaves_nothing_behind(past: Past, broken: Objective) -> None:
    evaluate(past, since=101, until=OUTAGE.start)
    until = OUTAGE.start + 1
    with transaction.atomic():
        Standing.objects.select_for_update().get(objective=broken)  # everything is appended, and then it waits for us
        victim = Evaluator(lambda: evaluate_due(now=past.at(until) + DELAY))
        victim.start()
        _wait_for_a_lock(victim)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [victim.backend])
        victim.join(20)
    assert isinstance(victim.done, Pass)
    assert "terminating connection" in victim.done.error
    assert held(broken, past.at(until)) == past.sums("broken", 100, OUTAGE.start), "nothing of it is there"
    assert told(broken) == []
    evaluate(past, since=until + 2, until=until + 2)  # after a while it is tried again
    assert held(broken, past.at(until + 2)) == past.sums("broken", 100, until + 2)
    assert [state for _, state, _ in told(broken)] == ["firing"]


def _ask_by(url: str, at: datetime) -> None:
    DataSource.objects.update(url=url, updated_at=at + timedelta(seconds=1))


def _wait_for_a_lock(worker: Evaluator) -> None:
    patience = monotonic() + 20
    while monotonic() < patience:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted", [worker.backend])
            waiting = cursor.fetchone()[0]
        if waiting:
            return
        sleep(0.05)
    raise AssertionError(f"it never came to wait: {worker.done}")
