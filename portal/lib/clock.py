"""The one clock of interfaces: the database's, so that hosts with skewed clocks agree."""

from datetime import datetime

from django.db import connection
from django.http import HttpRequest

KEPT = "portico_now"


def db_now() -> datetime:
    """The database server's wall clock, aware, in UTC; it advances inside a transaction too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]


def now_of(request: HttpRequest) -> datetime:
    """`db_now`, asked once a request, so that all parts of a page agree and pay for it once."""
    kept: dict[str, datetime] = vars(request)
    if KEPT not in kept:
        kept[KEPT] = db_now()
    return kept[KEPT]


def keep_now(request: HttpRequest, now: datetime) -> None:
    """Let `now_of` answer what the database said `now` is while it was asked for something else of this request."""
    vars(request)[KEPT] = now
