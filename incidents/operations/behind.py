"""New incidents, alerts and pages of a batch, written together: before anybody asks for one of them, and at its end.

Each gets its key at once, from a stock that was fetched for all; so whatever names it can be made up without a word to
the database. A statement that touches a table of this app finds all of them written, whoever sends it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Model

from incidents.models import Alert, Incident, Page
from portal.lib import records

MODELS = (Incident, Alert, Page)
"""In the order in which they are written."""
TABLES = "incidents_"
AT_ONCE = 20
"""Keys that are fetched together; of a batch that ends early fewer numbers than that are never used."""
RESERVE = """
SELECT nextval(pg_get_serial_sequence('incidents_incident', 'number')),
       nextval(pg_get_serial_sequence('incidents_alert', 'id')),
       nextval(pg_get_serial_sequence('incidents_page', 'id'))
  FROM generate_series(1, %s)
"""


@dataclass
class Behind:
    """What waits, by model, the keys that are left, and for how many more incidents some may be fetched."""

    rows: dict[type[Model], list[Model]] = field(default_factory=dict)
    stock: Mapping[type[Model], list[int]] = field(default_factory=dict)
    expected: int = 0

    def take(self, row: Model) -> bool:
        """Give the row its key and keep it; False where no key is left."""
        if not self.stock.get(type(row)):
            if self.expected <= 0:
                return False
            self._fetch()
        row.pk = self.stock[type(row)].pop()
        self.rows.setdefault(type(row), []).append(row)
        return True

    def write(self) -> None:
        """All that waits."""
        rows, self.rows = self.rows, {}
        for model in MODELS:
            records.insert_all(rows.get(model, []))

    def before(self, execute: Callable[..., Any], query: str, given: Any, many: bool, context: Any) -> Any:  # noqa: ANN401  # Django's own signature
        """Around every statement."""
        if self.rows and TABLES in query and query is not RESERVE:
            self.write()
        return execute(query, given, many, context)

    def _fetch(self) -> None:
        number = min(self.expected, AT_ONCE)
        self.expected -= number
        with connection.cursor() as cursor:
            cursor.execute(RESERVE, [number])
            columns = zip(*cursor.fetchall(), strict=True)
        self.stock = {
            model: [*reversed(column), *self.stock.get(model, ())]
            for model, column in zip(MODELS, columns, strict=True)
        }


_behind: ContextVar[Behind | None] = ContextVar("rows that are written later", default=None)


@contextmanager
def writing_behind() -> Iterator[Behind]:
    """Within it `insert` waits. What raises takes everything back, so the caller must leave its transaction."""
    behind = Behind()
    token = _behind.set(behind)
    try:
        with connection.execute_wrapper(behind.before):
            yield behind
            behind.write()
    finally:
        _behind.reset(token)


def expect(incidents: int) -> None:
    """So many new incidents with an alert and a page each may be written behind; more are written one by one."""
    behind = _behind.get()
    if behind is not None:
        behind.expected = incidents


def insert(row: Model) -> None:
    """A new row with its key; written now, or behind."""
    behind = _behind.get()
    if behind is None or not behind.take(row):
        records.insert(row)


def waits(row: Model) -> bool:
    """Whether it is still to be written, as it will be by then."""
    return row._state.adding
