"""`portal backup [FILE]`: one file with all that can't be made anew, while the portal runs or not."""

import argparse
import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import tuple_row

from portal.embedded import InUse, OtherMajor, Server, StartFailed, home_for
from portal.run import swap
from portal.run.archive import FILES, Database, Draft, Manifest, NotABackup, Occupied, fingerprint, member_of, writing
from portal.run.dumping import DumpFailed, clients, dump
from portal.run.folder import AlreadyRunning, DataFolder
from portal.run.programs import NoPrograms
from portal.run.swap import kept_files

NAMES = {"main": "portico", "demo": "portico_demo"}  # role → database of the data folder's own PostgreSQL
_SPARE = 16 * 2**20  # bytes
_SHARE = 0.5  # of what a database takes up: archives are compressed, and hold no indexes


class NothingToBackUp(Exception):
    """There is no database yet, or only the demo's; the message says what would be."""


class NoSpace(Exception):
    """The disk is too full; nothing was begun."""


class NotReachable(Exception):
    """The database can't be reached; the message says why and what to do."""


EXPECTED = (
    *(AlreadyRunning, DumpFailed, InUse, NoPrograms, NoSpace, NotABackup, NotReachable, NothingToBackUp, Occupied),
    *(OSError, OtherMajor, StartFailed),
)


@dataclass(frozen=True, slots=True)
class Done:
    """A backup that was written: where, how large, and what to know about it."""

    path: Path
    size: int  # bytes
    databases: tuple[str, ...]
    key: str  # where the secret key is: "in it" or "elsewhere"

    def __str__(self) -> str:
        key = (
            "It holds the secret key, so keep it where only you can read it."
            if self.key == "in it"
            else "PORTAL_SECRET_KEY is not in it: keep that too, or no stored secret can be opened again."
        )
        return f"Backed up {' and '.join(self.databases)} to {self.path} ({megabytes(self.size)}). {key}"


def main(argv: list[str]) -> int:
    """Run `portal backup` with its arguments; 0 when the file is there, 1 when it is not, and why."""
    parser = argparse.ArgumentParser(prog="portal backup", description=__doc__)
    parser.add_argument("file", nargs="?", default=".", help="a file, or a folder to put one into; this folder without")
    parser.add_argument("--force", action="store_true", help="overwrite FILE if it is there")
    parser.add_argument("--with-demo", action="store_true", help="the demo's database, too; bin/up makes it anew")
    options = parser.parse_args(argv)
    try:
        done = backup(Path(options.file), force=options.force, with_demo=options.with_demo)
    except EXPECTED as error:
        print(f"portal backup: {in_words(error)}", file=sys.stderr)
        return 1
    print(done)
    return 0


def backup(target: Path, *, force: bool = False, with_demo: bool = False) -> Done:
    """Write a backup to `target`, each database in one snapshot. Raises what `EXPECTED` lists, leaving no file."""
    folder = DataFolder.of(os.environ)
    target = target.expanduser().absolute()
    if target.is_dir():
        target /= f"portico-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip"
    with _databases(folder, with_demo=with_demo) as urls, writing(target, force=force) as draft:
        files = {name: (folder.path / name).read_bytes() for name in kept_files(folder)}
        key = _key(folder)
        databases = {role: _dump(draft, role, url, target.parent) for role, url in urls.items()}
        for name, content in files.items():
            draft.add(f"{FILES}{name}", [content])
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        draft.finish(Manifest(made_at, fingerprint(key), databases))
    inside = files.get("secret-key", b"").decode().strip() == key
    names = tuple(_name(url) for url in urls.values())
    return Done(target, target.stat().st_size, names, "in it" if inside else "elsewhere")


def _dump(draft: Draft, role: str, url: str, onto: Path) -> Database:
    """One database; what is said about it comes from the snapshot that pg_dump reads."""
    with connected(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        server = connection.info.server_version // 10000
        [snapshot] = cast("tuple[str]", connection.execute("SELECT pg_export_snapshot()").fetchone())
        size = _number(
            connection, "SELECT pg_database_size(current_database())"
        )  # of tables would wait for their locks
        _refuse_full(onto, size * _SHARE)
        migrations = _migrations(connection)
        draft.add(member_of(role), dump(url, using=clients(server), snapshot=snapshot))
    return Database(str(server), size, migrations)


def _refuse_full(folder: Path, size: float) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        raise NoSpace(
            f"{folder} has {megabytes(free)} free, and the backup may take {megabytes(size + _SPARE)}; "
            f"choose another place."
        )


def _migrations(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[str, ...]:
    if not _number(connection, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('django_migrations')"):
        return ()
    rows = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id").fetchall()
    return tuple(str(name) for (name,) in rows)


def _number(connection: psycopg.Connection[tuple[object, ...]], question: LiteralString) -> int:
    row = connection.execute(question).fetchone()
    return int(cast("int", row[0])) if row else 0


def _key(folder: DataFolder) -> str:
    """The secret key that the portal works with; making one up would name a key that seals nothing."""
    if given := os.environ.get("PORTAL_SECRET_KEY", "").strip():
        return given
    running = folder.running()
    if running is not None and (told := running.environment.get("PORTAL_SECRET_KEY")):
        return told
    file = folder.path / "secret-key"
    return file.read_text().strip() if file.exists() else ""


@contextlib.contextmanager
def _databases(folder: DataFolder, *, with_demo: bool) -> Iterator[dict[str, str]]:
    """The URLs of what is to be backed up, by role; a server that isn't running is started for as long."""
    if given := os.environ.get("DATABASE_URL", "").strip():
        yield {"main": given}
        return
    server = Server(home=home_for(folder), log=folder.sub("logs") / "postgres.log")
    with contextlib.ExitStack() as after:
        try:
            after.enter_context(contextlib.closing(folder.lock()))
        except AlreadyRunning:
            _refuse_elsewhere(folder, server)
        else:
            swap.finish(server.home, folder)
            if not (server.data / "PG_VERSION").exists():
                raise NothingToBackUp(f"There is no database in {folder.path}; is PORTAL_DATA the folder you mean?")
            server.start()
            after.callback(server.stop)
        yield _wanted(server, with_demo=with_demo)


def _refuse_elsewhere(folder: DataFolder, server: Server) -> None:
    running = folder.running()
    if running is None:
        raise NotReachable("Portico is just being started from this folder, or ended; try again when it is up.")
    if str(server.socket) not in running.environment.get("DATABASE_URL", ""):
        raise NotReachable("Portico runs with a DATABASE_URL of its own; set the same one for this command.")


def _wanted(server: Server, *, with_demo: bool) -> dict[str, str]:
    with connected(server.url("postgres")) as connection:
        there = {str(name) for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}
    urls = {role: server.url(name) for role, name in NAMES.items() if name in there}
    used = {role: url for role, url in urls.items() if role == "demo" or _is_used(url)}
    if not with_demo:
        used.pop("demo", None)
    if not used:
        also = " (the demo's is made anew by bin/up; --with-demo backs it up all the same)" if "demo" in urls else ""
        raise NothingToBackUp(f"No portal was ever started from this folder but the demo's{also}.")
    return used


def _is_used(url: str) -> bool:
    """A start of the demo makes an empty main database beside its own."""
    with connected(url) as connection:
        return bool(_number(connection, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"))


@contextlib.contextmanager
def connected(url: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection with rows as tuples. Raises NotReachable with the server's own words."""
    try:
        connection = psycopg.connect(url, connect_timeout=10, autocommit=autocommit, row_factory=tuple_row)
    except psycopg.Error as error:
        raise NotReachable(f"The database can't be reached: {' '.join(str(error).split())}") from error
    with connection:
        yield cast("psycopg.Connection[tuple[object, ...]]", connection)


def _name(url: str) -> str:
    return psycopg.conninfo.conninfo_to_dict(url).get("dbname") or "the database"  # type: ignore[return-value]


def megabytes(size: float) -> str:
    """A size for people."""
    return f"{size / 2**20:.1f} MB" if size < 2**30 else f"{size / 2**30:.1f} GB"


def in_words(error: BaseException) -> str:
    """One line: what went wrong, and for the system's own errors, with which file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(str(error).split())
