"""What an objective would say if it were there: asked of its source, roughly, before anybody saves it.

The last days in steps of five minutes, by `increase()`: enough to see whether the queries mean what they should, what
is left of the budget and which alerts would have come. What is saved is counted exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import isfinite

from portal.lib import durations
from slo import counting, expressed, sources
from slo.backtest import Alert, replay
from slo.burnrate import budget
from slo.drafts import ObjectiveDraft, checked
from slo.fetching import MAX_SERIES
from slo.indicators import kinds
from slo.indicators.expressions import in_window
from slo.minutes import MINUTE, Minutes
from slo.models import AlertPolicy, DataSource
from slo.models.sources import LAG_MARGIN
from slo.plausible import exceeds, missing_bucket, pushed
from slo.prometheus import Prometheus, PrometheusError
from slo.promql import Selector, render
from slo.windows import LATE_PAGE, BurnWindow, burn_windows, outage_pages_after, parse_rules

REACH = timedelta(days=7)
"""How far back it looks; the source may remember less."""
STEP = 300
SCALE = 10**6
PER_STEP = STEP // 60

type Steps = Mapping[int, float]
"""By the end of a step, in seconds since the epoch, how many events it had."""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the preview; None where nothing is known of it."""

    start: datetime
    good: float | None
    total: float | None

    @property
    def bad(self) -> float | None:
        """Events that were not good."""
        return None if self.good is None or self.total is None else self.total - self.good


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be said. `since` is how far the source remembers; None where it has nothing, or could not be asked.

    `remaining` is what would be left of the budget, of the part that is remembered. `error` is what the source says
    where it refuses or can't be reached; then only what needs no source is there.
    """

    until: datetime
    windows: tuple[BurnWindow, ...]
    outage_pages_after: timedelta | None
    since: datetime | None = None
    good: float | None = None
    total: float | None = None
    remaining: float | None = None
    hours: tuple[Hour, ...] = ()
    alerts: tuple[Alert, ...] = ()
    series: int | None = None
    limit: int = MAX_SERIES
    warnings: tuple[str, ...] = ()
    error: str = ""

    @property
    def pages_late(self) -> bool:
        """Whether a total outage would page too late; the policy `workbook-outage` would not."""
        return self.outage_pages_after is None or self.outage_pages_after > LATE_PAGE

    @property
    def crowded(self) -> bool:
        """Whether it has too many series to be counted one by one."""
        return self.series is not None and self.series > self.limit

    @property
    def current(self) -> float | None:
        """The share of good events."""
        return self.good / self.total if self.total and self.good is not None else None


@dataclass(slots=True)
class _Asked:
    """What the source was asked so far."""

    good: dict[int, float] = field(default_factory=dict)
    total: dict[int, float] = field(default_factory=dict)
    series: int | None = None
    warnings: list[str] = field(default_factory=list)


def preview(
    draft: ObjectiveDraft, *, source: DataSource | None, policy: AlertPolicy, component_id: int, now: datetime
) -> Preview:
    """Ask and reckon; at most ten questions. Raises Invalid for a draft that could not be saved as it stands."""
    meant = checked(draft)
    until = datetime.fromtimestamp(int(now.timestamp()) // STEP * STEP, UTC)
    windows = burn_windows(parse_rules(policy.rules), period=meant.period, target=meant.target)
    limit = draft.max_series or MAX_SERIES
    one_bad = expressed.one_bad_takes(draft.type, draft.indicator, slice_length=meant.slice_length)
    empty = Preview(until, windows, outage_pages_after(windows, one_bad=one_bad), limit=limit)
    late = _lagging(source) if source is not None and not kinds[draft.type].own else []
    asked = _Asked(warnings=list(late))
    try:
        if kinds[draft.type].own:
            _answered(draft, component_id, until, asked)
        elif source is not None:
            _ask(sources.client(source), draft, until, asked)
    except PrometheusError as error:
        return Preview(until, windows, empty.outage_pages_after, limit=limit, error=str(error))
    if not asked.total:
        words = "" if len(asked.warnings) > len(late) else "The source has nothing for it in the last 7 days."
        said = (*asked.warnings, *((words,) if words else ()))
        return Preview(
            until, windows, empty.outage_pages_after, series=asked.series, limit=limit, warnings=said
        )  # fmt: skip
    minutes = _minutes(asked, until)
    held = minutes.reading(0, len(minutes.total) - 1)
    left = budget(held, target=meant.target)
    begin = datetime.fromtimestamp(min(asked.total) - STEP, UTC)
    found = replay(
        minutes, windows=windows, period=meant.period, target=meant.target, start=max(begin, minutes.start), end=until
    )  # fmt: skip
    return Preview(
        until=until,
        windows=windows,
        outage_pages_after=empty.outage_pages_after,
        since=begin,
        good=float(held.good),
        total=float(held.total),
        remaining=left.remaining if left else None,
        hours=_hours(asked, until),
        alerts=found.alerts,
        series=asked.series,
        limit=limit,
        warnings=tuple(asked.warnings),
    )


def _lagging(source: DataSource) -> list[str]:
    """What is to be said of a source whose samples are known to arrive later than it is waited for."""
    lag = source.lag or timedelta()
    if lag <= source.delay + LAG_MARGIN:
        return []
    late, waits = (durations.words(one) for one in (lag, source.effective_delay))
    return [f"Samples of {source.name} arrive {late} late, so each minute is judged {waits} after its end."]


def _exceeding(side: str, part: Steps, whole: Steps, until: int) -> str:
    """What is wrong where more was good (or bad) than there was, in the last hour; empty where nothing is."""
    ends = range(until - 3600 + STEP, until + 1, STEP)
    some, every = (sum(by_end.get(end, 0.0) for end in ends) for by_end in (part, whole))
    if not exceeds(some, every):
        return ""
    return (
        f"In the last hour {some:,.0f} events were {side}, of {every:,.0f} in all: {side} must be a part of the total."
    )


def _ask(asked: Prometheus, draft: ObjectiveDraft, until: datetime, into: _Asked) -> None:
    kind, end = kinds[draft.type], int(until.timestamp())
    selectors = kind.selectors(draft.indicator)
    for metric in kind.metrics(draft.indicator):
        if not asked.has_metric(metric, at=end, within_s=int(REACH.total_seconds())):
            into.warnings.append(f"There is no {metric} in the last 7 days.")
        elif (known := asked.metadata(metric)) and known.type == "gauge":
            into.warnings.append(f"{metric} is a gauge; only counters can be counted.")
    if selectors:
        into.series = max(_count(asked, one, end) for one in selectors.values())
        _, words = pushed(asked, selectors, at=end)
        into.warnings += [words] if words else []
    if draft.type == "latency":
        _note_threshold(asked, selectors, end, into)
    sides = {key: _steps(asked, text, end) for key, text in _expressions(draft).items()}
    if kind.sliced:
        _sliced(draft, sides["query"], into)
    else:
        _summed({key: {at: sum(values) for at, values in side.items()} for key, side in sides.items()}, end, into)


def _expressions(draft: ObjectiveDraft) -> dict[str, str]:
    kind = kinds[draft.type]
    if kind.counted:
        counted = kind.selectors(draft.indicator)
        return {side: f"sum(increase({render(one, range_s=STEP)}))" for side, one in counted.items()}
    if kind.sliced:
        return expressed.asked(draft.type, draft.indicator)
    return {key: in_window(str(text), STEP) for key, text in draft.indicator.items() if text}


def _steps(asked: Prometheus, query: str, end: int) -> dict[int, list[float]]:
    start = end - int(REACH.total_seconds()) + STEP
    found: dict[int, list[float]] = {}
    for one in asked.instants(query, start=start, end=end, step=STEP).series:
        for at, text in one.samples:
            if isfinite(value := float(text)):
                found.setdefault(round(at), []).append(value)
    return found


def _count(asked: Prometheus, selector: Selector, at: int) -> int:
    answer = asked.instant(f"count(last_over_time({render(selector, range_s=STEP)}))", at=at).series
    return int(float(answer[0].samples[0][1])) if answer else 0


def _note_threshold(asked: Prometheus, selectors: Mapping[str, Selector], end: int, into: _Asked) -> None:
    missing = missing_bucket(asked, selectors, start=end - REACH.total_seconds(), end=end)
    if missing:
        into.warnings.append(f"{missing.threshold:g} is none of its buckets; use one of {missing.there}.")


def _sliced(draft: ObjectiveDraft, values: Mapping[int, Sequence[float]], into: _Asked) -> None:
    """Each step is as many slices as it has minutes."""
    condition = counting.parse_condition(str(draft.indicator["condition"]))
    combine = counting.Combine(draft.indicator.get("combine") or "all")
    for at, some in values.items():
        into.total[at] = PER_STEP
        good = counting.verdict(some, condition, combine) is counting.Verdict.GOOD
        into.good[at] = PER_STEP if good else 0


def _summed(sides: Mapping[str, Steps], end: int, into: _Asked) -> None:
    if "ratio" in sides:
        into.total = dict.fromkeys(sides["ratio"], float(PER_STEP))
        into.good = {at: PER_STEP * min(max(value, 0.0), 1.0) for at, value in sides["ratio"].items()}
        return
    if "total" in sides:
        side = "good" if "good" in sides else "bad"
        total, part = sides["total"], sides.get(side, {})
        if problem := _exceeding(side, part, total, end):
            into.warnings.append(problem)
        into.total = {at: max(value, 0.0) for at, value in total.items()}
        share = {at: min(max(part.get(at, 0.0), 0.0), value) for at, value in into.total.items()}
        into.good = share if side == "good" else {at: value - share[at] for at, value in into.total.items()}
        return
    good, bad = sides.get("good", {}), sides.get("bad", {})
    into.good = {at: max(good.get(at, 0.0), 0.0) for at in {*good, *bad}}
    into.total = {at: into.good[at] + max(bad.get(at, 0.0), 0.0) for at in into.good}


def _answered(draft: ObjectiveDraft, component_id: int, until: datetime, into: _Asked) -> None:
    verdicts = sources.registry[draft.type](draft.indicator, component_id, until - REACH, until)
    end = int(until.timestamp())
    for at in range(end - int(REACH.total_seconds()) + STEP, end + 1, STEP):
        into.good[at] = into.total[at] = 0.0
    for minute, (good, total) in verdicts.items():
        at = -(-minute // STEP) * STEP
        into.good[at] = into.good.get(at, 0.0) + good
        into.total[at] = into.total.get(at, 0.0) + total


def _minutes(asked: _Asked, until: datetime) -> Minutes:
    """The steps spread over their minutes."""
    first, end = int((until - REACH).timestamp()), int(until.timestamp())
    good, total, known = [0], [0], [0]
    for at in range(first + STEP, end + 1, STEP):
        parts = [round(side.get(at, 0.0) * SCALE) for side in (asked.good, asked.total)]
        for n in range(PER_STEP):
            good.append(parts[0] * (n + 1) // PER_STEP - parts[0] * n // PER_STEP)
            total.append(parts[1] * (n + 1) // PER_STEP - parts[1] * n // PER_STEP)
            known.append(int(at in asked.total))
    sums = [list(accumulate(side)) for side in (good, total, known)]
    return Minutes(until - (len(good) - 1) * MINUTE, sums[0], sums[1], sums[2], scale=SCALE)


def _hours(asked: _Asked, until: datetime) -> tuple[Hour, ...]:
    end = int(until.timestamp()) // 3600 * 3600
    found = []
    for start in range(end - int(REACH.total_seconds()), int(until.timestamp()), 3600):
        ends = [at for at in range(start + STEP, start + 3601, STEP) if at in asked.total]
        good, total = ((sum(side[at] for at in ends) if ends else None) for side in (asked.good, asked.total))
        found.append(Hour(datetime.fromtimestamp(start, UTC), good, total))
    return tuple(found)
