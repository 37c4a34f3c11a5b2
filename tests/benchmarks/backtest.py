"""What a backtest costs: 30 days of minute buckets for 100 objectives, out of folded days and of minutes.

`bin/bench backtest [--json] [--objectives 100] [--days 30]`. The database named by DATABASE_URL is filled with
objectives that have bad minutes, an outage, holes and quiet hours behind them; use a fresh one. Every answer is held
against `burnrate.decide` asked minute by minute for one objective, so that what is fast is right too.
"""

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from django.core.management import call_command
from django.db import connection

from portal.lib.clock import db_now
from slo import ledger
from slo.backtest import replay
from slo.burnrate import INACTIVE, decide
from slo.ledger.minutes import minutes_of
from slo.minutes import MINUTE, Minutes
from slo.models import Ledger, Objective
from slo.queries.backtest import AT_ONCE, Tried, backtests, default_question
from slo.queries.outlook import promise_of
from slo.windows import BurnWindow
from tests import make_slo
from tests.benchmarks.table import Row, show

BAR_SECONDS, BAR_OBJECTIVES, BAR_DAYS = 10.0, 100, 30
KEPT_DAYS = 4
DAY = timedelta(days=1)

# ten events a minute; one in 200 bad, a slow burn on the third day of ten, an outage of 20 minutes on the fifth,
# holes of half an hour, no traffic at night
_COUNTS = """
CREATE TEMPORARY TABLE counted AS
SELECT book, begin + m * interval '1 minute' AS bucket,
       CASE WHEN m %% 1440 > 1320 THEN 0 ELSE 10 END AS total,
       CASE WHEN m %% 1440 > 1320 THEN 0
            WHEN m %% 14400 BETWEEN 7500 AND 7520 THEN 10
            WHEN m %% 14400 BETWEEN 2880 AND 4320 AND (m * 7 + book) %% 13 = 0 THEN 1
            WHEN (m * 7919 + book * 31) %% 20 = 0 THEN 1 ELSE 0 END AS bad
FROM (SELECT %(start)s::timestamptz AS begin) AS b, unnest(%(books)s::bigint[]) AS book,
     generate_series(1, %(minutes)s) AS m
WHERE (m + book * 53) %% 4000 > 30
"""
_SUMMED = """
CREATE TEMPORARY TABLE summed AS
SELECT book, bucket, total - bad AS good, total,
       sum(total - bad) OVER w AS good_sum, sum(total) OVER w AS total_sum, row_number() OVER w AS known_sum
FROM counted WINDOW w AS (PARTITION BY book ORDER BY bucket)
"""
_MINUTES = """
INSERT INTO slo_ledgerminute (ledger_id, bucket, good, total, good_sum, total_sum, known_sum)
SELECT book, bucket, good, total, good_sum, total_sum, known_sum FROM summed WHERE bucket >= %(kept)s
"""
_DAYS = """
WITH edges AS (
    SELECT book, (bucket AT TIME ZONE 'UTC')::date AS day,
           min(good_sum - good) AS good_base, min(total_sum - total) AS total_base, min(known_sum - 1) AS known_base,
           max(good_sum) AS good_end, max(total_sum) AS total_end, max(known_sum) AS known_end
    FROM summed WHERE bucket < %(kept)s GROUP BY 1, 2
), filled AS (
    SELECT e.book, e.day, n AS minute,
           coalesce(max(s.good_sum) OVER w - e.good_base, 0) AS good,
           coalesce(max(s.total_sum) OVER w - e.total_base, 0) AS total,
           coalesce(max(s.known_sum) OVER w - e.known_base, 0)::smallint AS known
    FROM edges e CROSS JOIN generate_series(0, 1439) AS n
    LEFT JOIN summed s ON s.book = e.book
         AND s.bucket = (e.day + n * interval '1 minute') AT TIME ZONE 'UTC'
    WINDOW w AS (PARTITION BY e.book, e.day ORDER BY n)
), arrays AS (
    SELECT book, day, array_agg(good ORDER BY minute) AS good, array_agg(total ORDER BY minute) AS total,
           array_agg(known ORDER BY minute) AS known
    FROM filled GROUP BY book, day
)
INSERT INTO slo_ledgerday (ledger_id, day, good_base, total_base, carried_good_base, carried_total_base, known_base,
    good_end, total_end, carried_good_end, carried_total_end, known_end, good, total, known, marks)
SELECT book, day, good_base, total_base, 0, 0, known_base, good_end, total_end, 0, 0, known_end,
       good, total, known, '{}'
FROM edges JOIN arrays USING (book, day)
"""


def main() -> None:
    """Fill, measure, check, show."""
    asked = _arguments()
    call_command("migrate", verbosity=0)
    now = db_now().replace(second=0, microsecond=0)
    objectives = _filled(asked.objectives, asked.days, now)
    question = default_question(now=now, days=asked.days)
    begun, burnt = time.perf_counter(), time.process_time()
    found = list(backtests(objectives, question, now=now, points=60))
    wall, processor = time.perf_counter() - begun, time.process_time() - burnt
    books = [one.ledger_id for one in objectives if one.ledger_id]
    reading = _seconds(lambda: _read(books, question.start, now))
    counted = minutes_of(books[:1], start=question.start - 4 * DAY, end=now)[books[0]]
    replaying = _seconds(lambda: _again(found[0], counted))
    slow, same = _by_minute(found[0], counted)
    show("backtest", _rows(asked, found, wall, processor, reading, replaying, slow, same=same), as_json=asked.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench backtest")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--objectives", type=int, default=BAR_OBJECTIVES)
    parser.add_argument("--days", type=int, default=BAR_DAYS)
    return parser.parse_args()


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _filled(count: int, days: int, now: datetime) -> list[Objective]:
    """Objectives of 99 %, with as much behind them as is asked, and the longest window before that."""
    start = (now - (days + 4) * DAY).replace(hour=0, minute=0)
    made = [make_slo.objective(f"bench-{n}", now=now) for n in range(count)]
    books = Ledger.objects.bulk_create(
        Ledger(objective=one, revision=1, type="events", indicator={}, starts_at=start, filled_at=now, created_at=now)
        for one in made
    )
    for one, book in zip(made, books, strict=True):
        one.ledger = book
    Objective.objects.bulk_update(made, ["ledger"])
    ledger.ensure_partitions(now.date())
    kept = datetime.combine(now.date() - KEPT_DAYS * DAY, datetime.min.time(), UTC)
    given: dict[str, Any] = {
        "books": [book.pk for book in books],
        "start": start,
        "minutes": (now - start) // MINUTE,
        "kept": kept,
    }
    with connection.cursor() as cursor:
        for statement in (_COUNTS, _SUMMED, _MINUTES, _DAYS):
            cursor.execute(statement, given)
        cursor.execute("ANALYZE slo_ledgerminute, slo_ledgerday")
    return made


def _read(books: Sequence[int], start: datetime, end: datetime) -> None:
    for place in range(0, len(books), AT_ONCE):
        minutes_of(books[place : place + AT_ONCE], start=start, end=end)


def _again(one: Tried, counted: Minutes) -> None:
    period = promise_of(one.objective).period
    replay(counted, windows=one.windows, period=period, target=one.target, start=one.found.start, end=one.found.end)


def _by_minute(one: Tried, counted: Minutes) -> tuple[float, bool]:
    """Seconds that asking every minute takes, and whether it says the same."""
    begun = time.perf_counter()
    slow = sorted(chain.from_iterable(_asked(counted, window, one) for window in one.windows))
    seconds = time.perf_counter() - begun
    fast = [
        (at, firing.rule)
        for alert in one.found.alerts
        for firing in alert.firings
        for at in (firing.start, firing.end)
        if at
    ]
    return seconds, slow == sorted(fast)


def _asked(counted: Minutes, window: BurnWindow, one: Tried) -> list[tuple[datetime, str]]:
    memory, changes = INACTIVE, []
    long, short = window.long // MINUTE, window.short // MINUTE
    for place in range(counted.place(one.found.start) + 1, counted.place(one.found.end) + 1):
        decision = decide(
            window,
            memory,
            long=counted.reading(max(0, place - long), place),
            short=counted.reading(max(0, place - short), place, carried=False),
            bucket=counted.at(place),
        )
        memory = decision.memory
        if decision.changed:
            changes.append((counted.at(place), window.rule.name))
    return changes


def _rows(
    asked: argparse.Namespace, found: Sequence[Tried], wall: float, processor: float, reading: float,
    replaying: float, slow: float, *, same: bool,
) -> list[Row]:  # fmt: skip
    measured = asked.objectives >= BAR_OBJECTIVES and asked.days >= BAR_DAYS
    bar = f"under {BAR_SECONDS:g} s" if measured else ""
    alerts = sum(len(one.found.alerts) for one in found)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row(
            f"{asked.objectives} objectives, {asked.days} days of minutes",
            wall,
            "s",
            bar,
            holds=wall < BAR_SECONDS if bar else None,
        ),
        Row("of it processor of the caller", processor, "s"),
        Row("reading the ledgers alone", reading, "s"),
        Row("one objective, replay alone", 1000 * replaying, "ms"),
        Row("one objective, asked minute by minute", 1000 * slow, "ms"),
        Row("same decisions as minute by minute", float(same), "", "the same", holds=same),
        Row("alerts found", alerts, "alerts", "some", holds=alerts > 0),
        Row("memory of the caller", memory, "MB"),
    ]


if __name__ == "__main__":
    main()
