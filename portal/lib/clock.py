"""The one clock of interfaces: the database's, so that hosts with skewed clocks agree."""

from datetime import datetime

from django.db import connection
from django.http import HttpRequest


def db_now() -> datetime:
    """The database server's wall clock, aware, in UTC; it advances inside a transaction too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]


def now_of(request: HttpRequest) -> datetime:
    """`db_now`, asked once a request, so that all parts of a page agree and pay for it once."""
    kept: dict[str, datetime] = vars(request)
    if "portico_now" not in kept:
        kept["portico_now"] = db_now()
    return kept["portico_now"]
