"""Asking a data source for what a batch of ledgers needs, and counting it: nothing here writes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import structlog

from slo import counting, expressed, planning
from slo.counting import BUCKET, Bucket, Number, Series, State
from slo.indicators import kinds
from slo.ledger.members import Member
from slo.planning import Expression, Item, RawRequest, VectorRequest
from slo.prometheus import Answer, Prometheus, QueryRejected, QueryTooHeavy
from slo.promql import Selector

log = structlog.get_logger(__name__)

LOOK_BACK = 60
"""How far before the cursor raw samples are asked for, seconds, so that late ones are seen."""
HOUR = 3600
LONG_AGO = "25h"

MAX_SERIES = 5_000
"""More series than this of one selector are not counted one by one, unless its definition says otherwise."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is to be appended to one ledger; `last_sample` in seconds since the epoch."""

    buckets: Mapping[int, Bucket]
    surplus: Number
    last_sample: float | None
    fresh: bool
    """Whether there is data for the newest bucket; a slice may have a verdict without."""


@dataclass(slots=True)
class Fetched:
    """The outcome for a batch: what was counted per ledger, what went wrong with which, and the state to keep.

    `partial`: what the source said of data that is missing; then all of it is provisional, and `before` is the state to
    keep. `crowded`: ledgers with more series than are counted one by one, and how that shows. `downsampled`: those of
    which the source has nothing else for the whole stretch; nothing of that is counted. `replicas`: see Counting.
    """

    counted: dict[int, Counted] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    crowded: dict[int, str] = field(default_factory=dict)
    downsampled: set[int] = field(default_factory=set)
    replicas: Mapping[counting.Replaced, int] = field(default_factory=dict)
    state: State = field(default_factory=State)
    before: State = field(default_factory=State)
    partial: str = ""
    queries: int = 0
    samples: int = 0


@dataclass(slots=True)
class Fetch:
    """One batch of ledgers over the buckets `(cursor, until]`, seconds since the epoch.

    Raises SourceUnreachable, and QueryTooHeavy where asking for a shorter stretch would help.
    """

    client: Prometheus
    members: Sequence[Member]
    cursor: int
    until: int
    fetched: Fetched = field(default_factory=Fetched)

    def run(self, state: State | None) -> Fetched:
        """Ask and count. Without a state it is found anew first, from the hour before the cursor (rule 6)."""
        raw = [item for item in map(self._item, self.members) if item is not None]
        self._expressions([member for member in self.members if _is_expressed(member)])
        if raw:
            self.fetched.before = self._found_anew(raw) if state is None else state
            self._count(raw, self.fetched.before)
        elif state is not None:
            self.fetched.state = self.fetched.before = state
        return self.fetched

    def _item(self, member: Member) -> Item | None:
        return None if _is_expressed(member) else Item(str(member.ledger_id), sides(member))

    def _count(self, items: list[Item], state: State) -> None:
        series = self._series(_planned(items), at=self.until, range_s=self.until - self.cursor + LOOK_BACK)
        outcome = self._counted(series, state, self.cursor, self.until)
        mine = planning.assign(outcome.series, [item for item in items if int(item.key) not in self.fetched.failed])
        known = {str(member.ledger_id): member for member in self.members}
        for key, positions in mine.items():
            member = known[key]
            self._note_crowd(member, max(map(len, positions.values()), default=0))
            since = member.starts_at.timestamp()
            found = counting.tally(outcome, positions, followed_since=since, surplus=member.surplus)
            self.fetched.counted[member.ledger_id] = Counted(
                found.buckets, found.surplus, found.last_sample, fresh=self.until in found.buckets
            )
        self.fetched.state, self.fetched.replicas = outcome.state, outcome.replicas
        if self.client.downsamples:
            self._note_downsampled(items)

    def _note_downsampled(self, items: Sequence[Item]) -> None:
        """Of what has no sample in all of the stretch, see whether it is there downsampled."""
        bare = [one for one in items if (found := self.fetched.counted.get(int(one.key))) and not found.buckets]
        if not bare or self.until - self.cursor <= BUCKET:
            return
        span = self.until - self.cursor
        series = [
            one
            for request in _planned(bare)
            for one in self._answers(
                request, lambda query: Answer(self.client.downsampled(query, at=self.until, range_s=span))
            )
        ]
        mine = planning.assign(series, bare)
        self.fetched.downsampled = {int(key) for key, sides in mine.items() if any(sides.values())}

    def _note_crowd(self, member: Member, series: int) -> None:
        most = member.max_series or MAX_SERIES
        if series > most:
            words = f"its selector has {series:,} series, more than the {most:,} that are counted one by one."
            self.fetched.crowded[member.ledger_id] = words

    def _counted(self, series: Sequence[Series], state: State, cursor: int, until: int) -> counting.Counting:
        """Count series, with `up` and process starts of their targets beside them."""
        ups, starts = planning.scrape_queries(series, state, rules=self._rules)
        span = until - cursor + LOOK_BACK
        return counting.count(
            series,
            state=state,
            cursor=cursor,
            until=until,
            up=self._beside(ups, until, span),
            starts=self._beside(starts, until, span),
            rules=self._rules,
        )

    @property
    def _rules(self) -> counting.Rules:
        return _rules(self.client.external_labels)

    def _beside(self, queries: Iterable[str], at: int, range_s: int) -> list[Series]:
        """What helps counting but isn't needed for it: without it less is counted, never more."""
        found: list[Series] = []
        for query in queries:
            try:
                found += self._noted(self.client.raw(query, at=at, range_s=range_s)).series
            except QueryRejected as error:
                log.info("scrape_health_refused", error=str(error))
        return found

    def _found_anew(self, items: list[Item]) -> State:
        """A state for counting on from the cursor: what the hour before shows, and which series are older than that."""
        requests, begin = _planned(items), self.cursor - HOUR
        series = self._series(requests, at=self.cursor, range_s=HOUR)
        state = self._counted(series, State(), begin, self.cursor).state
        old = [
            one
            for request in requests
            for one in self._answers(
                request, lambda query: self.client.instant(f"last_over_time({query}[{LONG_AGO}])", at=begin)
            )
        ]
        return counting.seed(state, old, at=begin, rules=self._rules)

    def _series(self, requests: Iterable[RawRequest], *, at: int, range_s: int) -> list[Series]:
        def ask(query: str) -> Answer:
            return self.client.raw(query, at=at, range_s=range_s)

        return [series for request in requests for series in self._answers(request, ask)]

    def _answers(self, request: RawRequest, ask: Callable[[str], Answer]) -> list[Series]:
        """The series of a request; one that is refused is halved until the culprit stands alone."""
        try:
            return self._noted(ask(request.query)).series
        except QueryRejected as error:
            return [series for half in self._halves(request, error) for series in self._answers(half, ask)]
        except QueryTooHeavy as error:
            if self.until - self.cursor > BUCKET:
                raise  # a shorter stretch comes first
            if len(request.items) == 1:
                mine = int(request.items[0].key)
                self.fetched.crowded[mine] = f"the source finds its samples too many ({error})."
            return [series for half in self._halves(request, error) for series in self._answers(half, ask)]

    def _halves[R: (RawRequest, VectorRequest)](self, request: R, error: Exception) -> list[R]:
        halves = planning.split(request)
        if not halves:
            self.fetched.failed |= {int(item.key.partition(":")[0]): str(error) for item in request.items}
        return halves

    def _expressions(self, members: Sequence[Member]) -> None:
        wanted = [
            Expression(f"{member.ledger_id}:{key}", text)
            for member in members
            for key, text in expressed.asked(member.type, member.indicator).items()
        ]
        found: dict[int, dict[str, dict[int, list[float]]]] = {}
        for request in planning.plan_expressions(wanted):
            for name, vectors in self._vectors(request).items():
                ledger_id, _, key = name.partition(":")
                found.setdefault(int(ledger_id), {})[key] = vectors
        for member in members:
            if member.ledger_id not in self.fetched.failed:
                self.fetched.counted[member.ledger_id] = self._said(member, found[member.ledger_id])

    def _vectors(self, request: VectorRequest) -> dict[str, dict[int, list[float]]]:
        try:
            answer = self.client.instants(request.query, start=self.cursor + BUCKET, end=self.until, step=BUCKET)
        except QueryRejected as error:
            halves = self._halves(request, error)
            return {key: values for half in halves for key, values in self._vectors(half).items()}
        return planning.assign_values(request, self._noted(answer).series)

    def _said(self, member: Member, vectors: Mapping[str, Mapping[int, Sequence[float]]]) -> Counted:
        newest = max((max(by_end) for by_end in vectors.values() if by_end), default=None)
        if "query" not in vectors:
            rows = expressed.counts(vectors)
        else:
            rows = expressed.slices(
                member.indicator,
                vectors["query"],
                cursor=self.cursor,
                until=self.until,
                length=int(member.slice_length.total_seconds()),
                no_data=member.no_data,
            )
        last = None if newest is None else float(newest)
        return Counted(rows, 0, last, fresh=any(self.until in by_end for by_end in vectors.values()))

    def _noted(self, answer: Answer) -> Answer:
        self.fetched.queries += 1
        self.fetched.samples += sum(len(one.samples) for one in answer.series)
        if answer.partial:
            self.fetched.partial = "; ".join(answer.warnings) or "the answer is partial"
        return answer


def sides(member: Member) -> Mapping[str, Selector]:
    """The selectors of a counted indicator, by side."""
    return _sides(member.type, tuple(sorted(member.indicator.items())))


def _is_expressed(member: Member) -> bool:
    """Whether it is asked for by expressions rather than counted from raw samples."""
    return member.approximate or not kinds[member.type].counted


def own_state(state: State, member: Member) -> State:
    """The part of a state that is about one ledger's series."""
    wanted = [] if _is_expressed(member) else list(sides(member).values())
    return counting.select(state, lambda labels: any(selector.matches(labels) for selector in wanted))


_plans: dict[tuple[str, ...], list[RawRequest]] = {}
_PLANS_KEPT = 200


def _planned(items: Sequence[Item]) -> list[RawRequest]:
    """The plan of a batch, kept: a ledger's indicator never changes, so the same ledgers are the same plan."""
    key = tuple(item.key for item in items)
    if key not in _plans:
        if len(_plans) >= _PLANS_KEPT:
            _plans.clear()
        _plans[key] = planning.plan(items)
    return _plans[key]


@lru_cache(maxsize=50_000)
def _sides(kind: str, indicator: tuple[tuple[str, str], ...]) -> Mapping[str, Selector]:
    return kinds[kind].selectors(dict(indicator))


@lru_cache(maxsize=100)
def _rules(stripped: tuple[str, ...]) -> counting.Rules:
    return counting.Rules(stripped_labels=stripped)
