"""Many rows in one statement: COPY for new ones, an UPDATE from arrays for pages; a tenth of the work of an ORM's."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from psycopg import sql
from psycopg.types.json import Jsonb

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
    "held_until": "timestamptz",
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


def insert(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Write new rows and give them their keys. The table's constraints hold as always; a violation raises."""
    if not rows:
        return
    table, fields = model._meta.db_table, [field for field in model._meta.concrete_fields if not field.generated]
    columns = sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields])
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    with connection.cursor() as cursor:
        _give_keys(cursor, table, rows)
        with connection.wrap_database_errors, cursor.copy(copy) as stream:
            for row in rows:
                stream.write_row([_stored(field, getattr(row, field.attname)) for field in fields])


def _give_keys(cursor: CursorWrapper, table: str, rows: Sequence[models.Model]) -> None:
    cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, len(rows)])
    for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
        row.pk = key
        row._state.adding = False


def _stored(field: "models.Field[Any, Any]", value: object) -> object:
    return Jsonb(value) if isinstance(field, models.JSONField) else value
