"""Locks on references, taken before anything is read, so that writers of one name and of what it names take turns.

Without them two writers could both create a component, and a reference written while its target is being created
could dangle for ever: neither transaction sees the other's row.
"""

from collections.abc import Iterable
from hashlib import blake2b

from django.db import connection

STRIPES = 4096  # bounds the lock table however many references one transaction names
SPACE = 0x706F7274  # keeps our keys apart from other users of advisory locks

SOURCES = SPACE + 1

LOCK = """
SELECT CASE WHEN own THEN pg_advisory_xact_lock(%(space)s, stripe)::text
            ELSE pg_advisory_xact_lock_shared(%(space)s, stripe)::text END
  FROM unnest(%(stripes)s::int[], %(own)s::bool[]) AS taken(stripe, own)
"""  # unnest keeps the order of its arrays


def hold_refs(*, written: Iterable[str], named: Iterable[str] = ()) -> None:
    """Until the transaction ends: `written` are ours alone, `named` can't be created or renamed by anybody else.

    Always the first statement of an operation, once, for locks taken in order can't deadlock.
    """
    own = {_stripe(ref) for ref in written}
    stripes = sorted(own | {_stripe(ref) for ref in named})
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"space": SPACE, "stripes": stripes, "own": [stripe in own for stripe in stripes]})


def hold_source(source: str) -> None:
    """Until the transaction ends, nobody else applies for `source`. Before `hold_refs`, never after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SOURCES, _stripe(source)])


def _stripe(ref: str) -> int:
    return int.from_bytes(blake2b(ref.encode(), digest_size=4).digest()) % STRIPES
