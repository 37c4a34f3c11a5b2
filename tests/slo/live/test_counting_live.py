"""Counting against a real Prometheus and a real exporter that restarts and goes down."""

import time
from pathlib import Path

import pytest

from slo import counting, planning
from slo.counting import State
from slo.prometheus import Prometheus
from slo.promql import parse_selector
from tests.fakes.exporter import Exporter, running_exporter
from tests.fakes.prometheus import needs_prometheus, running_prometheus

GOOD, BAD = 'ci_runs_total{result="success"}', 'ci_runs_total{result="failure"}'
ITEM = planning.Item("build", {"bad": parse_selector(BAD), "total": parse_selector("ci_runs_total")})


def play(exporter: Exporter) -> None:
    """Half a minute of a bad day: two restarts, down time, failing scrapes, a first failure that comes late."""
    for second in range(26):
        if second in (8, 17):
            exporter.restart()
        if second == 11:
            exporter.down()
        if second == 15:
            exporter.up()
        exporter.fails = second in (20, 21)
        exporter.count(GOOD, 7)
        if second % 5 == 3:
            exporter.count(BAD, 2)
        time.sleep(1)
    time.sleep(2.5)


def what_was_scraped(exporter: Exporter) -> int:
    """The last value of each counter in each life of the process."""
    return sum(int(value) for life in exporter.lives for value in life.values())


def baselines(outcome: counting.Counting) -> int:
    """The first values of the series that were already there when Prometheus came: flagged, not counted."""
    flagged = [any(one.flags & counting.Flag.BASELINE for one in increments) for increments in outcome.increments]
    return sum(int(one.samples[0][1]) for one, new in zip(outcome.series, flagged, strict=True) if new)


def fetched_and_counted(prometheus: Prometheus, *, cursor: int, until: int, window: int) -> counting.Counting:
    (request,) = planning.plan([ITEM])
    series = prometheus.raw(request.query, at=until, range_s=window).series
    up, starts = planning.scrape_queries(series)
    return counting.count(
        series,
        state=State(),
        cursor=cursor,
        until=until,
        up=[one for query in up for one in prometheus.raw(query, at=until, range_s=window).series],
        starts=[one for query in starts for one in prometheus.raw(query, at=until, range_s=window).series],
    )


@pytest.mark.live
@pytest.mark.slow
@needs_prometheus
def test_what_prometheus_scraped_is_counted_and_nothing_is_invented(tmp_path: Path) -> None:
    with (
        running_exporter() as exporter,
        running_prometheus(tmp_path, targets={"ci": [exporter.address]}) as server,
    ):
        cursor = int(time.time()) // 60 * 60 - 60
        time.sleep(2.5)
        play(exporter)
        until = int(time.time()) // 60 * 60 + 60
        prometheus = Prometheus(server.url)
        outcome = fetched_and_counted(prometheus, cursor=cursor, until=until, window=until - cursor)
        mine = planning.assign(outcome.series, [ITEM])["build"]
        tally = counting.tally(outcome, mine, followed_since=cursor)
        (increase,) = prometheus.instant(f"sum(increase(ci_runs_total[{until - cursor}s]))", at=until).series
        health = prometheus.health()
        prometheus.close()
    total = sum(bucket.total for bucket in tally.buckets.values())
    scraped = what_was_scraped(exporter)
    print(f"\nhappened {exporter.happened}, scraped {scraped}, counted {total}, increase() {increase.samples[0][1]}")
    assert health.reachable
    assert total <= scraped <= exporter.happened
    assert scraped - total == baselines(outcome)
    assert all(0 <= bucket.good <= bucket.total for bucket in tally.buckets.values())
