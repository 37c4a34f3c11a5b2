"""The client and the planning against a real Prometheus."""

import time
from collections.abc import Iterator

import pytest

from slo.planning import Expression, VectorRequest, assign_values, plan_expressions, split
from slo.prometheus import Prometheus, QueryRejected, QueryTooHeavy, TooManySamples
from tests.fakes.exporter import running_exporter
from tests.fakes.prometheus import RunningPrometheus, needs_prometheus, running_prometheus

pytestmark = [pytest.mark.live, needs_prometheus]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPrometheus]:
    """A Prometheus that has scraped 300 series for three seconds, and loads at most 800 samples."""
    folder = tmp_path_factory.mktemp("prometheus")
    with running_exporter() as exporter:
        for number in range(300):
            exporter.count(f'runs_total{{pipeline="p{number}"}}', number)
        with running_prometheus(
            folder, targets={"ci": [exporter.address]}, flags=["--query.max-samples=500"]
        ) as running:
            _wait_for(running, 'count_over_time(up{job="ci"}[1m]) >= 3')
            yield running


def _wait_for(server: RunningPrometheus, query: str) -> None:
    prometheus = Prometheus(server.url)
    patience = time.monotonic() + 30
    while time.monotonic() < patience and not prometheus.instant(query, at=time.time()).series:
        time.sleep(0.2)
    prometheus.close()


def test_every_sample_as_scraped_is_answered(server: RunningPrometheus) -> None:
    answer = Prometheus(server.url).raw('runs_total{pipeline="p7"}', at=time.time(), range_s=60)
    (series,) = answer.series
    assert len(series.samples) >= 3
    assert {value for _, value in series.samples} == {"7"}
    assert answer.size > 100
    assert not answer.partial


def test_the_source_tells_its_version_and_what_it_has(server: RunningPrometheus) -> None:
    prometheus, now = Prometheus(server.url), time.time()
    health = prometheus.health()
    assert health.reachable
    assert health.version[0].isdigit()
    assert 0 < health.latency < 10
    assert prometheus.has_metric("runs_total", at=now)
    assert not prometheus.has_metric("walks_total", at=now)
    assert "runs_total" in prometheus.metrics(start=now - 60, end=now)
    assert len(prometheus.label_values("pipeline", selector="runs_total", start=now - 60, end=now)) == 300
    assert prometheus.metadata("walks_total") is None


def test_too_many_samples_is_told_apart_from_a_wrong_query(server: RunningPrometheus) -> None:
    prometheus = Prometheus(server.url)
    with pytest.raises(TooManySamples):
        prometheus.raw("runs_total", at=time.time(), range_s=60)
    with pytest.raises(QueryRejected, match="parse error"):
        prometheus.instant("sum(", at=time.time())


def test_slices_are_asked_for_in_one_request(server: RunningPrometheus) -> None:
    now = int(time.time())
    (series,) = Prometheus(server.url).instants("sum(up)", start=now - 1, end=now, step=1).series
    assert [at for at, _ in series.samples][-1] == now


def test_one_faulty_expression_fails_alone_with_the_words_of_prometheus(server: RunningPrometheus) -> None:
    prometheus = Prometheus(server.url)
    faulty = Expression("faulty", "up * on(nothing) runs_total  # many on the other side")
    waiting = plan_expressions([*(Expression(f"e{n}", f'runs_total{{pipeline="p{n}"}}') for n in range(40)), faulty])
    values: dict[str, dict[int, list[float]]] = {}
    failed: dict[str, str] = {}
    while waiting:
        _ask(prometheus, waiting.pop(), waiting, values, failed)
    assert list(failed) == ["faulty"]
    assert "many" in failed["faulty"]
    assert [list(values[f"e{n}"].values()) for n in range(40)] == [[[float(n)]] for n in range(40)]


def _ask(
    prometheus: Prometheus,
    request: VectorRequest,
    waiting: list[VectorRequest],
    values: dict[str, dict[int, list[float]]],
    failed: dict[str, str],
) -> None:
    try:
        values |= assign_values(request, prometheus.instant(request.query, at=time.time()).series)
    except (QueryRejected, QueryTooHeavy) as error:
        halves = split(request)
        waiting += halves
        if not halves:
            failed[request.items[0].key] = str(error)
