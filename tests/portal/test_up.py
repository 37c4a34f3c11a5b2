"""`portal up` as a whole: up, killed, up again, ended, with nothing left but its data folder."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from portal.embedded import Server, home_for
from portal.run.death import marked
from portal.run.folder import DataFolder
from portal.run.ports import free_port

pytestmark = [pytest.mark.live, pytest.mark.slow]

HIDDEN = ("DATABASE_URL", "REDIS_URL", "PORTAL_BASE_URL", "PORTAL_SECRET_KEY")


class Running:
    """A `portal up --without-demo` of its own, whose terminal is a file."""

    def __init__(self, folder: DataFolder, port: int) -> None:
        self.folder, self.terminal = folder, folder.path.parent / "terminal"
        environment = {name: value for name, value in os.environ.items() if name not in HIDDEN}
        environment |= {"PORTAL_DATA": str(folder.path), "PORTAL_PORT": str(port)}
        argv = [sys.executable, "-m", "portal", "up", "--without-demo"]
        with self.terminal.open("w") as out:
            self.process = subprocess.Popen(argv, env=environment, stdout=out, stderr=out)

    def said(self) -> str:
        """All that a person would have read so far."""
        return self.terminal.read_text()

    def until_up(self) -> str:
        """Wait for the address and answer it."""
        assert _within(240, lambda: "Ctrl-C ends everything" in self.said() or self.process.poll() is not None)
        running = self.folder.running()
        assert running is not None, self.said()
        return running.address


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """A data folder whose path has a space, removed with its databases."""
    folder = DataFolder(tmp_path / "with space" / "data")
    folder.path.mkdir(parents=True)
    yield folder
    shutil.rmtree(home_for(folder), ignore_errors=True)


@pytest.fixture
def start(folder: DataFolder) -> Iterator[Callable[[], Running]]:
    """Starts the product in `folder`; whatever still runs in the end is ended."""
    started: list[Running] = []
    port = free_port(
        str(folder.path)
    )  # once: a killed one's may not be free at once, and that is for the next to see to

    def another() -> Running:
        started.append(Running(folder, port))
        return started[-1]

    yield another
    for one in started:
        one.process.terminate()
        one.process.wait(60)


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


def test_it_comes_up_survives_being_killed_and_leaves_nothing_after_ctrl_c(
    folder: DataFolder, start: Callable[[], Running]
) -> None:
    first = start()
    address = first.until_up()
    with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:
        assert answer.status == 200
    assert "Sign in as admin with the password" in first.said()

    twice = subprocess.run(
        [sys.executable, "-m", "portal", "up"],
        env=os.environ | {"PORTAL_DATA": str(folder.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert twice.returncode == 1
    assert f"already runs from {folder.path} at {address}" in twice.stdout

    first.process.kill()
    first.process.wait()
    second = start()
    assert second.until_up() == address  # on the same port, although the killed one had it a moment ago

    taken = _portal(folder, "backup", str(folder.path.parent / "running.zip"))
    assert (taken.returncode, taken.stderr) == (0, "")

    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(60) == 0
    assert list(marked(folder.identity())) == []
    assert not (home_for(folder) / "data" / "postmaster.pid").exists()
    assert folder.running() is None
    _comes_back(folder, folder.path.parent / "running.zip")


def _comes_back(folder: DataFolder, backup: Path) -> None:
    """What was taken while it ran restored beside it; what has an older schema restored in its place, and migrated."""
    beside = DataFolder(folder.path.parent / "beside")
    beside.path.mkdir()
    try:
        _well(_portal(beside, "restore", str(backup)))
        assert beside.secret_key() == folder.secret_key()
        assert _migrations(beside) == _migrations(folder)
    finally:
        shutil.rmtree(home_for(beside), ignore_errors=True)

    current = _migrations(folder)
    with _database(folder) as url:
        _well(_portal(folder, "migrate", "incidents", "0001_squashed_0017_digest", DATABASE_URL=url))
    older = folder.path.parent / "older.zip"
    _well(_portal(folder, "backup", str(older)))
    assert _migrations(folder) < current
    assert "What was there before is in" in _well(_portal(folder, "restore", "--pause-paging", str(older)))
    assert _migrations(folder) == current
    with _database(folder) as url, psycopg.connect(url) as connection:
        reason = connection.execute("SELECT reason FROM incidents_pagingpause").fetchall()
    assert "Restored from a backup" in reason[0][0]


def _portal(folder: DataFolder, *command: str, **also: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    return subprocess.run(
        [sys.executable, "-m", "portal.cli", *command],
        env=environment | {"PORTAL_DATA": str(folder.path)} | also,
        capture_output=True,
        text=True,
        timeout=300,
    )


def _well(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def _database(folder: DataFolder) -> Iterator[str]:
    server = Server(home=home_for(folder), log=folder.sub("logs") / "postgres.log")
    server.start()
    try:
        yield server.url()
    finally:
        server.stop()


def _migrations(folder: DataFolder) -> set[str]:
    with _database(folder) as url, psycopg.connect(url) as connection:
        return {f"{app}.{name}" for app, name in connection.execute("SELECT app, name FROM django_migrations")}


def test_a_given_database_that_does_not_answer_ends_the_start_with_words(folder: DataFolder) -> None:
    environment = os.environ | {"PORTAL_DATA": str(folder.path), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    said = subprocess.run(
        [sys.executable, "-m", "portal", "up", "--without-demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert said.returncode == 1
    assert "prepare failed" in said.stdout
    assert "127.0.0.1" in said.stdout
    assert list(marked(folder.identity())) == []
