"""Locks of somebody else's, which stop a process exactly where a test wants it to be killed."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from django.db import connection

from tests.chaos.stack import database_url


@contextmanager
def held(statement: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """What the statement locks, from a connection of its own."""
    with psycopg.connect(database_url()) as other:
        other.execute(statement)
        try:
            yield other
        finally:
            other.rollback()


def waiting() -> int:
    """Connections to this database that wait for a lock."""
    return _activity("wait_event_type = 'Lock'")


def others() -> int:
    """Connections to this database beside our own: the server's end when PostgreSQL misses their client."""
    return _activity("pid <> pg_backend_pid()")


def killed(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for it and its children, at whatever instruction they are."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _activity(which: str) -> int:
    here = "datname = current_database() AND backend_type = 'client backend'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {here} AND {which}")
        row: tuple[int] = cursor.fetchone()
    return row[0]
