"""How the ledger's statements are planned."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

_plainly: ContextVar[bool] = ContextVar("plainly_planned", default=False)


@contextmanager
def plainly_planned() -> Iterator[None]:
    """A transaction whose statements the server doesn't compile: that costs more than tens of thousands of look-ups.
    Tables are joined as they are written, by their keys: to look for a better order among ten takes ten milliseconds.

    Within one, another costs nothing; so a page that reads the ledger several times opens one around them all.
    """
    if _plainly.get() and connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('jit', 'off', true), set_config('join_collapse_limit', '1', true)")
        token = _plainly.set(True)
        try:
            yield
        finally:
            _plainly.reset(token)
