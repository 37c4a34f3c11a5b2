"""Which days are kept by minute: the partitions of the minute table."""

from datetime import date, timedelta

from django.db import connection, transaction

TABLE = "slo_ledgerminute"
KEPT_DAYS = 4
"""Closed days are kept by minute this long, then folded."""
AHEAD = 2
"""Partitions exist this many days ahead."""

_LOCK = 0x510_1ED6E5


def partition(day: date) -> str:
    """The name of a day's partition."""
    return f"{TABLE}_{day:%Y%m%d}"


def partitions() -> list[date]:
    """The days that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT right(c.relname, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass ORDER BY 1",
            [TABLE],
        )
        return [date.fromisoformat(name) for (name,) in cursor.fetchall()]


def first_kept_day() -> date:
    """The oldest day kept by minute; older buckets go to folded days. Partitions must exist."""
    return partitions()[0]


def ensure_partitions(today: date) -> date:
    """Make the partitions from `KEPT_DAYS` before `today` to `AHEAD` days after it; answers the oldest day there is.

    Days before the oldest partition are never made again: their buckets are folded already.
    """
    there = partitions()
    first = there[0] if there else today - timedelta(days=KEPT_DAYS)
    wanted = [first + timedelta(days=n) for n in range((today - first).days + AHEAD + 1)]
    missing = [day for day in wanted if day not in there]
    if missing:
        _make(missing)
    return first


@transaction.atomic
def _make(days: list[date]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])  # two makers at once would both try
        for day in days:
            after = day + timedelta(days=1)
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {partition(day)} PARTITION OF {TABLE}"
                f" FOR VALUES FROM ('{day} 00:00+00') TO ('{after} 00:00+00')"
            )
