"""The ledger: the only module that touches its tables (slo.md §3).

`groups` lease work, `append` writes buckets and moves cursors, `reading` answers what any window held, `folding` turns
closed days into one row each, `rebuilding` changes what was appended. What writes counts runs in the caller's
transaction and locks cursors first.
"""

from slo.ledger.appending import Appended, Entry, append
from slo.ledger.days import ensure_partitions, first_kept_day
from slo.ledger.edges import sums_by_moment
from slo.ledger.folding import FoldingNow, fold_closed_days
from slo.ledger.groups import (
    LeasedGroup,
    LeaseLost,
    advance,
    due_sources,
    eject,
    finish_filling,
    has_several_sources,
    lease_due,
    open_ledger,
    postpone,
    retire_ledgers,
    set_step,
)
from slo.ledger.members import Member, filling, members
from slo.ledger.planned import plainly_planned
from slo.ledger.reading import BucketRow, buckets, sums_at, unknown_stretches
from slo.ledger.rebuilding import Held, Stretch, align, hold, recount
from slo.ledger.rewinding import mark_provisional, note_downsampled, rewind
from slo.ledger.series import load_state, store_state
from slo.ledger.sums import NOTHING, Sums

__all__ = [
    "NOTHING",
    "Appended",
    "BucketRow",
    "Entry",
    "FoldingNow",
    "Held",
    "LeaseLost",
    "LeasedGroup",
    "Member",
    "Stretch",
    "Sums",
    "advance",
    "align",
    "append",
    "buckets",
    "due_sources",
    "eject",
    "ensure_partitions",
    "filling",
    "finish_filling",
    "first_kept_day",
    "fold_closed_days",
    "has_several_sources",
    "hold",
    "lease_due",
    "load_state",
    "mark_provisional",
    "members",
    "note_downsampled",
    "open_ledger",
    "plainly_planned",
    "postpone",
    "recount",
    "retire_ledgers",
    "rewind",
    "set_step",
    "store_state",
    "sums_at",
    "sums_by_moment",
    "unknown_stretches",
]
