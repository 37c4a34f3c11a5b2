"""The only door to Prometheus (and Thanos, Mimir, VictoriaMetrics behind the same API)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slo.counting import Series


class PrometheusError(Exception):
    """A question to Prometheus that got no usable answer; the message is fit to be shown."""


class SourceUnreachable(PrometheusError):
    """The source is down, refuses us, or answers with something else than Prometheus' API: one fact, whatever was asked."""


class QueryRejected(PrometheusError):
    """Prometheus refused this query (HTTP 400 or 422); the message is Prometheus' own words."""


class QueryTooHeavy(PrometheusError):
    """The answer would cost too much: ask for less, in halves."""


class AnswerTooLarge(QueryTooHeavy):
    """The answer is larger than we accept; it was not read to the end."""


class TooManySamples(QueryTooHeavy):
    """Prometheus refuses to load as many samples (HTTP 422)."""


class QueryTimedOut(QueryTooHeavy):
    """Prometheus itself gave up on the query in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Series, and what the source said beside them. `partial`: some of the data is missing (its buckets are provisional)."""

    series: list[Series]
    warnings: tuple[str, ...] = ()
    partial: bool = False
    seconds: float = 0.0
    size: int = 0


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """Whether a source answers, as what, and how fast; `error` says in words why not."""

    reachable: bool
    version: str
    latency: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a source knows of a metric: its type (counter, gauge, histogram, …; empty when unsaid) and its help text."""

    name: str
    type: str
    help: str


class Prometheus:
    """A typed client. Times are seconds since the epoch; every request has a timeout and every answer a largest size.

    Every method raises SourceUnreachable; those with a query raise QueryRejected, AnswerTooLarge, TooManySamples and
    QueryTimedOut as well. Use one client per thread: a client keeps connections.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 10.0,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        bearer: str = "",
        verify: bool | str = True,
        cert: tuple[str, str] | None = None,
        kind: str = "prometheus",
        external_labels: Sequence[str] = (),
        max_answer: int = 200_000_000,
    ) -> None:
        """`auth` is user and password; `verify` may be a CA file; `cert` a certificate and a key file; `max_answer` in bytes.

        `external_labels` are the labels to strip from a series' identity (`Rules.stripped_labels`).
        """
        raise NotImplementedError

    def raw(self, selector: str, *, at: float, range_s: int) -> Answer:
        """Every raw sample of `selector` in the `range_s` seconds up to `at`, as scraped (an instant query of a range vector)."""
        raise NotImplementedError

    def instant(self, query: str, *, at: float) -> Answer:
        """The instant vector of `query` at `at`: one sample per series."""
        raise NotImplementedError

    def instants(self, query: str, *, start: int, end: int, step: int) -> Answer:
        """The same as `instant` at `start`, `start + step`, … `end`, in one request. For uptime slices, never for counters.

        At most 11,000 steps, which is Prometheus' own limit.
        """
        raise NotImplementedError

    def has_metric(self, metric: str, *, at: float, within_s: int = 86400) -> bool:
        """Whether any series of this metric had a sample in the `within_s` seconds up to `at`."""
        raise NotImplementedError

    def metrics(self, *, start: float, end: float) -> list[str]:
        """All metric names between two times, sorted."""
        raise NotImplementedError

    def label_values(self, label: str, *, selector: str, start: float, end: float) -> list[str]:
        """The values of a label over the series of `selector` between two times, sorted."""
        raise NotImplementedError

    def metadata(self, metric: str) -> Metric | None:
        """Type and help of a metric, or None where the source doesn't know (many proxies don't)."""
        raise NotImplementedError

    def health(self) -> SourceHealth:
        """Whether the source answers, its version and latency in seconds. Never raises."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the kept connections."""
        raise NotImplementedError
