"""Locks on references, taken before anything is read, so that writers of one name and of what it names take turns.

Without them two writers could both create a component, and a reference written while its target is being created
could dangle for ever: neither transaction sees the other's row.

Each reference has a lock of its own, so writers that have nothing to do with each other never wait, however much each
writes. Who would need a great part of the server's lock table takes one lock on all references instead.
"""

from collections.abc import Iterable
from hashlib import blake2b

from django.db import connection
from django.db.backends.utils import CursorWrapper

SPACE = 0x706F7276  # keeps our keys apart from other users of advisory locks
SOURCES = SPACE + 1
ALL = SPACE + 2
"""Shared by all who hold references one by one; alone for whoever holds all of them."""
ADDRESSES = SPACE + 3
INVITED = SPACE + 4

FEW = 100
"""So many are locked one by one without a look at how many the server has room for."""

SHARE = 8
"""One transaction takes at most this part of the lock table."""

ONE_BY_ONE = """
SELECT CASE WHEN own THEN pg_advisory_xact_lock(space, key)::text
            ELSE pg_advisory_xact_lock_shared(space, key)::text END
  FROM unnest(%(spaces)s::int[], %(keys)s::int[], %(own)s::bool[]) AS taken(space, key, own)
"""  # unnest keeps the order of its arrays
ROOM = """
SELECT current_setting('max_locks_per_transaction')::int
       * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)
"""


def hold_refs(*, written: Iterable[str], named: Iterable[str] = ()) -> None:
    """Until the transaction ends: `written` are ours alone, `named` can't be created or renamed by anybody else.

    Always the first statement of an operation, once, for locks taken in order can't deadlock.
    """
    own = {_key(ref) for ref in written}
    keys = sorted(own | {_key(ref) for ref in named})
    with connection.cursor() as cursor:
        if len(keys) > FEW and len(keys) > _room(cursor) // SHARE:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [ALL])
            return
        taken = [(ALL, 0, False), *((SPACE, key, key in own) for key in keys)]
        spaces, numbers, alone = (_array(column) for column in zip(*taken, strict=True))
        cursor.execute(ONE_BY_ONE, {"spaces": spaces, "keys": numbers, "own": alone})


def hold_source(source: str) -> None:
    """Until the transaction ends, nobody else applies for `source`. Before `hold_refs`, never after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SOURCES, _key(source)])


def hold_addresses() -> None:
    """Until the transaction ends, nobody else gives a person another e-mail address. After `hold_refs`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [ADDRESSES])


def hold_invitations(email: str) -> None:
    """Until the transaction ends, nobody else invites that address."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [INVITED, _key(email.lower())])


def _room(cursor: CursorWrapper) -> int:
    """How many locks all transactions together may hold."""
    cursor.execute(ROOM)
    row: tuple[int] = cursor.fetchone()
    return row[0]


def _key(ref: str) -> int:
    return int.from_bytes(blake2b(ref.encode(), digest_size=4).digest(), signed=True)


def _array(numbers: Iterable[int]) -> str:
    """As PostgreSQL writes an array: of a list, psycopg looks at each element, which takes far longer."""
    return "{" + ",".join(map(str, numbers)) + "}"
