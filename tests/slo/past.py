"""The past that evaluation tests live in: five hours of a few services, and the truth about them by minute.

Times are minutes after `begin`. Samples are 15 s apart, at seconds 5, 20, 35 and 50; each minute's events show in its
third sample, so that no event lies on an edge.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from slo.ledger import Sums
from tests.slo.tsdb import Samples

MINUTES = 300
OUTAGE = range(120, 140)
"""When every job of the pool `broken` fails."""
GONE_AT, BACK_AT = 150, 190
"""When the exporter of the pool `gone` falls silent, and when it is heard again."""
QUIET_AT = 130
"""When the pool `stalled` has run its last job, having failed all of the ten minutes before."""

BOUNDS = {"0.5": 7, "1.0": 9, "+Inf": 10}
"""How many of ten jobs of the pool `steady` take at most so many seconds, as Prometheus 3 writes bounds."""

type Counts = tuple[int, int]


def _steady(_: int) -> Counts:
    return 10, 0


def _broken(minute: int) -> Counts:
    return (0, 10) if minute in OUTAGE else (10, 0)


def _stalled(minute: int) -> Counts:
    return (0, 0) if minute >= QUIET_AT else (0, 10) if minute >= QUIET_AT - 10 else (10, 0)


def _gone(minute: int) -> Counts:
    return (10, 1 if minute % 10 == 0 else 0)


POOLS: dict[str, Callable[[int], Counts]] = {
    "steady": _steady,
    "broken": _broken,
    "stalled": _stalled,
    "gone": _gone,
}


@dataclass(frozen=True)
class Past:
    """Where the past begins, where Prometheus with it is, and what really happened."""

    begin: datetime
    url: str = ""
    truth: dict[str, list[Counts]] = field(default_factory=dict)

    def at(self, minute: float) -> datetime:
        """A moment, by minutes after the beginning."""
        return self.begin + timedelta(minutes=minute)

    def sums(self, pool: str, since: int, until: int) -> Sums:
        """What a ledger that begins at minute `since` must hold at minute `until`, where every minute is known."""
        held = self.truth[pool][max(0, since) : until]
        good, bad = sum(good for good, _ in held), sum(bad for _, bad in held)
        return Sums(good, good + bad, 0, 0, until - max(0, since))


def past_beginning(now: datetime) -> datetime:
    """A whole hour, so long ago that the past has passed."""
    return (now - timedelta(minutes=MINUTES + 120)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def truth() -> dict[str, list[Counts]]:
    """Good and bad by minute and pool. What Prometheus can know: a pool whose exporter is silent shows it later."""
    return {pool: [happens(minute) for minute in range(MINUTES)] for pool, happens in POOLS.items()}


def series(begin: datetime) -> dict[str, Samples]:
    """The samples of it all."""
    start = int(begin.timestamp())
    made: dict[str, list[tuple[int, float]]] = {}
    for pool, happens in POOLS.items():
        good = bad = 0
        for minute in range(MINUTES):
            heard = not (pool == "gone" and GONE_AT <= minute < BACK_AT)
            for second in (5, 20, 35, 50):
                if second == 35:
                    good, bad = good + happens(minute)[0], bad + happens(minute)[1]
                if heard:
                    at = start + 60 * minute + second
                    where = f'{{job="ci",instance="{pool}:9100"'
                    made.setdefault(f'jobs_total{where},pool="{pool}",result="ok"}}', []).append((at, good))
                    made.setdefault(f'jobs_total{where},pool="{pool}",result="bad"}}', []).append((at, bad))
                    made.setdefault(f"up{where}}}", []).append((at, 1))
                    for bound, share in BOUNDS.items() if pool == "steady" else ():
                        counted = f'job_seconds_bucket{where},pool="{pool}",le="{bound}"}}'
                        made.setdefault(counted, []).append((at, (good + bad) // 10 * share))
                    is_up = 0 if pool == "broken" and minute in OUTAGE else 1
                    made.setdefault(f"probe_up{where}}}", []).append((at, is_up))
        for second in range(5, 60 * MINUTES, 60):
            if pool == "steady":
                pushed = 'job="nightly",instance=""}'
                made.setdefault(f"backups_total{{{pushed}", []).append((start + second, second // 3600))
                made.setdefault(f"push_time_seconds{{{pushed}", []).append((start + second, start))
    return dict(made)


def indicator(pool: str) -> dict[str, str]:
    """An events indicator on one pool."""
    return {"bad": f'jobs_total{{pool="{pool}",result="bad"}}', "total": f'jobs_total{{pool="{pool}"}}'}
