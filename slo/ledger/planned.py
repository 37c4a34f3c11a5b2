"""How the ledger's statements are planned."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

_uncompiled: ContextVar[bool] = ContextVar("uncompiled", default=False)


@contextmanager
def uncompiled() -> Iterator[None]:
    """A transaction whose statements the server doesn't compile: that costs more than tens of thousands of look-ups.
    Tables are joined as they are written, by their keys: to look for a better order among ten takes ten milliseconds.

    Within one, another costs nothing; so a page that reads the ledger several times opens one around them all.
    """
    if _uncompiled.get() and connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off; SET LOCAL join_collapse_limit = 1")
        token = _uncompiled.set(True)
        try:
            yield
        finally:
            _uncompiled.reset(token)
