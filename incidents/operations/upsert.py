"""One statement that makes a repeated alert count up instead of opening twice (Django can't name a partial index)."""

from datetime import datetime
from typing import Any

import orjson
from django.db import connection, models
from psycopg.types.json import Jsonb

from incidents.firing import Firing
from incidents.models import Alert

UPSERT = """
INSERT INTO incidents_alert AS mine
       (key, source, component_id, component_ref, objective_id, rule, summary, details, links, count,
        opened_at, last_seen_at, outcome)
VALUES (%(key)s, %(source)s, %(component)s, %(component_ref)s, %(objective)s, %(rule)s, %(summary)s, %(details)s,
        %(links)s, 1, %(now)s, %(now)s, '')
ON CONFLICT (key) WHERE cleared_at IS NULL
DO UPDATE SET count = mine.count + 1, last_seen_at = greatest(mine.last_seen_at, excluded.last_seen_at),
              summary = excluded.summary, details = excluded.details, links = excluded.links, rule = excluded.rule
RETURNING {columns}, xmax = 0
"""
_FIELDS = tuple(Alert._meta.concrete_fields)
_STATEMENT = UPSERT.format(columns=", ".join(f"mine.{field.column}" for field in _FIELDS))


def upsert(firing: Firing, *, now: datetime) -> tuple[Alert, bool]:
    """The open alert of that key, held until the end of the transaction, and whether it is new."""
    component = firing.component
    values = {
        "key": firing.key,
        "source": firing.source,
        "component": component.pk if component else None,
        "component_ref": component.ref if component else firing.component_ref,
        "objective": firing.objective_id,
        "rule": firing.rule,
        "summary": firing.summary[:300],
        "details": Jsonb(dict(firing.details)),
        "links": Jsonb([dict(link) for link in firing.links]),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)  # type: ignore[arg-type]  # psycopg adapts Jsonb, which the stubs don't know
        *row, is_new = cursor.fetchone()
    read = [_read(field, value) for field, value in zip(_FIELDS, row, strict=True)]
    return Alert.from_db(connection.alias, [field.attname for field in _FIELDS], read), bool(is_new)


def new_alert(firing: Firing, *, now: datetime) -> Alert:
    """The same as a row that is not there yet."""
    component = firing.component
    return Alert(
        key=firing.key,
        source=firing.source,
        component=component,
        component_ref=component.ref if component else firing.component_ref,
        objective_id=firing.objective_id,
        rule=firing.rule,
        summary=firing.summary[:300],
        details=dict(firing.details),
        links=[dict(link) for link in firing.links],
        opened_at=now,
        last_seen_at=now,
    )


def _read(field: "models.Field[Any, Any]", value: Any) -> Any:  # noqa: ANN401  # whatever the column holds
    return orjson.loads(value) if isinstance(field, models.JSONField) and isinstance(value, str) else value
