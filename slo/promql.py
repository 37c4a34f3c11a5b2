"""The one place that parses PromQL: what people type becomes selectors and checked expressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

type Op = Literal["=", "!=", "=~", "!~"]


class BadPromQL(ValueError):
    """The text can't be used; the message says what is wrong, where, and what to write instead."""


class BadSelector(BadPromQL):
    """A counter selector was wanted, such as `ci_runs_total{pipeline="build"}`."""


class BadExpression(BadPromQL):
    """An expression that gives an instant vector was wanted."""


@dataclass(frozen=True, slots=True, order=True)
class Matcher:
    """One condition on a label. Regular expressions are RE2's, anchored at both ends."""

    name: str
    op: Op
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels meets it; a label that is absent counts as the empty text."""
        raise NotImplementedError

    def __str__(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric and the conditions on its labels; `str()` gives PromQL. Matchers are sorted and without repeats."""

    metric: str
    matchers: tuple[Matcher, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels (and `__name__`) is selected."""
        raise NotImplementedError

    def __str__(self) -> str:
        return render(self)


def parse_selector(text: str) -> Selector:
    """The counter selector a person wrote.

    Refuses, saying what to do: syntax errors, functions and arithmetic, a range, `offset` and `@`, no metric name,
    `or` between matchers, and recording rules (a `:` in the name: their samples are computed, so they can't be counted exactly).
    Raises BadSelector.
    """
    raise NotImplementedError


def validate_expression(text: str) -> None:
    """Check that `text` is PromQL that gives an instant vector. Raises BadExpression."""
    raise NotImplementedError


def render(selector: Selector, *, range_s: int | None = None) -> str:
    """The selector as PromQL, with a range of `range_s` seconds where given."""
    raise NotImplementedError
