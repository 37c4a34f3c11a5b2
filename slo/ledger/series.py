"""What counting remembers between buckets, kept with its cursor group."""

from django.db import connection

from slo.counting import State, UnreadableState, dump, load, merge, parts


def load_state(group_id: int) -> State | None:
    """The state of a cursor group; None where none can be read, so that it is found anew (rule 6)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT blob FROM slo_seriesstate WHERE group_id = %s ORDER BY part", [group_id])
        blobs = [bytes(blob) for (blob,) in cursor.fetchall()]
    if not blobs:
        return None
    try:
        return merge(*(load(blob) for blob in blobs))
    except UnreadableState:
        return None


def store_state(group_id: int, state: State) -> None:
    """Keep the state of a cursor group, in parts of about 1,000 series; in the transaction that stores the rows."""
    blobs = [dump(part) for part in parts(state)]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM slo_seriesstate WHERE group_id = %s AND part >= %s", [group_id, len(blobs)])
        cursor.executemany(
            "INSERT INTO slo_seriesstate (group_id, part, blob) VALUES (%s, %s, %s)"
            " ON CONFLICT (group_id, part) DO UPDATE SET blob = excluded.blob",
            [(group_id, place, blob) for place, blob in enumerate(blobs)],
        )
