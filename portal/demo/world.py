"""PURE: the platform's tools as they work on, a step of time after the other. What it counts is the demo's truth."""

import math
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from portal.demo import exporters as ex
from portal.demo.faults import Conditions
from portal.demo.streams import PAIRS, STREAMS, SWITCHES, TIMED
from portal.demo.traffic import among, arrivals, busy

JOBS_PER_MINUTE = 45.0
JOB_SECONDS = 240.0
START_SECONDS = 4.0
MAX_RUNNERS = 600
JOB_RESULTS = {"succeeded": 1.0, "canceled": 0.012, "failed": 0.0031}


def _started() -> str:
    return ex.series("gha_started_jobs_total", ex.SCALE_SET)


def _completed(result: str) -> str:
    return ex.series("gha_completed_jobs_total", {**ex.SCALE_SET, "job_result": result})


def _startup(part: str, le: str = "") -> str:
    return ex.series(f"{ex.STARTUP}_{part}", {**ex.SCALE_SET, **({"le": le} if le else {})})


def _ways(stream: ex.Stream) -> list[tuple[str, float]]:
    return [(stream.series(value), share) for value, share in stream.outcomes.items()]


def _both(pair: ex.Pair) -> list[tuple[str, float]]:
    return [(ex.series(pair.good, pair.labels), 1.0), (ex.series(pair.bad, pair.labels), pair.failing)]


_LES = tuple(f"{limit:g}" for limit in ex.STARTUP_BUCKETS)
_STARTED = _started()
_JOB_ENDS = [(_completed(result), share) for result, share in JOB_RESULTS.items()]
_BUCKETS = tuple(zip(ex.STARTUP_BUCKETS, (_startup("bucket", le) for le in _LES), strict=True))
_BUCKET_INF, _SUM, _COUNT = _startup("bucket", "+Inf"), _startup("sum"), _startup("count")
# (what `Conditions.failing` calls it, how many a minute, each way to end and its share; the first takes what is left)
_WORK = (
    *((one.fails_as or one.metric, one.per_minute, _ways(one)) for one in STREAMS),
    *((one.bad, one.per_minute, _both(one)) for one in PAIRS),
)
_TIMED = [
    (one, one.part("bucket", f"{one.limit:g}"), one.part("bucket", "+Inf"), one.part("count"), one.part("sum"))
    for one in TIMED
]
_SWITCHES = [(one.exporter, one.metric, ex.series(one.metric, one.labels)) for one in SWITCHES]
COUNTERS: dict[str, list[str]] = {name: [] for name in ex.EXPORTERS}
COUNTERS["runners"] = [_STARTED, *(s for s, _ in _JOB_ENDS), *(s for _, s in _BUCKETS), _BUCKET_INF, _SUM, _COUNT]
for _stream in STREAMS:
    COUNTERS[_stream.exporter] += [_stream.series(value) for value in _stream.outcomes]
for _pair in PAIRS:
    COUNTERS[_pair.exporter] += [ex.series(_pair.good, _pair.labels), ex.series(_pair.bad, _pair.labels)]
for _one, *_parts in _TIMED:
    COUNTERS[_one.exporter] += _parts


def _nothing_yet() -> dict[str, int]:
    return {series: 0 for names in COUNTERS.values() for series in names}


@dataclass(slots=True)
class World:
    """Counters by series (see `exporters.series`), and what is in the air: jobs waiting, jobs running, what is down."""

    at: float
    counters: dict[str, int] = field(default_factory=_nothing_yet)
    waiting: int = 0
    running: int = 130
    down: list[str] = field(default_factory=list)
    """Metrics of what is down."""

    def advance(self, *, to: float, conditions: Conditions, rng: random.Random) -> None:
        """Let the time until `to` (seconds since the epoch) pass under `conditions`; the past stays as it was."""
        seconds = to - self.at
        if seconds <= 0:
            return
        level = busy(to)
        self._run_jobs(seconds, level, conditions, rng)
        for name, per_minute, ways in _WORK:
            count = arrivals(rng, per_minute * level * seconds / 60)
            if count:
                self._end(count, ways, conditions.failing.get(name, 0.0), rng)
        self._take_time(seconds, level, conditions, rng)
        self.down = sorted(conditions.down)
        self.at = to

    def gauges(self) -> dict[str, dict[str, int]]:
        """What is measured rather than counted, by exporter and series."""
        idle = min(MAX_RUNNERS - self.running, 12)
        listener = {
            "gha_assigned_jobs": self.waiting + self.running,
            "gha_running_jobs": self.running,
            "gha_registered_runners": self.running + idle,
            "gha_busy_runners": self.running,
            "gha_idle_runners": idle,
            "gha_max_runners": MAX_RUNNERS,
        }
        runners = {ex.series(metric, ex.SCALE_SET): value for metric, value in listener.items()}
        found: dict[str, dict[str, int]] = {"runners": runners}
        for exporter, metric, name in _SWITCHES:
            found.setdefault(exporter, {})[name] = 0 if metric in self.down else 1
        return found

    def samples(self, exporter: str) -> Iterator[tuple[str, int]]:
        """Every series of one exporter with its value now; series of one metric follow one another."""
        for series in COUNTERS[exporter]:
            yield series, self.counters[series]
        yield from self.gauges().get(exporter, {}).items()

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "World":
        """As `to_dict` gave it, perhaps before a tool was added: what is not there yet begins at nothing."""
        known = {one.name for one in fields(cls)}
        said = {name: value for name, value in kept.items() if name in known}
        return cls(**{**said, "counters": {**_nothing_yet(), **said["counters"]}})

    def to_dict(self) -> dict[str, object]:
        """For the state file."""
        return asdict(self)

    def _end(self, count: int, ways: list[tuple[str, float]], failing: float, rng: random.Random) -> None:
        """Work ends in its ways; `failing` raises the share of the last one, the first takes what is left."""
        for series, share in ways[:0:-1]:
            some = among(rng, count, max(share, failing))
            self.counters[series] += some
            count, failing = count - some, 0.0
        self.counters[ways[0][0]] += count

    def _take_time(self, seconds: float, level: float, conditions: Conditions, rng: random.Random) -> None:
        for one, within, whole, number, total in _TIMED:
            count = arrivals(rng, one.per_minute * level * seconds / 60)
            slow = among(rng, count, max(one.slow, conditions.failing.get(one.metric, 0.0)))
            self.counters[within] += count - slow
            self.counters[whole] += count
            self.counters[number] += count
            self.counters[total] += round(count * 0.04 + slow * 2 * one.limit)

    def _run_jobs(self, seconds: float, level: float, conditions: Conditions, rng: random.Random) -> None:
        done = among(rng, self.running, 1 - math.exp(-seconds / JOB_SECONDS))
        self._finish(done, rng)
        per_second = JOBS_PER_MINUTE * level / 60
        waited = max(START_SECONDS, self.waiting / per_second)
        self.waiting += arrivals(rng, per_second * seconds)
        room = min(self.waiting, MAX_RUNNERS - self.running)
        started = among(rng, room, (1 - math.exp(-seconds / START_SECONDS)) * conditions.runners)
        self._start(started, waited, rng)

    def _finish(self, count: int, rng: random.Random) -> None:
        self.running -= count
        self._end(count, _JOB_ENDS, 0.0, rng)

    def _start(self, count: int, waited: float, rng: random.Random) -> None:
        """Those that start waited about as long as the queue is deep, and a few of them longer."""
        self.waiting -= count
        self.running += count
        slow = among(rng, count, 0.006)
        self.counters[_STARTED] += count
        for jobs, seconds in ((count - slow, waited), (slow, waited + 90)):
            for limit, bucket in _BUCKETS:
                if seconds <= limit:
                    self.counters[bucket] += jobs
            self.counters[_BUCKET_INF] += jobs
            self.counters[_COUNT] += jobs
            self.counters[_SUM] += round(jobs * seconds)
