"""The fewest queries that serve a whole batch of objectives, and whose series is whose (slo.md §4). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from slo.counting import Series
from slo.promql import Selector

MAX_VALUES = 2_000
"""How many values one united matcher may list."""
MAX_QUERY = 200_000
"""How long one united query may be, characters."""
MAX_EXPRESSIONS = 100
"""How many expressions are joined by `or` in one query."""
ID_LABEL = "__portico"
"""The label by which a united expression's series are told apart."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one objective wants counted: `key` is the caller's name for it (unique in a batch), `sides` its selectors
    by `good`, `bad`, `total`."""

    key: str
    sides: Mapping[str, Selector]


@dataclass(frozen=True, slots=True)
class Expression:
    """What one objective wants evaluated: any PromQL that gives an instant vector."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One selector to fetch raw samples by (`Prometheus.raw(request.query, …)`), and the items it serves.

    An item whose sides are on two metrics is in two requests; it is complete when both are answered.
    """

    query: str
    metric: str
    items: tuple[Item, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class VectorRequest:
    """One united expression for `Prometheus.instant(request.query, …)`, and the expressions in it."""

    query: str
    items: tuple[Expression, ...] = field(repr=False)


def plan(items: Iterable[Item]) -> list[RawRequest]:
    """The fewest raw fetches that bring every series of every item; they may bring more, which `assign` leaves out."""
    raise NotImplementedError


def plan_expressions(expressions: Iterable[Expression]) -> list[VectorRequest]:
    """United instant queries, at most `MAX_EXPRESSIONS` each."""
    raise NotImplementedError


def split[R: (RawRequest, VectorRequest)](request: R) -> list[R]:
    """The same request as two halves (or a few more) by items, to find the one that fails; empty when it serves only one item."""
    raise NotImplementedError


def assign(series: Sequence[Series], items: Iterable[Item]) -> dict[str, dict[str, list[int]]]:
    """Whose series is whose: item key → side → positions in `series`, by evaluating matchers over an index by label."""
    raise NotImplementedError


def assign_values(series: Iterable[Series], expressions: Iterable[Expression]) -> dict[str, list[float]]:
    """The values of each expression from the answers to united queries; an expression without any has an empty list."""
    raise NotImplementedError


def scrape_queries(series: Iterable[Series]) -> tuple[list[str], list[str]]:
    """The selectors of `up` and of `process_start_time_seconds` for the targets of these series (for `Prometheus.raw`)."""
    raise NotImplementedError


def fetch_range(series: int, interval: float) -> int:
    """How many seconds of samples to ask for at once when catching up or filling back: a whole number of minutes (rule 10).

    2 million samples ÷ (series ÷ interval), at least a minute and at most six hours. Halve it on TooManySamples or AnswerTooLarge.
    """
    raise NotImplementedError
