"""Who waits for whom while references are written."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from catalog.operations import locking
from catalog.operations.locking import hold_refs
from tests.chaos.stack import database_url

pytestmark = pytest.mark.django_db(transaction=True)
MANY = [f"component:a/{n}" for n in range(1000)]
OTHERS = [f"component:b/{n}" for n in range(1000)]


@contextmanager
def held_by_another(written: list[str], named: list[str] | None = None) -> Iterator[None]:
    """The same locks, copied to a connection beside ours, for as long as the block takes."""
    with psycopg.connect(database_url()) as other:
        with transaction.atomic():
            hold_refs(written=written, named=named or [])
            taken = _advisory_locks()
        for space, key, mode in taken:
            alone = "" if mode == "ExclusiveLock" else "_shared"
            other.execute(f"SELECT pg_advisory_xact_lock{alone}(%s, %s)", (space, key))
        yield
        other.rollback()


def waits(written: list[str], named: list[str] | None = None) -> bool:
    """Whether these can't be had at once."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
            hold_refs(written=written, named=named or [])
    except OperationalError:
        return True
    return False


def _advisory_locks() -> list[tuple[int, int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT classid::bigint, objid::bigint, mode FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1 DESC"
        )
        return [(_signed(space), _signed(key), mode) for space, key, mode in cursor.fetchall()]


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number


def test_two_thousand_that_have_nothing_in_common_do_not_wait() -> None:
    with held_by_another(MANY, ["group:default/ci"]):
        assert not waits(OTHERS, ["group:default/ci"])


@pytest.mark.parametrize("room", [12_800, 0])
def test_one_in_common_waits_however_it_is_held(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    monkeypatch.setattr(locking, "_room", lambda cursor: room)
    with held_by_another(MANY, ["group:default/ci"]):
        assert waits(["component:a/7"])
        assert waits([*OTHERS, "component:a/7"])
        assert waits(["component:b/7"], ["component:a/7"])
        assert waits(["group:default/ci"])


def test_who_would_fill_the_lock_table_holds_all_by_one_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "_room", lambda cursor: 1600)
    with held_by_another(MANY):
        assert waits(["component:b/7"])
    with held_by_another(["component:b/7"]):
        assert waits(MANY)
        assert not waits(MANY[:50])
