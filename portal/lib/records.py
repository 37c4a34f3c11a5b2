"""Many rows in one statement: sent as one JSON text, which costs a tenth of a placeholder for each value."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.db.models import Field, GeneratedField, Model

UPSERT = """
INSERT INTO {table} AS kept ({columns})
SELECT {columns} FROM jsonb_to_recordset(%(rows)s::jsonb) AS given({typed})
{conflict}
RETURNING {returned}
"""


def insert(rows: Sequence[Model]) -> None:
    """Write new rows of one model, as `bulk_create` would; their ids are not read back."""
    if rows:
        _write(rows, _columns(type(rows[0])), conflict="", returned="NULL")


def upsert(rows: Sequence[Model], *, by: str, update: Iterable[str]) -> None:
    """Write rows of one model, new or with the same `by` (a unique field): of these only the fields `update`.

    Sets the primary key of each.
    """
    if not rows:
        return
    meta = type(rows[0])._meta
    columns = [meta.get_field(name).column for name in update]  # type: ignore[union-attr]
    unique = meta.get_field(by).column  # type: ignore[union-attr]
    changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns)
    conflict = f"ON CONFLICT ({unique}) DO UPDATE SET {changes}"
    found = dict(_write(rows, _columns(type(rows[0])), conflict=conflict, returned=f"kept.{unique}, kept.id"))
    for row in rows:
        row.pk = found[getattr(row, by)]


def _columns(model: type[Model]) -> Mapping[str, "Field[Any, Any]"]:
    """By column what is written: everything but the key and what the database works out itself."""
    fields = (f for f in model._meta.concrete_fields if not f.primary_key and not isinstance(f, GeneratedField))
    return {str(field.column): field for field in fields}


def _write(
    rows: Sequence[Model], columns: Mapping[str, "Field[Any, Any]"], *, conflict: str, returned: str
) -> list[tuple[Any, ...]]:
    values = [{column: getattr(row, field.attname) for column, field in columns.items()} for row in rows]
    statement = UPSERT.format(
        table=type(rows[0])._meta.db_table,
        columns=", ".join(columns),
        typed=", ".join(f"{column} {field.db_type(connection)}" for column, field in columns.items()),
        conflict=conflict,
        returned=returned,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"rows": _json(values)})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _json(values: list[dict[str, Any]]) -> str:
    """Fast where it can be; integers beyond 64 bits, which a manifest may hold, take the other way."""
    try:
        return orjson.dumps(values).decode()
    except TypeError:
        return json.dumps(values, default=datetime.isoformat)
