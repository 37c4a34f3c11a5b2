"""`portal backup` and `portal restore` against real servers: consistent, refused in words, and never half."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from portal.embedded import OtherMajor, Server, home_for
from portal.lib.crypto import CannotUnseal, seal, unseal
from portal.run import restore as restoring
from portal.run import swap
from portal.run.archive import Database, Manifest, fingerprint, member_of, opened, writing
from portal.run.backup import NoSpace, NothingToBackUp, NotReachable, backup
from portal.run.backup import main as backup_main
from portal.run.dumping import DumpFailed
from portal.run.folder import AlreadyRunning, DataFolder, Running
from portal.run.restore import Asked, NotEmpty, OtherKey, TooNew, restore
from portal.run.restore import main as restore_main
from tests.make import Settings

pytestmark = [pytest.mark.live]

SLOW = """
CREATE FUNCTION slow() RETURNS int LANGUAGE sql AS $$
    SELECT CASE WHEN current_setting('unix_socket_directories') LIKE '%restore.new%'
        OR current_setting('data_directory') LIKE '%restore.new%' THEN length(pg_sleep(600)::text) ELSE 0 END $$;
CREATE MATERIALIZED VIEW waits AS SELECT slow();
"""


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "PORTAL_SECRET_KEY", "PORTAL_SECRET_KEY_FALLBACKS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], DataFolder]]:
    """Makes a data folder of this name the one that commands work on; databases go with it."""
    used: list[DataFolder] = []

    def one(name: str) -> DataFolder:
        monkeypatch.setenv("PORTAL_DATA", str(tmp_path / name))
        used.append(DataFolder.of(os.environ))
        return used[-1]

    yield one
    for folder in used:
        shutil.rmtree(home_for(folder), ignore_errors=True)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Portico's own commands are not run, but written down: its schema is one migration."""
    told: list[str] = []

    def instead(*command: str, url: str, backup: object) -> str:
        told.append(" ".join(command))
        return "a.0001\n"

    monkeypatch.setattr(restoring, "_portal", instead)
    return told


def _server(folder: DataFolder) -> Server:
    return Server(home=home_for(folder), log=folder.sub("logs") / "postgres.log", durable=False)


@contextlib.contextmanager
def _running(folder: DataFolder, database: str = "portico") -> Iterator[str]:
    """A portal at work in `folder`, as far as others can tell; answers its database's URL."""
    server = _server(folder)
    with contextlib.closing(folder.lock()):
        server.start(database)
        folder.tell(Running(os.getpid(), "http://localhost:1", {"DATABASE_URL": server.url(database)}))
        try:
            yield server.url(database)
        finally:
            server.stop()
            folder.tell(None)


def _do(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def _read(folder: DataFolder, question: str, database: str = "portico") -> object:
    with _running(folder, database) as url:
        return _ask(url, question)


def _child(*command: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "portal.cli", *command]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _eventually(holds: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def _made_up(path: Path, *migrations: str, key: str = "key", **files: str) -> Path:
    """A backup of which all but the database itself is right."""
    with writing(path, force=True) as draft:
        draft.add(member_of("main"), [b"no dump"])
        for name, content in {"secret-key": key, **files}.items():
            draft.add(f"files/{name}", [content.encode()])
        draft.finish(Manifest("2026-11-26T10:00:00+00:00", fingerprint(key), {"main": Database("18", 7, migrations)}))
    return path


def test_a_running_portal_is_backed_up_in_one_moment_and_restored_with_its_secrets(
    use: Callable[[str], DataFolder], tmp_path: Path, quick: list[str], settings: Settings
) -> None:
    first = use("first")
    settings.SECRET_KEY = first.secret_key()
    (first.path / "first-sign-in").write_text("admin secret\n")
    (first.sub("prometheus", "targets") / "mine.json").write_text("[]")
    stop = threading.Event()

    def move(url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.wait(0.01):
                connection.execute(
                    "WITH a AS (UPDATE here SET n = n - 1 RETURNING 1) UPDATE there SET n = n + 1 FROM a"
                )

    with _running(first) as url:
        _do(url, "CREATE TABLE here (n int, secret text)", "CREATE TABLE there (n int)")
        _do(url, f"INSERT INTO here VALUES (100000, '{seal('hunter2')}')", "INSERT INTO there VALUES (0)")
        _do(url, "CREATE TABLE portal_cache (x int)", "INSERT INTO portal_cache VALUES (1)")
        mover = threading.Thread(target=move, args=(url,))
        mover.start()
        try:
            done = backup(tmp_path)
            with pytest.raises(AlreadyRunning, match="Stop that one"):
                restore(done.path, Asked())
        finally:
            stop.set()
            mover.join()
    assert "secret key" in str(done)

    second = use("second")
    assert "Restored portico" in restore(done.path, Asked())
    with _running(second) as url:
        assert _ask(url, "SELECT (SELECT n FROM here) + (SELECT n FROM there)") == 100_000
        assert _ask(url, "SELECT count(*) FROM portal_cache") == 0
        sealed = str(_ask(url, "SELECT secret FROM here"))
    settings.SECRET_KEY = "another"
    with pytest.raises(CannotUnseal):
        unseal(sealed)
    settings.SECRET_KEY = second.secret_key()
    assert unseal(sealed) == "hunter2"
    assert (second.path / "first-sign-in").read_text() == "admin secret\n"
    assert (second.path / "prometheus" / "targets" / "mine.json").read_text() == "[]"

    with _running(second) as url:
        _do(url, "UPDATE here SET n = -1")
    said = restore(done.path, Asked())
    kept = Path(said.split("portal restore ")[1].split(" brings")[0])
    assert _read(second, "SELECT n >= 0 FROM here") is True
    assert "Brought back" in restore(kept, Asked())
    assert _read(second, "SELECT n FROM here") == -1


def test_what_is_older_is_migrated_before_it_is_in_its_place_and_paging_can_be_held(
    use: Callable[[str], DataFolder], tmp_path: Path, quick: list[str]
) -> None:
    folder = use("one")
    folder.secret_key()
    with _running(folder) as url:
        _do(url, "CREATE TABLE django_migrations (id int, app text, name text)")
        done = backup(tmp_path / "old.zip")
        _do(url, "INSERT INTO django_migrations VALUES (1, 'a', '0001')")
        current = backup(tmp_path / "current.zip")
        _do(url, "INSERT INTO django_migrations VALUES (2, 'a', '0002')")
        newer = backup(tmp_path / "newer.zip")
    restore(done.path, Asked(pause_paging=True))
    assert [line.split()[0] for line in quick] == ["schema", "migrate", "pause_paging"]
    quick.clear()
    restore(current.path, Asked())
    assert quick == ["schema"]
    with pytest.raises(TooNew, match=r"holds a\.0002, unknown to this one.*Upgrade Portico"):
        restore(newer.path, Asked())
    assert _read(folder, "SELECT count(*) FROM django_migrations") == 1


def test_a_folder_of_an_older_postgresql_is_left_by_a_backup_of_its_own_portico(
    use: Callable[[str], DataFolder], tmp_path: Path, quick: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = use("one")
    folder.secret_key()
    with _running(folder) as url:
        _do(url, "CREATE TABLE kept (n int)")
        done = backup(tmp_path)
    version = home_for(folder) / "data" / "PG_VERSION"
    version.write_text("17\n")
    for command, target in ((backup_main, tmp_path / "b.zip"),):
        assert command([str(target)]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "PostgreSQL 17, and this Portico brings 18. Run portal backup with the Portico that wrote it" in said
        assert not target.exists()
    with pytest.raises(OtherMajor):
        _server(folder).start()
    assert restore_main([str(done.path)]) == 0
    assert _read(folder, "SELECT count(*) FROM kept") == 0
    [aside] = home_for(folder).glob("before-restore-*")
    assert (aside / "data" / "PG_VERSION").read_text() == "17\n"


def test_a_backup_that_is_killed_leaves_no_file_and_one_that_fails_leaves_the_former(
    use: Callable[[str], DataFolder], tmp_path: Path
) -> None:
    folder = use("one")
    target = tmp_path / "backups" / "b.zip"
    target.parent.mkdir()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'"
    with _running(folder) as url:
        _do(url, "CREATE TABLE kept (n int)")
        with psycopg.connect(url) as holder:
            holder.execute("LOCK TABLE kept")
            child = _child("backup", str(target))
            assert _eventually(lambda: _ask(url, f"{waiting} AND wait_event_type = 'Lock'"))
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert _eventually(lambda: _ask(url, waiting) == 0)
        assert not target.exists()
        backup(target)
        assert [path.name for path in target.parent.iterdir()] == ["b.zip"]


def test_a_restore_that_is_killed_or_fails_changes_nothing(
    use: Callable[[str], DataFolder], tmp_path: Path, quick: list[str]
) -> None:
    folder = use("one")
    folder.secret_key()
    with _running(folder) as url:
        _do(url, "CREATE TABLE kept (n int)", SLOW)
        done = backup(tmp_path)
        _do(url, "INSERT INTO kept VALUES (1)")
    log = folder.path / "logs" / "restore.log"
    child = _child("restore", str(done.path))
    staged = home_for(folder) / swap.STAGED
    sleeping = Server(home=staged, log=log).url("portico")
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"

    def waits() -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            return bool(_ask(sleeping, asleep))
        return False

    assert _eventually(waits)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert _read(folder, "SELECT count(*) FROM kept") == 1

    bad = _made_up(tmp_path / "bad.zip", "a.0001", key=folder.secret_key())
    with pytest.raises(DumpFailed, match="archive"):
        restore(bad, Asked())
    assert _read(folder, "SELECT count(*) FROM kept") == 1
    assert {path.name for path in home_for(folder).iterdir()} <= {"data", "lock", "socket", "data-folder"}


def test_a_database_given_by_url_is_backed_up_and_restored_into_an_empty_one(
    use: Callable[[str], DataFolder], tmp_path: Path, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use("one").secret_key()
    with _throwaway_databases(2) as (one, other):
        _do(one, "CREATE EXTENSION IF NOT EXISTS pg_trgm", "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
        monkeypatch.setenv("DATABASE_URL", one)
        done = backup(tmp_path)
        monkeypatch.setenv("DATABASE_URL", other)
        assert "whole and can be restored" in restore(done.path, Asked(check=True))
        restore(done.path, Asked())
        assert _ask(other, "SELECT n FROM kept") == 7
        with pytest.raises(NotEmpty, match="restore into an empty one"):
            restore(done.path, Asked())
        monkeypatch.setenv("DATABASE_URL", "postgres://nobody:secret@127.0.0.1:1/none")
        with pytest.raises(NotReachable, match=r"127\.0\.0\.1"):
            backup(tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()


@contextlib.contextmanager
def _throwaway_databases(count: int) -> Iterator[list[str]]:
    """Empty databases on the server that the tests were given."""
    base = urlsplit(TESTS_OWN)
    names = [f"backup_{uuid.uuid4().hex[:8]}" for _ in range(count)]
    with psycopg.connect(TESTS_OWN, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield [base._replace(path=f"/{name}").geturl() for name in names]
    finally:
        with psycopg.connect(TESTS_OWN, autocommit=True) as connection:
            for name in names:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


TESTS_OWN = os.environ.get("DATABASE_URL", "")


def test_secrets_that_could_not_be_opened_again_are_said_before_anything_is_done(
    use: Callable[[str], DataFolder], tmp_path: Path, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use("one")
    made = _made_up(tmp_path / "b.zip", "a.0001", key="the key")
    assert "can be restored" in restore(made, Asked(check=True))
    monkeypatch.setenv("PORTAL_SECRET_KEY", "another key")
    with pytest.raises(OtherKey, match=r"unzip -p .*b\.zip files/secret-key"):
        restore(made, Asked(check=True))
    assert "can be restored" in restore(made, Asked(check=True, without_secrets=True))
    monkeypatch.setenv("PORTAL_SECRET_KEY_FALLBACKS", "older, the key")
    assert "can be restored" in restore(made, Asked(check=True))


def test_a_backup_that_would_write_elsewhere_is_refused(
    use: Callable[[str], DataFolder], tmp_path: Path, quick: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    use("one")
    made = _made_up(tmp_path / "b.zip", "a.0001", **{"../../evil": "x"})
    assert restore_main([str(made)]) == 1
    assert "evil" in capsys.readouterr().err
    assert restore_main([str(tmp_path)]) == 1
    assert "neither a backup nor a folder that portal restore kept aside" in capsys.readouterr().err


def test_without_room_nothing_is_begun(
    use: Callable[[str], DataFolder], tmp_path: Path, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = use("one")
    with _running(folder) as url:
        _do(url, "CREATE TABLE kept (n int)")
        full = shutil.disk_usage(tmp_path)._replace(free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
        with pytest.raises(NoSpace, match=r"0\.0 MB free, and the backup may take .* MB; choose another place"):
            backup(tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()
    with pytest.raises(NoSpace, match="make room first"):
        restore(_made_up(tmp_path / "made.zip", "a.0001"), Asked())


def test_where_only_the_demo_was_there_is_nothing_that_could_be_lost(
    use: Callable[[str], DataFolder], tmp_path: Path
) -> None:
    folder = use("one")
    with pytest.raises(NothingToBackUp, match="is PORTAL_DATA the folder you mean"):
        backup(tmp_path)
    with _running(folder, "portico_demo") as url:
        _do(url, "CREATE TABLE kept (n int)")
        with pytest.raises(NothingToBackUp, match="--with-demo"):
            backup(tmp_path)
        done = backup(tmp_path, with_demo=True)
    with opened(done.path) as made:
        assert set(made.manifest.databases) == {"demo"}
