"""Reading the history of new ledgers, in the background, forward from the oldest bucket (slo.md §3).

A filling group goes through the same pass as any other, in stretches of hours; having caught up with the present it is
an ordinary group, with its cursor and its state where the last stretch left them, so that no minute is lost or doubled.
"""

from datetime import datetime, timedelta

from slo.windows import Period

LONGEST_ALERT = timedelta(days=3)
"""History is read at least this far back, so that every alert window is whole from the first minute."""


def history_start(period: Period, *, now: datetime) -> datetime:
    """Where a new ledger begins: the period's start or the longest alert window's, at a whole hour before it.

    Whole hours let the histories of objectives that are created together be read together.
    """
    start = min(period.bounds(now)[0], now - LONGEST_ALERT)
    return start.replace(minute=0, second=0, microsecond=0)
