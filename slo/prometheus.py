"""The only door to Prometheus (and Thanos, Mimir, VictoriaMetrics behind the same API)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import orjson
import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from portal.lib.http import RequestException, session
from slo.counting import Series
from slo.promql import Selector

MAX_ANSWER = 64_000_000
"""Bytes of the largest answer that is read: 2 million samples are about 40 MB."""


class PrometheusError(Exception):
    """A question to Prometheus that got no usable answer; the message is fit to be shown."""


class SourceUnreachable(PrometheusError):
    """The source is down, refuses us, or is no Prometheus API: one fact, whatever was asked."""


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
    """Series, and what the source said beside them. `partial`: data is missing, so its buckets are provisional.

    `seconds` is how long it took, `size` the bytes of the answer.
    """

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
        max_answer: int = MAX_ANSWER,
    ) -> None:
        """`auth` is user and password, `verify` may be a CA file, `cert` a certificate and a key file.

        `timeout` is in seconds and holds for the whole answer; `max_answer` in bytes.

        `external_labels` are the labels to strip from a series' identity (`Rules.stripped_labels`).
        """
        self.external_labels = tuple(external_labels)
        self.downsamples = kind == "thanos"
        """Whether what is old may be there in another form than it was scraped."""
        self._params = _KIND_PARAMS.get(kind, {})
        self._timeout = timeout
        self._answered = _Noted()
        http = session(timeout=timeout)
        http.verify, http.cert = verify, cert
        http.headers.update(headers or {})
        http.hooks["response"].append(_reader(self._answered, timeout, max_answer))
        self._url = url.rstrip("/")
        self._http, self._auth = http, _bearer(bearer) if bearer else auth
        self._api = PrometheusConnect(url=self._url, session=http, timeout=timeout, auth=self._auth, method="POST")
        http.mount(self._url, _FormAdapter())  # in place of the client's own, which retries and keeps long addresses

    def raw(self, selector: str, *, at: float, range_s: int) -> Answer:
        """Every raw sample of `selector` in the `range_s` seconds up to `at`, as scraped.

        An instant query of a range vector; `query_range` would pick samples and drop the rest.
        """
        return self._answer(lambda: self._api.custom_query(f"{selector}[{range_s}s]", params=self._at(at)))

    def instant(self, query: str, *, at: float) -> Answer:
        """The instant vector of `query` at `at`: one sample per series."""
        return self._answer(lambda: self._api.custom_query(query, params=self._at(at)))

    def downsampled(self, selector: str, *, at: float, range_s: int) -> list[Series]:
        """The series of `selector` in the `range_s` seconds up to `at`, downsampled ones too; one value each.

        Those that `raw` doesn't have there are kept downsampled only: as sums of five minutes or an hour, by which
        nobody can tell what happened when, nor where a counter began anew. Empty where a source keeps no such data.
        """
        if not self.downsamples:
            return []
        coarse = {**self._at(at), "max_source_resolution": _COARSEST}
        query = f"last_over_time({selector}[{range_s}s])"
        return self._answer(lambda: self._api.custom_query(query, params=coarse)).series

    def instants(self, query: str, *, start: int, end: int, step: int) -> Answer:
        """As `instant` at `start`, `start + step`, … `end`, in one request: for uptime slices, never for counters.

        At most 11,000 steps, which is Prometheus' own limit.
        """
        since, until = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
        return self._answer(lambda: self._api.custom_query_range(query, since, until, str(step), params=self._at(None)))

    def has_metric(self, metric: str, *, at: float, within_s: int = 86400) -> bool:
        """Whether any series of this metric had a sample in the `within_s` seconds up to `at`."""
        return bool(self.label_values("__name__", selector=str(Selector(metric)), start=at - within_s, end=at))

    def metrics(self, *, start: float, end: float) -> list[str]:
        """All metric names between two times, sorted."""
        return self._names("__name__", {"start": start, "end": end})

    def label_values(self, label: str, *, selector: str, start: float, end: float) -> list[str]:
        """The values of a label over the series of `selector` between two times, sorted."""
        return self._names(label, {**({"match[]": selector} if selector else {}), "start": start, "end": end})

    def label_names(self, *, selector: str, start: float, end: float) -> list[str]:
        """The labels that the series of `selector` have between two times, sorted; of all series where it is empty."""
        params = {**({"match[]": selector} if selector else {}), "start": start, "end": end}
        return sorted(self._ask(lambda: self._api.get_label_names(params)))

    def metadata(self, metric: str) -> Metric | None:
        """Type and help of a metric, or None where the source doesn't know (many proxies don't)."""
        found = self._ask(lambda: self._api.get_metric_metadata(metric))
        if not found:
            return None
        return Metric(metric, str(found[0].get("type", "")), str(found[0].get("help", "")))

    def health(self) -> SourceHealth:
        """Whether the source answers, its version and latency in seconds. Never raises."""
        begun = monotonic()
        try:
            self._ask(lambda: self._api.custom_query("vector(1)"))
            latency = monotonic() - begun
            return SourceHealth(reachable=True, version=self._version(), latency=latency)
        except PrometheusError as error:
            return SourceHealth(reachable=False, version="", latency=monotonic() - begun, error=str(error))

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()

    def _at(self, at: float | None) -> dict[str, str]:
        # Prometheus is to give up no later than we do, so that it doesn't go on working for nobody.
        times = {} if at is None else {"time": f"{at:.3f}"}
        return {**times, "timeout": f"{self._timeout:g}", **self._params}

    def _answer(self, query: Callable[[], Any]) -> Answer:
        begun = monotonic()
        found = self._ask(query)
        noted = self._answered
        series = [Series(one["metric"], _samples(one)) for one in found]
        return Answer(series, noted.warnings, noted.partial, monotonic() - begun, noted.size)

    def _names(self, label: str, params: Mapping[str, str | float]) -> list[str]:
        return sorted(self._ask(lambda: self._api.get_label_values(label, params=dict(params))))

    def _version(self) -> str:
        """The version the source reports; empty where it has none to report (many proxies don't)."""
        try:
            url = f"{self._url}/api/v1/status/buildinfo"
            answer = self._http.get(url, auth=self._auth, timeout=self._timeout)
            return str(orjson.loads(answer.content)["data"].get("version", ""))
        except (RequestException, PrometheusError, ValueError, LookupError):
            return ""

    def _ask(self, query: Callable[[], Any]) -> Any:  # noqa: ANN401
        """What the client library answers, with every failure as one of ours."""
        try:
            return query()
        except RequestException as error:
            raise SourceUnreachable(f"{self._host()} can't be reached: {_words(error)}") from error
        except (PrometheusApiClientException, KeyError, TypeError) as error:
            raise SourceUnreachable(f"{self._host()} answers, but not as Prometheus does: {error}") from error

    def _host(self) -> str:
        return urlsplit(self._url).netloc or self._url


_PIECE = 1 << 18

_KIND_PARAMS: Mapping[str, Mapping[str, str]] = {
    "thanos": {"dedup": "true", "partial_response": "false", "max_source_resolution": "0s"},
    "victoriametrics": {"nocache": "1"},
}
_COARSEST = "1h"
"""What Thanos downsamples to in the end; it takes the finest that there is up to this."""


@dataclass(slots=True)
class _Noted:
    """What the last answer said beside its data, which the client library drops."""

    warnings: tuple[str, ...] = ()
    partial: bool = False
    size: int = 0


class _FormAdapter(HTTPAdapter):
    """Sends what the client library puts into the address as a form body, so that no query is too long."""

    def send(self, request: requests.PreparedRequest, stream: bool = False, **kwargs: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401
        """As HTTPAdapter does."""
        if request.method == "POST" and request.url:
            address = urlsplit(request.url)
            request.url = urlunsplit(address._replace(query=""))
            request.headers["Content-Type"] = "application/x-www-form-urlencoded"
            request.prepare_body(address.query, None)
        return super().send(request, stream=True, **kwargs)


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Sign requests with a token, as `auth` and not as a header, which a .netrc on this machine would win over."""

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _reader(noted: _Noted, timeout: float, max_answer: int) -> Callable[..., requests.Response]:
    """A response hook that reads an answer within its limits, notes its warnings, and raises what it refuses."""

    def read(response: requests.Response, *_: object, **__: object) -> requests.Response:
        body = _body(response, monotonic() + timeout, max_answer)
        response._content = body  # the streamed body becomes the content, as requests does it
        document = _document(response, body)
        _refuse(response, document)
        noted.warnings = tuple(str(one) for one in document.get("warnings") or ())
        noted.partial = bool(document.get("isPartial")) or any(not one.startswith("PromQL ") for one in noted.warnings)
        noted.size = len(body)
        response.json = lambda **_: document  # type: ignore[method-assign]  # read once, by a faster reader
        return response

    return read


def _body(response: requests.Response, deadline: float, max_answer: int) -> bytes:
    """The whole answer, read as it arrives: a source that drips is given up as one that hangs is."""
    pieces: list[bytes] = []
    size = 0
    while piece := _piece(response):
        size += len(piece)
        if size > max_answer:
            response.close()
            raise AnswerTooLarge(f"the answer is larger than {max_answer / 1e6:.0f} MB; it was not read to the end")
        if monotonic() > deadline:
            response.close()
            raise SourceUnreachable("the answer took too long; it was not read to the end")
        pieces.append(piece)
    response.raw.release_conn()
    return b"".join(pieces)


def _piece(response: requests.Response) -> bytes:
    try:
        return cast("bytes", response.raw.read1(_PIECE, decode_content=True))
    except (HTTPError, OSError) as error:
        response.close()
        raise SourceUnreachable(f"the answer broke off: {error}") from error


def _document(response: requests.Response, body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if isinstance(document, dict):
        return document
    if response.status_code in (401, 403):
        raise SourceUnreachable(f"the source refuses our credentials (HTTP {response.status_code})")
    if response.is_redirect:
        raise SourceUnreachable(f"the source redirects to {response.headers['location']}; enter that as its URL")
    if response.status_code == 200:
        raise SourceUnreachable("what answers at this address is no Prometheus API; check the URL and its path")
    raise SourceUnreachable(f"the source answers with HTTP {response.status_code} {response.reason}")


def _refuse(response: requests.Response, document: Mapping[str, Any]) -> None:
    """Raise what an error answer means."""
    status = response.status_code
    if status == 200 and document.get("status", "success") == "success":
        return
    words, kind = str(document.get("error") or f"HTTP {status} {response.reason}"), document.get("errorType")
    if status == 422 and "too many samples" in words:
        raise TooManySamples(words)
    if kind == "timeout":
        raise QueryTimedOut(words)
    if status in (200, 400, 422):
        raise QueryRejected(words)
    raise SourceUnreachable(words)


def _samples(one: Mapping[str, Any]) -> list[tuple[float, str]]:
    """The samples as decoded; they are lists of two rather than tuples, and copying millions would cost seconds."""
    return cast("list[tuple[float, str]]", one["values"] if "values" in one else [one["value"]])


def _words(error: requests.RequestException) -> str:
    """The innermost reason of a chain of connection errors."""
    if isinstance(error, requests.Timeout):
        return "it did not answer in time"
    reason: BaseException = error
    while reason.__cause__ or reason.__context__:
        reason = cast("BaseException", reason.__cause__ or reason.__context__)
    return str(getattr(reason, "strerror", None) or reason)
