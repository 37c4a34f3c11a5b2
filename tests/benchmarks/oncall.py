"""Who is on call: processor time of 1,000 answers of the closed form, over schedules like real ones.

`bin/bench oncall [--json] [--rounds N]`. No database is asked; PostgreSQL is started by the command all the same.
"""

import argparse
import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time

from incidents.oncall.rotation import Layer, Override, Schedule, Unit, next_handoff, on_call
from incidents.oncall.wallclock import Window, instant
from tests.benchmarks.table import Row, show

ANSWERS = 1_000
BAR = 100.0
ZONES = ("Europe/Berlin", "America/Chicago", "Australia/Lord_Howe", "Asia/Kolkata")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
FAR_PAST = datetime(1975, 3, 3, 8, tzinfo=UTC)


def main() -> None:
    """Ask, measure, show."""
    asked = _arguments()
    schedules = [_schedule(number) for number in range(100)]
    moments = _moments()
    fresh = [_measure(schedules, moments, keep=False) for _ in range(asked.rounds)]
    warm = [_measure(schedules, moments, keep=True) for _ in range(asked.rounds)]
    began = time.process_time()
    for number in range(100):
        next_handoff(schedules[number], NOW)
    handoffs = (time.process_time() - began) * 10  # ms for one
    rows = [
        Row(f"{ANSWERS} answers, nothing kept", (slow := statistics.median(fresh)), "ms", "under 100 ms", slow < BAR),
        Row(f"{ANSWERS} answers, asked before", (fast := statistics.median(warm)), "ms", "under 100 ms", fast < BAR),
        Row("one answer with the next handoff", handoffs, "ms"),
    ]
    show("oncall", rows, as_json=asked.json)


def _measure(schedules: list[Schedule], moments: list[datetime], *, keep: bool) -> float:
    if not keep:
        instant.cache_clear()
    began = time.process_time()
    for number, at in enumerate(moments):
        on_call(schedules[number % len(schedules)], at)
    return (time.process_time() - began) * 1000


def _schedule(number: int) -> Schedule:
    """Two or three layers (weeks, nights, weekends of hours), since 1975 or lately, with three overrides."""
    zone = ZONES[number % len(ZONES)]
    start = FAR_PAST if number % 2 else NOW - timedelta(days=90)
    people = tuple(f"user:default/p{number}-{place}" for place in range(6))
    nights = (Window(clock_time(22), clock_time(6)),)
    weekends = (Window(clock_time(18), clock_time(9), frozenset({4, 5, 6})),)
    layers = [
        Layer("weeks", people, Unit.WEEK, start, zone, 1 + number % 4),
        Layer("nights", people[::-1], Unit.DAY, start, zone, restrictions=nights),
        Layer("weekends", people[1:4], Unit.HOUR, start, zone, 1 + number % 12, restrictions=weekends),
    ]
    first = NOW + timedelta(hours=number)
    overrides = tuple(
        Override(people[place], first + timedelta(days=place), first + timedelta(days=place, hours=9), f"{place}")
        for place in range(3)
    )
    return Schedule(zone, tuple(layers[: 2 + number % 2]), overrides)


def _moments() -> list[datetime]:
    picked = random.Random(5)
    return [NOW + timedelta(minutes=picked.randrange(-500_000, 500_000)) for _ in range(ANSWERS)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench oncall")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
