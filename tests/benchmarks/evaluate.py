"""What a cycle of evaluation costs: 10, 100, 1,000 objectives over one real Prometheus with a real exporter.

`bin/bench evaluate [--json] [--sizes 10,100,1000] [--cycles 3]`. The database named by DATABASE_URL is filled with
objectives of four series each, with three days of minutes and 27 folded days behind each, so that windows are looked
up as they are in daily use; use a fresh one. It waits for Prometheus to scrape as many minutes as there are cycles.
"""

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from catalog.models import Component
from portal.lib.clock import db_now
from slo import ledger
from slo.evaluation import Pass, evaluate_due
from slo.models import Cursor, CursorGroup, DataSource, Definition, Ledger, Objective, Standing
from slo.operations.sources import default_policy
from tests.benchmarks.table import Row, show
from tests.fakes.exporter import Exporter, running_exporter
from tests.fakes.prometheus import running_prometheus

BAR_SECONDS = 6.0
"""For `BAR_SIZE` objectives, whole cycle, 2 cores shared with Prometheus (design.md §5)."""
BAR_SIZE = 10_000
BAR_MEMORY = 400
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FOLDED_DAYS = 27
RESULTS = ("success", "failure", "cancelled", "error")
GROUP = 2_000


@dataclass(frozen=True, slots=True)
class Cycle:
    """All passes of one minute."""

    wall: float
    cpu: float
    passes: list[Pass]

    def total(self, field: str) -> float:
        """A figure over all passes."""
        return float(sum(getattr(one, field) for one in self.passes))


def main() -> None:
    """Scrape, fill, measure each size, show."""
    asked = _arguments()
    sizes = [int(size) for size in asked.sizes.split(",")]
    call_command("migrate", verbosity=0)
    with running_exporter() as exporter, tempfile.TemporaryDirectory() as folder:
        _traffic(exporter, max(sizes))
        with running_prometheus(
            Path(folder), targets={"ci": [exporter.address]}, scrape_interval="15s"
        ) as prometheus:  # fmt: skip
            begun = db_now()
            _say(f"scraping for {asked.cycles + 2} minutes")
            end = _scraped(exporter, max(sizes), begun, asked.cycles)
            first = _whole_minute(begun) + 2 * MINUTE
            measured = {size: _measure(size, prometheus.url, first, end) for size in sizes}
    show("evaluate", _rows(measured), as_json=asked.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench evaluate")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sizes", default="10,100,1000", help="numbers of objectives, with commas")
    parser.add_argument("--cycles", type=int, default=3, help="minutes measured for each size")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _traffic(exporter: Exporter, size: int) -> None:
    """Something happens in every series; a failure in a hundred events."""
    for place in range(size):
        for result in RESULTS:
            name = f'ci_runs_total{{pipeline="p{place}",result="{result}"}}'
            exporter.count(name, 97 if result == "success" else 1)


def _scraped(exporter: Exporter, size: int, begun: datetime, cycles: int) -> datetime:
    """Wait until Prometheus has scraped the minutes to be measured; answers the end of the last one."""
    end = _whole_minute(begun) + (cycles + 2) * MINUTE
    while db_now() < end + timedelta(seconds=5):
        _traffic(exporter, size)
        time.sleep(10)
    return end


def _whole_minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _measure(size: int, url: str, first: datetime, end: datetime) -> list[Cycle]:
    """One cycle to warm up, in which states are found anew, then those that count."""
    _say(f"{size} objectives: writing their history")
    source = _fill(size, url, first)
    cycles = [_cycle(first + n * MINUTE + source.delay) for n in range(1, (end - first) // MINUTE + 1)]
    CursorGroup.objects.filter(source=source).update(next_due_at=end + DAY)
    expected = size * len(cycles)
    rows = sum(one.total("rows") for one in cycles)
    if rows != expected:
        raise SystemExit(f"{rows:.0f} rows were written instead of {expected}")
    return cycles[1:] or cycles


def _cycle(now: datetime) -> Cycle:
    begun, burnt, passes = time.perf_counter(), time.process_time(), []
    while done := evaluate_due(now=now):
        if done.error:
            raise SystemExit(f"a pass failed: {done.error}")
        passes.append(done)
    return Cycle(time.perf_counter() - begun, time.process_time() - burnt, passes)


def _fill(size: int, url: str, first: datetime) -> DataSource:
    """Objectives on pipelines, with a month behind them, up to the minute `first`."""
    source = DataSource.objects.create(name=f"bench-{size}", url=url, created_at=first, updated_at=first)
    owner, _ = Component.objects.get_or_create(
        ref="component:default/ci", defaults={"name": "ci", "created_at": first, "updated_at": first}
    )
    definitions = Definition.objects.bulk_create(
        Definition(
            name=f"bench-{size}-{place}",
            component=owner,
            source=source,
            type="events",
            indicator={
                "bad": f'ci_runs_total{{pipeline="p{place}",result=~"failure|error"}}',
                "total": f'ci_runs_total{{pipeline="p{place}"}}',
            },
            created_at=first,
            updated_at=first,
        )
        for place in range(size)
    )
    policy = default_policy(now=first)
    objectives = Objective.objects.bulk_create(
        Objective(
            name=one.name,
            definition=one,
            target="0.97",
            window_days=30,
            policy=policy,
            created_at=first,
            updated_at=first,
        )
        for one in definitions
    )
    Standing.objects.bulk_create(Standing(objective=one) for one in objectives)
    _open(objectives, source, first)
    return source


def _open(objectives: Sequence[Objective], source: DataSource, first: datetime) -> None:
    start = (first - FOLDED_DAYS * DAY).replace(hour=0, minute=0) - 4 * DAY
    books = Ledger.objects.bulk_create(
        Ledger(
            objective=one,
            revision=1,
            source=source,
            type="events",
            indicator=one.definition.indicator,
            starts_at=start,
            filled_at=first,
            created_at=first,
        )
        for one in objectives
    )
    for one, book in zip(objectives, books, strict=True):
        one.ledger = book
    Objective.objects.bulk_update(objectives, ["ledger"], batch_size=1000)
    ledger.ensure_partitions(first.date())
    for place in range(0, len(books), GROUP):
        group = CursorGroup.objects.create(source=source, cursor=first, next_due_at=first)
        some = books[place : place + GROUP]
        _history([book.pk for book in some], start, first)
        _cursors([book.pk for book in some], group, first)


def _cursors(books: list[int], group: CursorGroup, first: datetime) -> None:
    sums = ledger.sums_at([(book, first) for book in books])
    Cursor.objects.bulk_create(
        Cursor(
            ledger_id=book,
            group=group,
            bucket=first,
            good_sum=one.good,
            total_sum=one.total,
            known_sum=one.known,
        )
        for book, one in zip(books, sums, strict=True)
    )


_DAYS = """
INSERT INTO slo_ledgerday (ledger_id, day, good_base, total_base, carried_good_base, carried_total_base, known_base,
    good_end, total_end, carried_good_end, carried_total_end, known_end, good, total, known, marks)
SELECT book, (%(start)s::timestamptz + n * interval '1 day')::date, n * 14256, n * 14400, 0, 0, n * 1440,
    (n + 1) * 14256, (n + 1) * 14400, 0, 0, (n + 1) * 1440, good, total, known, '{}'
FROM unnest(%(books)s::bigint[]) AS book, generate_series(0, %(days)s - 1) AS n,
    (SELECT array_agg(floor(m * 9.9) ORDER BY m) AS good, array_agg(m * 10 ORDER BY m) AS total,
            array_agg(m::smallint ORDER BY m) AS known FROM generate_series(1, 1440) AS m) AS arrays
"""
_MINUTES = """
INSERT INTO slo_ledgerminute (ledger_id, bucket, good, total, good_sum, total_sum, known_sum)
SELECT book, %(start)s::timestamptz + m * interval '1 minute', 10, 10,
    %(days)s * 14256 + floor((m + 1) * 9.9), %(days)s * 14400 + (m + 1) * 10, %(days)s * 1440 + m + 1
FROM unnest(%(books)s::bigint[]) AS book, generate_series(0, %(minutes)s) AS m
"""


def _history(books: list[int], start: datetime, first: datetime) -> None:
    """A month of ten events a minute, one in a hundred bad: folded days, then minutes."""
    kept = datetime.combine(first.date() - 4 * DAY, datetime.min.time(), UTC)
    days = (kept - start) // DAY
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"books": books, "start": start, "days": days})
        cursor.execute(
            _MINUTES, {"books": books, "start": kept, "days": days, "minutes": (first - kept) // MINUTE}
        )  # fmt: skip
        cursor.execute("ANALYZE slo_ledgerminute, slo_ledgerday, slo_cursor, slo_standing, slo_objective")


def _rows(measured: dict[int, list[Cycle]]) -> list[Row]:
    rows = [row for size, cycles in measured.items() for row in _of_size(size, cycles)]
    sizes = sorted(size for size in measured if size >= 100)
    if len(sizes) > 1:
        small, large = (_median(measured[size]) / size for size in (sizes[0], sizes[-1]))
        name = f"cost per objective, {sizes[-1]:,} against {sizes[0]:,}"
        rows.append(Row(name, large / small, "times", "falls or stays flat", holds=large <= small * 1.1))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(Row("memory of the worker", memory, "MB", f"at most {BAR_MEMORY} MB", holds=memory <= BAR_MEMORY))
    rows.append(_bottleneck(measured[max(measured)]))
    return rows


def _median(cycles: Sequence[Cycle]) -> float:
    return statistics.median(one.wall for one in cycles)


def _of_size(size: int, cycles: Sequence[Cycle]) -> list[Row]:
    wall, last = _median(cycles), cycles[-1]
    bar = f"at most {BAR_SECONDS:g} s" if size >= BAR_SIZE else ""
    return [
        Row(f"{size:,} objectives: cycle", wall, "s", bar, holds=wall <= BAR_SECONDS if bar else None),
        Row(f"{size:,} objectives: per objective", 1000 * wall / size, "ms"),
        Row(f"{size:,} objectives: processor", statistics.median(one.cpu for one in cycles), "s"),
        Row(f"{size:,} objectives: queries", last.total("queries"), "queries"),
        Row(f"{size:,} objectives: samples", last.total("samples"), "samples"),
        Row(f"{size:,} objectives: rows", last.total("rows"), "rows"),
    ]


def _bottleneck(cycles: Sequence[Cycle]) -> Row:
    """How the largest size spends its time: asking and counting, or writing and deciding."""
    seconds, writing = (statistics.median(one.total(name) for one in cycles) for name in ("seconds", "writing"))
    share = writing / seconds
    slowest = "PostgreSQL: appending, windows, standings" if share > 0.5 else "asking Prometheus and counting"
    return Row(f"bottleneck ({slowest})", 100 * max(share, 1 - share), "% of it")


if __name__ == "__main__":
    main()
