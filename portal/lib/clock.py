"""The one clock of interfaces: the database's, so that hosts with skewed clocks agree."""

from datetime import datetime

from django.db import connection


def db_now() -> datetime:
    """The database server's wall clock, aware, in UTC; it advances inside a transaction too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]
