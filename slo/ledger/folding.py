"""Closed days become one row per ledger, and their partition is dropped: nothing is ever deleted row by row."""

from datetime import date, datetime, timedelta

from django.db import connection, transaction

from portal.lib.errors import Expected
from slo.exclusions import KEPT as KEPT_FOLDED
from slo.ledger.days import KEPT_DAYS, ensure_partitions, partition, partitions

LEDGERS_AT_ONCE = 500

_LOCK = 0x510_F01D
"""Held by a fold alone, and by rebuilds together: a day must not go from one table to the other under a rebuild."""


class FoldingNow(Expected):
    """A closed day is being folded; try again in a minute."""


def not_while_folding() -> None:
    """Keep folds away for the rest of the transaction. Raises FoldingNow."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [_LOCK])
        if cursor.fetchone() != (True,):
            raise FoldingNow


_FOLD = """
WITH rows AS MATERIALIZED (
    SELECT ledger_id, bucket, good_sum, total_sum, carried_good_sum, carried_total_sum, known_sum,
           flags, provisional, excluded, good, total, carried_good, carried_total,
           extract(hour FROM bucket AT TIME ZONE 'UTC')::int * 60
             + extract(minute FROM bucket AT TIME ZONE 'UTC')::int AS minute
    FROM {partition} WHERE ledger_id = ANY(%(ledgers)s)
), edges AS (
    SELECT ledger_id, max(minute) AS last_minute,
           min(good_sum - CASE WHEN excluded THEN 0 ELSE good END) AS good_base,
           min(total_sum - CASE WHEN excluded THEN 0 ELSE total END) AS total_base,
           min(carried_good_sum - CASE WHEN excluded THEN 0 ELSE carried_good END) AS carried_good_base,
           min(carried_total_sum - CASE WHEN excluded THEN 0 ELSE carried_total END) AS carried_total_base,
           min(known_sum - CASE WHEN excluded THEN 0 ELSE 1 END) AS known_base,
           max(good_sum) AS good_end, max(total_sum) AS total_end,
           max(carried_good_sum) AS carried_good_end, max(carried_total_sum) AS carried_total_end,
           max(known_sum) AS known_end
    FROM rows GROUP BY ledger_id
), filled AS (  -- sums never fall, so the largest so far is the last one
    SELECT e.ledger_id, n.minute,
           coalesce(max(r.good_sum) OVER w - e.good_base, 0) AS good,
           coalesce(max(r.total_sum) OVER w - e.total_base, 0) AS total,
           coalesce(max(r.carried_good_sum) OVER w - e.carried_good_base, 0) AS carried_good,
           coalesce(max(r.carried_total_sum) OVER w - e.carried_total_base, 0) AS carried_total,
           coalesce(max(r.known_sum) OVER w - e.known_base, 0)::smallint AS known
    FROM edges e
    CROSS JOIN LATERAL generate_series(0, e.last_minute) AS n(minute)
    LEFT JOIN rows r ON r.ledger_id = e.ledger_id AND r.minute = n.minute
    WINDOW w AS (PARTITION BY e.ledger_id ORDER BY n.minute)
), arrays AS (
    SELECT ledger_id, array_agg(good ORDER BY minute) AS good, array_agg(total ORDER BY minute) AS total,
           array_agg(carried_good ORDER BY minute) AS carried_good,
           array_agg(carried_total ORDER BY minute) AS carried_total, array_agg(known ORDER BY minute) AS known
    FROM filled GROUP BY ledger_id
), marks AS (
    SELECT ledger_id, jsonb_object_agg(minute, CASE WHEN excluded
             THEN jsonb_build_object('flags', flags, 'provisional', provisional, 'excluded', true,
                                     'counts', jsonb_build_array(good::text, total::text, carried_good::text,
                                                                 carried_total::text))
             ELSE jsonb_build_object('flags', flags, 'provisional', provisional) END) AS marks
    FROM rows WHERE flags <> 0 OR provisional OR excluded GROUP BY ledger_id
)
INSERT INTO slo_ledgerday (ledger_id, day, good_base, total_base, carried_good_base, carried_total_base, known_base,
    good_end, total_end, carried_good_end, carried_total_end, known_end,
    good, total, carried_good, carried_total, known, marks)
SELECT e.ledger_id, %(day)s, good_base, total_base, carried_good_base, carried_total_base, known_base,
    good_end, total_end, carried_good_end, carried_total_end, known_end, a.good, a.total,
    CASE WHEN carried_total_end > carried_total_base THEN a.carried_good END,
    CASE WHEN carried_total_end > carried_total_base THEN a.carried_total END,
    a.known, coalesce(k.marks, '{{}}')
FROM edges e JOIN arrays a USING (ledger_id) LEFT JOIN marks k USING (ledger_id)
ON CONFLICT (ledger_id, day) DO NOTHING
"""


def fold_closed_days(*, now: datetime) -> list[date]:
    """Fold every day that closed more than `KEPT_DAYS` ago and drop its partition; make partitions ahead.

    Answers the days folded. Each day is one transaction; readers go on meanwhile.
    """
    today = now.date()
    ensure_partitions(today)
    closed = [day for day in partitions() if day < today - timedelta(days=KEPT_DAYS)]
    for day in closed:
        _fold(day)
    _forget(today - KEPT_FOLDED)
    return closed


@transaction.atomic
def _fold(day: date) -> None:
    name = partition(day)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '30s'")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(f"LOCK TABLE {name} IN SHARE MODE")  # nobody appends to it any more; everybody may read
        # minutes of a ledger that was deleted meanwhile go with the partition
        cursor.execute(f"SELECT id FROM slo_ledger l WHERE EXISTS (SELECT FROM {name} WHERE ledger_id = l.id)")  # noqa: S608
        ledgers = [ledger_id for (ledger_id,) in cursor.fetchall()]
        for place in range(0, len(ledgers), LEDGERS_AT_ONCE):
            some = ledgers[place : place + LEDGERS_AT_ONCE]
            cursor.execute(_FOLD.format(partition=name), {"ledgers": some, "day": day})
        cursor.execute(f"DROP TABLE {name}")


def _forget(before: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM slo_ledgerday WHERE day < %s", [before])
