"""The client for Prometheus against a server that misbehaves in every way seen so far."""

import socket
import time
from collections.abc import Iterator

import pytest

from slo.counting import Series
from slo.prometheus import (
    AnswerTooLarge,
    Prometheus,
    PrometheusError,
    QueryRejected,
    QueryTimedOut,
    SourceUnreachable,
    TooManySamples,
)
from tests.fakes.prometheus_faulty import FaultySource, faulty_source


@pytest.fixture
def source() -> Iterator[FaultySource]:
    with faulty_source() as running:
        yield running


def test_a_long_query_travels_as_a_form_and_not_in_the_address(source: FaultySource) -> None:
    query = 'up{job=~"' + "|".join(f"job-{n}" for n in range(20_000)) + '"}'
    Prometheus(source.url).raw(query, at=1_700_000_000.25, range_s=120)
    (asked,) = source.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/query")
    assert asked.form == {"query": [f"{query}[120s]"], "time": ["1700000000.250"], "timeout": ["10"]}


def test_samples_keep_the_text_of_their_values(source: FaultySource) -> None:
    source.succeeds([{"metric": {"__name__": "x"}, "values": [[1.5, "9007199254740993"]]}])
    (series,) = Prometheus(source.url).raw("x", at=2, range_s=60).series
    assert series.labels == {"__name__": "x"}
    assert [tuple(sample) for sample in series.samples] == [(1.5, "9007199254740993")]


def test_an_instant_vector_is_a_series_of_one_sample(source: FaultySource) -> None:
    source.succeeds([{"metric": {}, "value": [60, "1"]}])
    (series,) = Prometheus(source.url).instant("sum(up)", at=60).series
    assert series == Series({}, [[60, "1"]])  # type: ignore[list-item]  # pairs stay as decoded


@pytest.mark.parametrize(
    ("beside", "partial"),
    [
        ({}, False),
        ({"warnings": ["No StoreAPIs matched for this query"]}, True),
        ({"warnings": ["PromQL info: metric might not be a counter"]}, False),
        ({"isPartial": True}, True),
    ],
)
def test_an_answer_that_lacks_data_is_marked_partial(
    source: FaultySource, beside: dict[str, object], partial: bool
) -> None:
    source.succeeds([], **beside)
    answer = Prometheus(source.url).instant("up", at=60)
    assert answer.partial is partial
    assert list(answer.warnings) == beside.get("warnings", [])


def test_warnings_are_those_of_this_answer_and_not_of_the_last(source: FaultySource) -> None:
    prometheus = Prometheus(source.url)
    source.succeeds([], warnings=["store gone"])
    assert prometheus.instant("up", at=60).partial
    source.succeeds([])
    assert not prometheus.instant("up", at=60).partial


@pytest.mark.parametrize(
    ("status", "kind", "words", "error"),
    [
        (400, "bad_data", "1:4: parse error: unexpected end of input", QueryRejected),
        (422, "execution", "many-to-many matching not allowed", QueryRejected),
        (
            422,
            "execution",
            "query processing would load too many samples into memory in query execution",
            TooManySamples,
        ),
        (503, "timeout", "query timed out in expression evaluation", QueryTimedOut),
        (503, "unavailable", "TSDB not ready", SourceUnreachable),
        (429, "too_many_requests", "slow down", SourceUnreachable),
        (200, "execution", "an error that came as a success", QueryRejected),
    ],
)
def test_an_error_keeps_the_words_of_prometheus(
    source: FaultySource, status: int, kind: str, words: str, error: type[PrometheusError]
) -> None:
    source.fails(status, kind, words)
    with pytest.raises(error) as raised:
        Prometheus(source.url).instant("up", at=60)
    assert str(raised.value) == words


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<html>Sign in</html>", "no Prometheus API"),
        (200, b"[]", "no Prometheus API"),
        (200, b'{"status": "success"}', "not as Prometheus does"),
        (401, b"", "refuses our credentials"),
        (403, b"no", "refuses our credentials"),
        (404, b"404 page not found", "HTTP 404"),
        (502, b"<html>Bad gateway</html>", "HTTP 502"),
    ],
)
def test_what_is_no_prometheus_is_unreachable_with_the_reason(
    source: FaultySource, status: int, body: bytes, words: str
) -> None:
    source.status, source.body = status, body
    with pytest.raises(SourceUnreachable, match=words):
        Prometheus(source.url).instant("up", at=60)


def test_a_redirect_says_which_address_to_enter(source: FaultySource) -> None:
    source.status, source.headers, source.body = 302, {"Location": "https://elsewhere.example/prom"}, b""
    with pytest.raises(SourceUnreachable, match=r"elsewhere\.example/prom"):
        Prometheus(source.url).instant("up", at=60)


def test_a_source_that_is_down_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(SourceUnreachable, match="refused"):
            Prometheus(url).instant("up", at=60)


@pytest.mark.parametrize("slow", [{"delay": 5.0}, {"pause": 0.1}])
def test_a_source_that_hangs_or_drips_is_given_up_in_time(source: FaultySource, slow: dict[str, float]) -> None:
    source.body = b" " * 200
    source.delay, source.pause = slow.get("delay", 0.0), slow.get("pause", 0.0)
    begun = time.monotonic()
    with pytest.raises(SourceUnreachable):
        Prometheus(source.url, timeout=0.5).instant("up", at=60)
    assert time.monotonic() - begun < 3


def test_an_answer_beyond_the_largest_size_is_not_read_to_the_end(source: FaultySource) -> None:
    source.body = b"x" * 20_000_000
    with pytest.raises(AnswerTooLarge, match="1 MB"):
        Prometheus(source.url, max_answer=1_000_000).instant("up", at=60)


def test_a_failed_query_does_not_spoil_the_next(source: FaultySource) -> None:
    prometheus = Prometheus(source.url, max_answer=1_000_000)
    source.body = b"x" * 3_000_000
    with pytest.raises(AnswerTooLarge):
        prometheus.instant("up", at=60)
    source.succeeds([{"metric": {}, "value": [60, "1"]}])
    assert len(prometheus.instant("up", at=60).series) == 1


def test_headers_and_credentials_travel_with_every_request(source: FaultySource) -> None:
    Prometheus(source.url, headers={"X-Scope-OrgID": "team-a"}, bearer="s3cret").health()
    Prometheus(source.url, auth=("ada", "pw")).instant("up", at=60)
    *with_token, basic = [asked.headers for asked in source.asked]
    assert [(one["X-Scope-OrgID"], one["Authorization"]) for one in with_token] == [("team-a", "Bearer s3cret")] * 2
    assert basic["Authorization"] == "Basic YWRhOnB3"


def test_thanos_is_asked_for_whole_answers_at_full_resolution(source: FaultySource) -> None:
    Prometheus(source.url, kind="thanos").raw("x", at=60, range_s=60)
    form = source.asked[0].form
    assert (form["dedup"], form["partial_response"], form["max_source_resolution"]) == (["true"], ["false"], ["0s"])


def test_health_never_raises_and_says_why(source: FaultySource) -> None:
    assert Prometheus(source.url).health().reachable
    source.status, source.body = 502, b""
    health = Prometheus(source.url).health()
    assert (health.reachable, health.error) == (False, "the source answers with HTTP 502 Bad Gateway")
