"""Objectives over one exporter with a month behind them: what `evaluate` and `peer` measure."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection

from catalog.models import Component
from portal.lib.clock import db_now
from slo import ledger
from slo.models import Cursor, CursorGroup, DataSource, Definition, Ledger, Objective, Standing
from slo.operations.sources import default_policy
from tests.fakes.exporter import Exporter

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FOLDED_DAYS = 27
RESULTS = ("success", "failure", "cancelled", "error")
GROUP = 2_000


def traffic(exporter: Exporter, size: int) -> None:
    """Something happens in every series; a failure in a hundred events."""
    for place in range(size):
        for result in RESULTS:
            name = f'ci_runs_total{{pipeline="p{place}",result="{result}"}}'
            exporter.count(name, 97 if result == "success" else 1)


def scraped(exporter: Exporter, size: int, begun: datetime, minutes: int) -> datetime:
    """Wait until Prometheus has scraped so many minutes after the first two; answers the end of the last one."""
    end = whole_minute(begun) + (minutes + 2) * MINUTE
    while db_now() < end + timedelta(seconds=5):
        traffic(exporter, size)
        time.sleep(10)
    return end


def whole_minute(moment: datetime) -> datetime:
    """Its beginning."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def fill(size: int, url: str, first: datetime) -> DataSource:
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
