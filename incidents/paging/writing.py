"""Many pages in one statement: an UPDATE from arrays, as fast for 200 rows as Django's for ten."""

from collections.abc import Sequence

from django.db import connection

from incidents.models import Page

COLUMNS = {
    "id": "bigint",
    "state": "text",
    "generation": "int",
    "cycle": "int",
    "step": "int",
    "repeat": "int",
    "next_step_at": "timestamptz",
    "fallbacks": "int",
    "asked": "boolean",
    "priority": "int",
    "attempts": "int",
    "policy_version_id": "bigint",
    "acknowledged_at": "timestamptz",
    "acknowledged_by_id": "bigint",
    "exhausted_at": "timestamptz",
}
UPDATE = (
    f"UPDATE incidents_page AS page SET {', '.join(f'{name} = fresh.{name}' for name in COLUMNS if name != 'id')} "  # noqa: S608
    f"FROM unnest({', '.join(f'%s::{kind}[]' for kind in COLUMNS.values())}) AS fresh({', '.join(COLUMNS)}) "
    "WHERE page.id = fresh.id"
)


class LostRow(Exception):
    """A held page was not there to be updated, which can't be; nothing of the batch is kept."""


def update_pages(pages: Sequence[Page]) -> None:
    """Write the plan of held pages as it stands on the objects. Raises LostRow."""
    values = [[getattr(page, name) for page in pages] for name in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, values)
        if cursor.rowcount != len(pages):
            raise LostRow(f"{cursor.rowcount} of {len(pages)} pages updated")
