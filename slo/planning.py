"""The fewest queries that serve a whole batch of objectives, and whose series is whose (slo.md §4). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from slo.counting import RULES, Rules, Series, State
from slo.promql import Matcher, Selector, escaped, render, spellings

MAX_VALUES = 2_000
"""How many values one united matcher may list."""
MAX_QUERY = 200_000
"""How long one united query may be, characters."""
MAX_EXPRESSIONS = 100
"""How many expressions are joined by `or` in one query."""
ID_LABEL = "__portico"
"""The label by which a united expression's series are told apart."""
_FRAME = 1_000
"""Room for the metric name and the label names of a united selector."""
_JOINED = MAX_QUERY // 2
"""Length of expressions at which to stop joining, leaving room for what is written around each."""
_LOOSE = 100
"""How many selectors with regular expressions are tried as covers of others."""
_MANY_MATCHERS = 8
_SAMPLES_AT_ONCE = 2_000_000
_LONGEST_FETCH = 6 * 3600


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
    wanted: dict[str, dict[Selector, dict[str, Item]]] = defaultdict(lambda: defaultdict(dict))
    for item in items:
        for selector in item.sides.values():
            wanted[selector.metric][selector][item.key] = item
    return [request for metric in sorted(wanted) for request in _requests(metric, wanted[metric])]


def _requests(metric: str, wanted: Mapping[Selector, Mapping[str, Item]]) -> Iterator[RawRequest]:
    """United requests of one metric. A covered selector's items belong to the request that covers them."""
    covers = _covers(wanted)
    served: dict[Selector, dict[str, Item]] = defaultdict(dict)
    for selector, items in wanted.items():
        served[covers.get(selector, selector)].update(items)
    for united, members in _unite(sorted(served, key=lambda selector: selector.matchers)):
        items = {key: item for member in members for key, item in served[member].items()}
        yield RawRequest(render(united), metric, tuple(items.values()))


def _covers(selectors: Iterable[Selector]) -> dict[Selector, Selector]:
    """For each selector of one metric that a wider one covers, the widest such."""
    known = {frozenset(selector.matchers): selector for selector in selectors}
    loose = [selector for selector in known.values() if any(matcher.op != "=" for matcher in selector.matchers)]
    covers: dict[Selector, Selector] = {}
    for matchers, selector in known.items():
        wider = next((known[subset] for subset in _subsets(matchers) if subset in known), None)
        wider = wider or next((other for other in loose[:_LOOSE] if _is_wider(other, selector)), None)
        if wider is not None:
            covers[selector] = wider
    return {selector: _widest(selector, covers) for selector in covers}


def _widest(selector: Selector, covers: Mapping[Selector, Selector]) -> Selector:
    for _ in covers:
        if selector not in covers:
            break
        selector = covers[selector]
    return selector


def _subsets(matchers: frozenset[Matcher]) -> Iterator[frozenset[Matcher]]:
    """The proper subsets, smallest first; of very long ones only those that lack one or two matchers."""
    sizes = range(len(matchers)) if len(matchers) <= _MANY_MATCHERS else range(len(matchers) - 2, len(matchers))
    for size in sizes:
        for subset in combinations(matchers, size):
            yield frozenset(subset)


def _is_wider(wide: Selector, narrow: Selector) -> bool:
    """Whether every series of `narrow`, which fixes its labels by `=`, is one of `wide`."""
    fixed = {matcher.name: matcher.value for matcher in narrow.matchers if matcher.op == "="}
    return wide != narrow and all(
        matcher in narrow.matchers or (matcher.name in fixed and matcher.matches(fixed)) for matcher in wide.matchers
    )


def _unite(selectors: Sequence[Selector]) -> Iterator[tuple[Selector, list[Selector]]]:
    """Selectors that fix the same labels, joined into one that lists the values; each with the selectors it joins."""
    shapes: dict[tuple[object, ...], list[Selector]] = defaultdict(list)
    for selector in selectors:
        shapes[_shape(selector)].append(selector)
    for alike in shapes.values():
        for chunk in _chunks(alike):
            yield _joined(chunk), chunk


def _shape(selector: Selector) -> tuple[object, ...]:
    """Which labels it fixes, and every other matcher as it is."""
    return tuple(matcher.name if _is_listable(matcher) else matcher for matcher in selector.matchers)


def _is_listable(matcher: Matcher) -> bool:
    return matcher.op == "="


def _chunks(alike: Sequence[Selector]) -> Iterator[list[Selector]]:
    """Chunks that list at most MAX_VALUES values and MAX_QUERY characters.

    Selectors that differ in one label only come together first; where several labels differ, a chunk asks for their
    combinations too, which costs less than a request for each.
    """
    chunk: list[Selector] = []
    values: set[Matcher] = set()
    size = 0
    for selector in sorted(alike, key=_by_rarest_last(alike)):
        new = {matcher for matcher in selector.matchers if matcher not in values}
        length = sum(map(_length, new))
        if chunk and (len(values) + len(new) > MAX_VALUES or size + length > MAX_QUERY - _FRAME):
            yield chunk
            chunk, values, size = [], set(), 0
            new = set(selector.matchers)
            length = sum(map(_length, new))
        chunk.append(selector)
        values |= new
        size += length
    yield chunk


@dataclass(frozen=True, slots=True)
class _Order:
    """Sorts selectors by the labels with the fewest values first, so that neighbours share most of them."""

    values: Mapping[str, int]

    def __call__(self, selector: Selector) -> list[tuple[int, Matcher]]:
        return sorted((self.values[matcher.name], matcher) for matcher in selector.matchers)


def _length(matcher: Matcher) -> int:
    """Characters a value takes in a list, escaped twice: as a regular expression and as a PromQL string."""
    return len(str(_listed(matcher.name, (matcher.value, "")))) if _is_listable(matcher) else len(str(matcher))


def _by_rarest_last(alike: Sequence[Selector]) -> _Order:
    counts: dict[str, set[str]] = defaultdict(set)
    for selector in alike:
        for matcher in selector.matchers:
            counts[matcher.name].add(matcher.value)
    return _Order({name: len(values) for name, values in counts.items()})


def _joined(chunk: Sequence[Selector]) -> Selector:
    values: dict[str, set[str]] = defaultdict(set)
    fixed = {matcher for matcher in chunk[0].matchers if not _is_listable(matcher)}
    for selector in chunk:
        for matcher in selector.matchers:
            if _is_listable(matcher):
                values[matcher.name].add(matcher.value)
    return Selector(chunk[0].metric, (*fixed, *(_listed(name, found) for name, found in values.items())))


def _listed(name: str, values: Iterable[str]) -> Matcher:
    some = sorted(values)
    if len(some) == 1:
        return Matcher(name, "=", some[0])
    spelled = [text for value in some for text in (spellings(name, value) or [escaped(value)])]
    return Matcher(name, "=~", "|".join(spelled))


def plan_expressions(expressions: Iterable[Expression]) -> list[VectorRequest]:
    """United instant queries, at most `MAX_EXPRESSIONS` each."""
    requests: list[VectorRequest] = []
    chunk: list[Expression] = []
    for expression in expressions:
        if len(chunk) == MAX_EXPRESSIONS or sum(len(one.text) for one in chunk) + len(expression.text) > _JOINED:
            requests.append(_united(chunk))
            chunk = []
        chunk.append(expression)
    return [*requests, _united(chunk)] if chunk else requests


def _united(expressions: Sequence[Expression]) -> VectorRequest:
    # Each expression stands on lines of its own, so that a comment at its end comments out nothing of ours.
    named = [
        f'label_replace(\n{one.text}\n, "{ID_LABEL}", "{position}", "", "")' for position, one in enumerate(expressions)
    ]
    return VectorRequest("\nor ".join(named), tuple(expressions))


def split[R: (RawRequest, VectorRequest)](request: R) -> list[R]:
    """The same request as two halves by items (or a few more), to find the one that fails; empty when it serves one."""
    half = len(request.items) // 2
    if not half:
        return []
    if isinstance(request, VectorRequest):
        return [_united(request.items[:half]), _united(request.items[half:])]
    halves = (request.items[:half], request.items[half:])
    return [part for items in halves for part in plan(items) if part.metric == request.metric]


def assign(series: Sequence[Series], items: Iterable[Item]) -> dict[str, dict[str, list[int]]]:
    """Whose series is whose: item key → side → positions in `series`, by an index by label rather than a scan each."""
    index = _Index(series)
    return {item.key: {side: index.find(selector) for side, selector in item.sides.items()} for item in items}


class _Index:
    """Positions of series by metric, and by each label that a selector fixes."""

    def __init__(self, series: Sequence[Series]) -> None:
        self.series = series
        self.found: dict[Selector, list[int]] = {}
        self.by_label: dict[tuple[str, str], dict[str, list[int]]] = {}
        self.by_metric: dict[str, list[int]] = defaultdict(list)
        for position, one in enumerate(series):
            self.by_metric[one.labels.get("__name__", "")].append(position)

    def find(self, selector: Selector) -> list[int]:
        """The positions of the series a selector selects; asked twice, found once."""
        if selector not in self.found:
            self.found[selector] = self._find(selector)
        return list(self.found[selector])

    def _find(self, selector: Selector) -> list[int]:
        positions = self.by_metric.get(selector.metric, [])
        narrowed: Matcher | None = None
        for matcher in selector.matchers:
            if _is_listable(matcher) and matcher.name != "le":  # which has several spellings
                fewer = self._values(selector.metric, matcher.name).get(matcher.value, [])
                if len(fewer) < len(positions):
                    positions, narrowed = fewer, matcher
        rest = [matcher for matcher in selector.matchers if matcher is not narrowed]
        if not rest:
            return positions
        return [at for at in positions if all(matcher.matches(self.series[at].labels) for matcher in rest)]

    def _values(self, metric: str, label: str) -> dict[str, list[int]]:
        if (metric, label) not in self.by_label:
            values: dict[str, list[int]] = defaultdict(list)
            for position in self.by_metric[metric]:
                values[self.series[position].labels.get(label, "")].append(position)
            self.by_label[metric, label] = values
        return self.by_label[metric, label]


def assign_values(request: VectorRequest, series: Iterable[Series]) -> dict[str, dict[int, list[float]]]:
    """The values of each expression in a request, from its answer: key → time (whole seconds) → values of its series.

    Serves `Prometheus.instant` (one time) and `Prometheus.instants` (many). An expression without any value has an
    empty mapping: that is no data, never zero.
    """
    values: dict[str, dict[int, list[float]]] = {one.key: {} for one in request.items}
    for one in series:
        mine = values[request.items[int(one.labels[ID_LABEL])].key]
        for at, value in one.samples:
            mine.setdefault(round(at), []).append(float(value))
    return values


def scrape_queries(
    series: Iterable[Series], state: State | None = None, *, rules: Rules = RULES
) -> tuple[list[str], list[str]]:
    """The selectors of `up` and of `process_start_time_seconds` for `Prometheus.raw`, over the targets of these series.

    Hand in the state as well: a target whose series have all gone still tells by `up` that it was scraped without them.
    """
    at = {name: position for position, name in enumerate(rules.target_labels)}
    remembered = [] if state is None else [key[1:] for key in state.groups]
    targets = {(key[at["job"]], key[at["instance"]]) for key in remembered}
    targets |= {(one.labels.get("job", ""), one.labels.get("instance", "")) for one in series}
    scraped = sorted((job, instance) for job, instance in targets if job and instance)
    return _scrapes("up", scraped), _scrapes("process_start_time_seconds", scraped)


def _scrapes(metric: str, targets: Sequence[tuple[str, str]]) -> list[str]:
    selectors = [Selector(metric, (Matcher("job", "=", job), Matcher("instance", "=", on))) for job, on in targets]
    return [render(united) for united, _ in _unite(selectors)]


def fetch_range(series: int, interval: float) -> int:
    """How many seconds of samples to ask for at once when catching up or filling back: whole minutes (rule 10).

    2 million samples ÷ (series ÷ interval), at least a minute and at most six hours. Halve it on QueryTooHeavy.
    """
    seconds = _SAMPLES_AT_ONCE * interval / max(series, 1)
    return int(min(max(seconds, 60.0), _LONGEST_FETCH) // 60 * 60)
