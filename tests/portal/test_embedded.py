"""The embedded PostgreSQL: starts, stops, survives every kind of kill, and stays closed to others."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from portal.embedded import InUse, OtherMajor, Server, home_for, temporary
from portal.run.folder import DataFolder
from portal.run.programs import ROOTS_FOLDER, programs

pytestmark = [pytest.mark.live]

HOLDER = """
import sys, time
from pathlib import Path
from portal.embedded import Server
server = Server(home=Path(sys.argv[1]), log=Path(sys.argv[1], "log"), durable=False)
server.start()
print(server.process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A place for databases that the account they run as can reach, also when the tests run as root."""
    if os.geteuid() != 0:
        yield tmp_path / "a home"
        return
    folder = ROOTS_FOLDER / f"portico-test-{os.getpid()}-{tmp_path.parent.name}-{tmp_path.name}"
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    """A server that is not started yet."""
    server = Server(home=home, log=home / "log", durable=False)
    yield server
    server.stop()


def _eventually(holds: Callable[[], bool], within: float = 15) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def _count(server: Server) -> int:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def _keep_a_row(server: Server) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO kept DEFAULT VALUES")


def _held_elsewhere(home: Path) -> tuple[subprocess.Popen[str], int]:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(home)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    return holder, int(holder.stdout.readline())


def test_what_was_written_is_there_after_a_stop_and_a_start(server: Server) -> None:
    server.start()
    _keep_a_row(server)
    server.stop()
    server.start()
    assert _count(server) == 1


def test_it_stops_although_somebody_is_still_connected(server: Server) -> None:
    server.start()
    connection = psycopg.connect(server.url())
    connection.execute("BEGIN")
    process = server.process
    assert process is not None
    began = time.monotonic()
    server.stop()
    assert process.returncode == 0
    assert time.monotonic() - began < 5
    with contextlib.suppress(psycopg.Error):
        connection.close()


def test_a_killed_server_recovers_what_was_committed(server: Server) -> None:
    server.durable = True
    server.start()
    _keep_a_row(server)
    assert server.process is not None
    server.process.send_signal(signal.SIGKILL)
    assert _eventually(lambda: not server.alive())
    server.start()
    assert _count(server) == 1


def test_the_server_ends_with_a_supervisor_that_was_killed_and_starts_again(server: Server, home: Path) -> None:
    holder, postmaster = _held_elsewhere(home)
    holder.kill()
    holder.wait()
    server.start()
    assert _eventually(lambda: not psutil.pid_exists(postmaster))
    assert server.alive()


def test_a_server_left_over_without_its_supervisor_is_ended_first(server: Server) -> None:
    server.start()
    _keep_a_row(server)
    orphan = server.process
    assert orphan is not None
    server.process = None  # as if nobody had told the kernel to end it with us
    server.stop()
    server.start()
    assert orphan.wait(5) is not None
    assert _count(server) == 1


def test_two_processes_never_share_a_folder(server: Server, home: Path) -> None:
    holder, postmaster = _held_elsewhere(home)
    with pytest.raises(InUse):
        server.start()
    assert psutil.pid_exists(postmaster)
    holder.kill()
    holder.wait()


def test_a_pid_file_whose_number_belongs_to_another_program_is_no_obstacle(server: Server) -> None:
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n0\n5432\n\n\n0 0\nready\n")
    server.start()
    assert server.alive()


def test_a_folder_of_another_major_version_is_refused_with_the_way_out(server: Server) -> None:
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(OtherMajor, match=r"PostgreSQL 17.*portal backup.*portal restore"):
        server.start()
    (server.data / "PG_VERSION").write_text("18\n")
    server.start()


def test_nobody_but_the_server_and_its_owner_reaches_socket_or_data(server: Server) -> None:
    server.start()
    for folder in (server.home, server.socket, server.data):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket_gets_a_short_one_that_is_removed_again(home: Path) -> None:
    server = Server(home=home / ("deep" * 30), log=home / "log", durable=False)
    programs().hand_over(home)
    try:
        server.start()
        short = server.socket
        assert len(str(short)) < 90
        _keep_a_row(server)
    finally:
        server.stop()
    assert not short.exists()


def test_a_temporary_server_leaves_nothing() -> None:
    with temporary() as server:
        _keep_a_row(server)
        process = server.process
    assert not server.home.exists()
    assert process is not None
    assert process.returncode == 0


def test_the_database_moves_with_its_data_folder_but_a_copy_gets_its_own(tmp_path: Path) -> None:
    first = DataFolder(tmp_path / "first")
    first.path.mkdir()
    identity = first.identity()
    assert first.identity() == identity
    moved = DataFolder(first.path.rename(tmp_path / "moved"))
    assert moved.identity() == identity
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "instance.json").write_text((moved.path / "instance.json").read_text())
    assert DataFolder(copy).identity() != identity
    assert moved.identity() == identity
    assert home_for(moved) != home_for(DataFolder(copy))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's databases live apart from their data folder")
def test_the_databases_of_temporary_data_folders_go_when_those_are_gone(tmp_path: Path) -> None:
    gone, kept = DataFolder(tmp_path / "gone"), DataFolder(tmp_path / "kept")
    gone.path.mkdir()
    kept.path.mkdir()
    homes = home_for(gone), home_for(kept)
    (gone.path / "instance.json").unlink()
    gone.path.rmdir()
    with temporary():
        assert not homes[0].exists()
        assert homes[1].exists()
    homes[1].joinpath("data-folder").unlink()
    homes[1].rmdir()
