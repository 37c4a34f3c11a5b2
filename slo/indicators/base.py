"""What every kind of indicator can be asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from slo.promql import BadPromQL, Matcher, Op, Selector, parse_selector

type Indicator = Mapping[str, Any]
"""An indicator as it was written: by key, as `Kind.keys` has them."""


class Fault(NamedTuple):
    """What is wrong with one key (empty: with the indicator as a whole), and what to write instead."""

    key: str
    code: str
    message: str


def _cannot_be_narrowed(_indicator: Indicator, _values: Mapping[str, str]) -> dict[str, Any]:
    raise NotImplementedError("only what is counted from raw samples can be narrowed to values of labels")


def narrowed_selector(text: object, values: Mapping[str, str]) -> str:
    """A counter selector with these labels fixed as well."""
    selector = parse_selector(str(text))
    return str(Selector(selector.metric, (*selector.matchers, *(Matcher(*one) for one in _fixed(values)))))


def _fixed(values: Mapping[str, str]) -> Iterator[tuple[str, Op, str]]:
    yield from ((label, "=", value) for label, value in values.items())


def _no_selectors(_indicator: Indicator) -> Mapping[str, Selector]:
    return {}


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of indicator.

    `faults` finds what is wrong with the values of its keys. `selectors` gives the counters of a valid one by side (two
    of good, bad, total); empty where it isn't counted from raw samples. `narrowed` is one with values of labels fixed,
    for what is counted. `sliced`: every slice of time is good or bad.
    `approximate`: what it counts is extrapolated by the source. `own`: the portal answers it itself.
    """

    type: str
    title: str
    keys: tuple[str, ...]
    faults: Callable[[Indicator], Iterable[Fault]]
    selectors: Callable[[Indicator], Mapping[str, Selector]] = _no_selectors
    narrowed: Callable[[Indicator, Mapping[str, str]], dict[str, Any]] = _cannot_be_narrowed
    sliced: bool = False
    approximate: bool = False
    own: bool = False

    @property
    def counted(self) -> bool:
        """Whether its events are counted exactly, from raw samples."""
        return self.selectors is not _no_selectors

    @property
    def asks_a_source(self) -> bool:
        """Whether a data source answers it; else the portal does."""
        return not self.own

    @property
    def groupable(self) -> bool:
        """Whether one definition can stand for an objective per label value."""
        return self.counted

    def errors(self, indicator: Indicator) -> Iterator[Fault]:
        """Everything wrong with an indicator of this kind, unknown keys included."""
        for key in sorted(set(indicator) - set(self.keys)):
            yield Fault(key, "unknown", f"unknown; {self.type} takes {', '.join(self.keys)}")
        yield from self.faults(indicator)

    def metrics(self, indicator: Indicator) -> tuple[str, ...]:
        """The names of the metrics that a valid indicator counts, sorted."""
        return tuple(sorted({selector.metric for selector in self.selectors(indicator).values()}))


def selector_fault(key: str, text: object) -> Iterator[Fault]:
    """What is wrong with a counter selector."""
    try:
        parse_selector(str(text))
    except BadPromQL as error:
        yield Fault(key, "promql", str(error))
