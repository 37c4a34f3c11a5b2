"""Parts of the incident's page that may fail alone: this one says that it could not be read, the others are shown."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import structlog
from django.db import connection, transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Panel[T]:
    """What a part shows, or `failed`."""

    title: str
    shown: Sequence[T]
    failed: bool = False


def guarded[T](title: str, read: Callable[[], Sequence[T]]) -> Panel[T]:
    """What `read` answers; nothing, and marked as failed, where it raises, whatever it raises.

    Within a transaction it reads in a savepoint, for a query that fails would spoil those of the rest of the page.
    """
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            return Panel(title, read())
    except Exception:  # whoever is woken at night must see who has it, even where a chart can't be drawn
        log.exception("panel_failed", panel=title)
        return Panel(title, (), failed=True)
