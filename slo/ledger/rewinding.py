"""What a source could not say: taking back what partial answers had added, so that their stretch is counted once, from
whole ones (rule 9), and noting what it keeps in no form that can be counted (rule 11)."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from slo.ledger.reading import sums_at
from slo.models import Ledger


def rewind(ledgers: Collection[int], *, to: datetime) -> None:
    """Remove the minutes after `to` and put the cursors back there, in the caller's transaction.

    Only what is kept by minute can be taken back. What was carried forward and the series' states were not moved on
    when it was added, so they stand where they stood at `to`.
    """
    mine = sorted(ledgers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM slo_cursor WHERE ledger_id = ANY(%s) ORDER BY ledger_id FOR UPDATE", [mine])
        cursor.execute("DELETE FROM slo_ledgerminute WHERE ledger_id = ANY(%s) AND bucket > %s", [mine, to])
        sums = sums_at([(ledger_id, to) for ledger_id in mine])
        cursor.execute(
            "UPDATE slo_cursor c SET bucket = %s, good_sum = v.good, total_sum = v.total,"
            " carried_good_sum = v.carried_good, carried_total_sum = v.carried_total, known_sum = v.known"
            " FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::bigint[])"
            " AS v(ledger_id, good, total, carried_good, carried_total, known) WHERE c.ledger_id = v.ledger_id",
            [to, mine, *([str(one[place]) for one in sums] for place in range(4)), [one.known for one in sums]],
        )


def mark_provisional(ledgers: Collection[int], *, since: datetime) -> None:
    """Say of the minutes after `since` that a part of their data was missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE slo_ledgerminute SET provisional = true WHERE ledger_id = ANY(%s) AND bucket > %s",
            [sorted(ledgers), since],
        )


def note_downsampled(ledgers: Collection[int], *, until: datetime) -> None:
    """Remember that up to `until` the source keeps only downsampled data for these; their minutes stay unknown."""
    Ledger.objects.filter(pk__in=sorted(ledgers)).update(downsampled_until=until)
