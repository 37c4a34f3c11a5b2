"""What a cycle of evaluation costs: 100, 1,000, 10,000 objectives over one real Prometheus with a real exporter.

`bin/bench evaluate [--json] [--sizes 100,1000,10000] [--cycles 3] [--keep FOLDER] [--without-ledger-cache]`. The
database named by DATABASE_URL is filled with objectives of four series each, with three days of minutes and 27 folded
days behind each, so that windows are looked up as they are in daily use; use a fresh one. It waits for Prometheus to
scrape as many minutes as there are cycles. What was counted is held against the last values that were scraped, and
beside it stands what `increase()` makes of the same samples.

`--keep FOLDER` leaves the samples in a folder and the history in the database, where DATABASE_URL names one that stays,
and the next run measures the same minutes again at once.

`--without-ledger-cache` keeps nothing: each cycle asks Prometheus for every window of every objective, in united
queries. It tells batching from storage. Prometheus holds a few minutes only here, so its long windows are cheaper than
in daily use.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from portal.lib.clock import db_now
from slo.evaluation import Pass, evaluate_due
from slo.models import CursorGroup, DataSource, Ledger
from slo.prometheus import Prometheus
from slo.sources import client
from slo.windows import WORKBOOK
from tests.benchmarks import evaluate_kept
from tests.benchmarks.evaluate_filled import DAY, MINUTE, RESULTS, fill, scraped, traffic, whole_minute
from tests.benchmarks.evaluate_kept import Kept, put_back
from tests.benchmarks.table import Row, show
from tests.fakes.exporter import running_exporter
from tests.fakes.prometheus import RunningPrometheus, running_prometheus

BAR_SECONDS = 6.0
"""For `BAR_SIZE` objectives, whole cycle, 2 cores shared with Prometheus (design.md §5)."""
BAR_SIZE = 10_000
BAR_MEMORY = 400
TICKS = os.sysconf("SC_CLK_TCK")
WINDOWS = sorted({rule[side] for rule in WORKBOOK for side in ("long", "short")} | {"30d"})


@dataclass(frozen=True, slots=True)
class Cycle:
    """All passes of one minute; processor seconds of the worker and of Prometheus."""

    wall: float
    cpu: float
    prometheus: float
    queries: float
    samples: float
    rows: float
    writing: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of objectives: its cycles, what was counted, what had happened, and what increase() says."""

    cycles: list[Cycle]
    counted: float = 0.0
    happened: float = 0.0
    extrapolated: float = 0.0


def main() -> None:
    """Scrape, fill, measure each size, show."""
    asked = _arguments()
    sizes = [int(size) for size in asked.sizes.split(",")]
    call_command("migrate", verbosity=0)
    measure = _without_ledger if asked.without_ledger_cache else _measure
    with _scraped(asked, max(sizes)) as (prometheus, first, end):
        measured = {size: measure(size, prometheus, first, end) for size in sizes}
    rows = _rows_without(measured) if asked.without_ledger_cache else _rows(measured)
    show("evaluate", rows, as_json=asked.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench evaluate")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sizes", default="100,1000,10000", help="numbers of objectives, with commas")
    parser.add_argument("--cycles", type=int, default=3, help="minutes measured for each size")
    parser.add_argument("--keep", type=Path, help="folder whose samples, with DATABASE_URL's history, are used again")
    parser.add_argument("--without-ledger-cache", action="store_true", help="ask Prometheus for every window instead")
    return parser.parse_args()


@contextmanager
def _scraped(asked: argparse.Namespace, size: int) -> Iterator[tuple[RunningPrometheus, datetime, datetime]]:
    """A Prometheus that has scraped `size` pipelines, and the first and the last of the minutes to measure."""
    if asked.keep is None:
        with tempfile.TemporaryDirectory() as folder, _scraping(Path(folder), asked.cycles, size) as found:
            yield found
        return
    asked.keep.mkdir(parents=True, exist_ok=True)
    kept = evaluate_kept.read(asked.keep)
    if kept is not None:
        if kept.size < size:
            raise SystemExit(f"{asked.keep} keeps {kept.size} objectives; use another folder for {size}")
        _say(f"{asked.keep}: as scraped until {kept.end:%Y-%m-%d %H:%M}")
        with running_prometheus(asked.keep, targets={}) as prometheus:
            yield prometheus, kept.first, min(kept.end, kept.first + asked.cycles * MINUTE)
        return
    with _scraping(asked.keep, asked.cycles, size) as (prometheus, first, end):
        evaluate_kept.write(asked.keep, Kept(first, end, size))
        yield prometheus, first, end


@contextmanager
def _scraping(folder: Path, cycles: int, size: int) -> Iterator[tuple[RunningPrometheus, datetime, datetime]]:
    with running_exporter() as exporter:
        traffic(exporter, size)
        targets = {"ci": [exporter.address]}
        with running_prometheus(folder, targets=targets, scrape_interval="15s") as prometheus:
            begun = db_now()
            _say(f"scraping for {cycles + 2} minutes")
            end = scraped(exporter, size, begun, cycles)
            yield prometheus, whole_minute(begun) + 2 * MINUTE, end


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _measure(size: int, prometheus: RunningPrometheus, first: datetime, end: datetime) -> Measured:
    """One cycle to warm up, in which states are found anew, then those that count."""
    there = DataSource.objects.filter(name=f"bench-{size}").first()
    _say(f"{size} objectives: {'putting back' if there else 'writing'} their history")
    source = put_back(there, prometheus.url, first) if there else fill(size, prometheus.url, first)
    before = _counted(source)
    minutes = (end - first) // MINUTE
    cycles = [_timed(prometheus, partial(_cycle, first + n * MINUTE + source.delay)) for n in range(1, minutes + 1)]
    CursorGroup.objects.filter(source=source).update(next_due_at=end + DAY)
    rows = sum(one.rows for one in cycles)
    if rows != size * len(cycles):
        raise SystemExit(f"{rows:.0f} rows were written instead of {size * len(cycles)}")
    happened, extrapolated = _truth(client(source), size, first, end)
    return Measured(cycles[1:] or cycles, _counted(source) - before, happened, extrapolated)


type Done = tuple[float, float, float, float]
"""Queries, samples, rows, and seconds spent writing."""


def _timed(prometheus: RunningPrometheus, work: Callable[[], Done]) -> Cycle:
    theirs, begun, burnt = _processor(prometheus.process.pid), time.perf_counter(), time.process_time()
    done = work()
    wall, cpu = time.perf_counter() - begun, time.process_time() - burnt
    return Cycle(wall, cpu, _processor(prometheus.process.pid) - theirs, *done)


def _processor(pid: int) -> float:
    """Seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _cycle(now: datetime) -> Done:
    passes: list[Pass] = []
    while done := evaluate_due(now=now):
        if done.error:
            raise SystemExit(f"a pass failed: {done.error}")
        passes.append(done)
    names = ("queries", "samples", "rows", "writing")
    queries, samples, rows, writing = (float(sum(getattr(one, name) for one in passes)) for name in names)
    return queries, samples, rows, writing


def _counted(source: DataSource) -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(total_sum + carried_total_sum), 0) FROM slo_cursor c"
            " JOIN slo_ledger l ON l.id = c.ledger_id WHERE l.source_id = %s",
            [source.pk],
        )
        return float(cursor.fetchone()[0])


def _truth(asked: Prometheus, size: int, first: datetime, end: datetime) -> tuple[float, float]:
    """Events between the last samples of two moments, and what increase() makes of them; of the first `size` alone."""
    series = f'ci_runs_total{{pipeline=~"{"|".join(f"p{place}" for place in range(size))}"}}'
    stood = [_one(asked, f"sum({series})", moment) for moment in (first, end)]
    return stood[1] - stood[0], _one(asked, f"sum(increase({series}[{(end - first).seconds}s]))", end)


def _one(asked: Prometheus, query: str, at: datetime) -> float:
    return float(asked.instant(query, at=at.timestamp()).series[0].samples[0][1])


def _without_ledger(size: int, prometheus: RunningPrometheus, first: datetime, end: datetime) -> Measured:
    asked = Prometheus(prometheus.url, timeout=60)
    listed = "|".join(f"p{place}" for place in range(size))

    def cycle(at: datetime) -> Done:
        queries = samples = 0
        for window in WINDOWS:
            for results in ("failure|error", "|".join(RESULTS)):
                query = (
                    f'sum by (pipeline) (increase(ci_runs_total{{pipeline=~"{listed}",result=~"{results}"}}[{window}]))'
                )
                samples += len(asked.instant(query, at=at.timestamp()).series)
                queries += 1
        return float(queries), float(samples), 0.0, 0.0

    minutes = (end - first) // MINUTE
    return Measured([_timed(prometheus, partial(cycle, first + n * MINUTE)) for n in range(2, minutes + 1)])


def _rows(measured: dict[int, Measured]) -> list[Row]:
    rows = [row for size, one in measured.items() for row in _of_size(size, one)]
    sizes = sorted(size for size in measured if size >= 100)
    if len(sizes) > 1:
        small, large = (_median(measured[size].cycles) / size for size in (sizes[0], sizes[-1]))
        name = f"cost per objective, {sizes[-1]:,} against {sizes[0]:,}"
        rows.append(Row(name, large / small, "times", "falls or stays flat", holds=large <= small * 1.1))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(Row("memory of the worker", memory, "MB", f"at most {BAR_MEMORY} MB", holds=memory <= BAR_MEMORY))
    return [*rows, *_stored(), _bottleneck(measured[max(measured)].cycles)]


def _rows_without(measured: dict[int, Measured]) -> list[Row]:
    """Figures alone: the bars are for evaluation as it is, which asks for a minute and looks the rest up."""
    found = []
    for size, one in measured.items():
        found += [Row(row.name, row.value, row.unit) for row in _of_size(size, one) if not row.name.endswith(" rows")]
    return found


def _median(cycles: Sequence[Cycle]) -> float:
    return statistics.median(one.wall for one in cycles)


def _of_size(size: int, measured: Measured) -> list[Row]:
    cycles, last = measured.cycles, measured.cycles[-1]
    wall = _median(cycles)
    bar = f"at most {BAR_SECONDS:g} s" if size >= BAR_SIZE else ""
    rows = [
        Row(f"{size:,} objectives: cycle", wall, "s", bar, holds=wall <= BAR_SECONDS if bar else None),
        Row(f"{size:,} objectives: per objective", 1000 * wall / size, "ms"),
        Row(f"{size:,} objectives: processor, worker", statistics.median(one.cpu for one in cycles), "s"),
        Row(f"{size:,} objectives: processor, Prometheus", statistics.median(one.prometheus for one in cycles), "s"),
        Row(f"{size:,} objectives: queries", last.queries, "queries"),
        Row(f"{size:,} objectives: samples", last.samples, "samples"),
        Row(f"{size:,} objectives: rows", last.rows, "rows"),
    ]
    if measured.happened:
        off, naive = measured.counted - measured.happened, measured.extrapolated - measured.happened
        name = f"{size:,} objectives: counted beside {measured.happened:,.0f} scraped"
        rows.append(Row(name, off, "events", "none lost, none invented", holds=off == 0))
        rows.append(Row(f"{size:,} objectives: increase() beside them", naive, "events"))
    return rows


def _stored() -> list[Row]:
    """What a day of one ledger takes: by minute, and folded."""
    if not Ledger.objects.exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(inhrelid)) / greatest((SELECT count(*) FROM slo_ledgerminute), 1),"
            " pg_total_relation_size('slo_ledgerday') / greatest((SELECT count(*) FROM slo_ledgerday), 1)"
            " FROM pg_inherits WHERE inhparent = 'slo_ledgerminute'::regclass"
        )
        minute, day = (float(value) for value in cursor.fetchone())
    return [
        Row("a day of 10,000 objectives: rows by minute", 1440 * 10_000 / 1e6, "million"),
        Row("a day of 10,000 objectives: by minute", minute * 1440 * 10_000 / 1e6, "MB"),
        Row("a day of 10,000 objectives: folded", day * 10_000 / 1e6, "MB"),
    ]


def _bottleneck(cycles: Sequence[Cycle]) -> Row:
    """How the largest size spends its time: asking and counting, or writing and deciding."""
    share = statistics.median(one.writing / one.wall for one in cycles)
    slowest = "PostgreSQL: appending, windows, standings" if share > 0.5 else "asking Prometheus and counting"
    return Row(f"bottleneck ({slowest})", 100 * max(share, 1 - share), "% of it")


if __name__ == "__main__":
    main()
