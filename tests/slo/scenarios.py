"""Ten hours of ten services, each with one thing that budgets and alerts must get right.

Times are minutes after `begin`; minute `m` is `(m - 1, m]`, named by its end as buckets are. Samples are 15 s apart, at
seconds 5, 20, 35 and 50; each minute's events show in its third sample.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.slo.tsdb import Samples

MINUTES = 600
LIVE = 340
"""From this minute on every minute is evaluated; what came before is caught up with in one go."""
SECONDS = (5, 20, 35, 50)

type Happens = Callable[[int], tuple[int, int]]
"""Good and bad events of a minute."""


@dataclass(frozen=True)
class Service:
    """What happens to it, and what Prometheus gets to see of that."""

    happens: Happens
    silent: range = range(0)
    """Minutes in which nothing can be scraped."""
    restarts: tuple[int, ...] = ()
    """Minutes at whose beginning all its counters start again."""
    without: str = ""
    """A result that never gets a series."""
    born: int = 0
    """The minute in which the series of failures appears; 0: from the beginning."""


def _fails(during: range, *, every: int, good: int, bad: int) -> Happens:
    """`good` events a minute; in every `every`-th minute of `during`, `bad` of them are bad."""
    return lambda minute: (good - bad, bad) if minute in during and minute % every == 0 else (good, 0)


def _idle(minute: int) -> tuple[int, int]:
    if 411 <= minute <= 530:
        return 0, 0
    return (0, 10) if 401 <= minute <= 410 else (10, 0)


def _rare(minute: int) -> tuple[int, int]:
    if minute % 10:
        return 0, 0
    return (0, 1) if minute == 400 else (1, 0)


SERVICES: dict[str, Service] = {
    "outage": Service(_fails(range(401, 441), every=1, good=10, bad=10)),
    "ten-percent": Service(_fails(range(401, 521), every=1, good=10, bad=1)),
    "slow-burn": Service(_fails(range(201, 601), every=1, good=200, bad=7)),
    "half-budget": Service(_fails(range(601), every=1, good=400, bad=1)),
    "idle-gap": Service(_idle),
    "no-errors-ever": Service(_fails(range(0), every=1, good=10, bad=0), without="bad"),
    "counter-reset": Service(_fails(range(601), every=50, good=10, bad=2), restarts=(451,)),
    "quiet": Service(_rare),
    "first-failure": Service(_fails(range(450, 451), every=1, good=10, bad=3), born=450),
    "exporter-gone": Service(_fails(range(601), every=100, good=10, bad=1), silent=range(431, 471)),
}


def beginning(now: datetime) -> datetime:
    """A whole hour, so long ago that all of it has passed."""
    return (now - timedelta(minutes=MINUTES + 120)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def series(begin: datetime) -> dict[str, Samples]:
    """The samples of it all."""
    start = int(begin.timestamp())
    made: dict[str, list[tuple[int, float]]] = {}
    for name, service in SERVICES.items():
        where = f'job="ci",instance="{name}:9100"'
        for at, results in _scrapes(service):
            made.setdefault(f"up{{{where}}}", []).append((start + at, 1))
            for result, value in results.items():
                made.setdefault(f'jobs_total{{{where},pool="{name}",result="{result}"}}', []).append(
                    (start + at, value)
                )
    return dict(made)


def _scrapes(service: Service) -> Iterator[tuple[int, dict[str, int]]]:
    """Seconds after the beginning, and the counters as they stand, for every scrape that succeeds."""
    good = bad = 0
    for minute in range(1, MINUTES + 1):
        if minute in service.restarts:
            good = bad = 0
        for second in SECONDS:
            if second == SECONDS[2]:
                added = service.happens(minute)
                good, bad = good + added[0], bad + added[1]
            if minute not in service.silent:
                seen = {"ok": good, "bad": bad}
                born = minute > service.born or (minute == service.born and second >= SECONDS[2])
                yield (
                    60 * (minute - 1) + second,
                    {
                        result: value
                        for result, value in seen.items()
                        if result != service.without and (result == "ok" or born)
                    },
                )


def indicator(name: str) -> dict[str, str]:
    """Bad and all of one service's jobs."""
    return {"bad": f'jobs_total{{pool="{name}",result="bad"}}', "total": f'jobs_total{{pool="{name}"}}'}
