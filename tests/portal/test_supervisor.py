"""The supervisor with real child processes: restarts, endings of every kind, and nothing left behind."""

import asyncio
import contextlib
import io
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from portal.run.death import MARK, marked, stop_marked
from portal.run.folder import AlreadyRunning, DataFolder, Running
from portal.run.lines import Log, Terminal
from portal.run.ports import NoPort, claim, free_port
from portal.run.process import Process
from portal.run.supervisor import Failed, Supervisor
from portal.run.up import moved

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"])
print("deaf", flush=True)
time.sleep(600)
"""
ALONE = """
import asyncio, sys
from pathlib import Path
from portal.run.lines import Terminal
from portal.run.process import Process
from portal.run.supervisor import Supervisor

async def main():
    supervisor = Supervisor(Path(sys.argv[1]), Terminal(), sys.argv[2])
    supervisor.keep(Process("sleeper", (sys.executable, "-c", "print('up', flush=True); import time; time.sleep(600)")))
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def identity() -> Iterator[str]:
    """A mark for this test's processes; none of them may outlive it."""
    name = f"test-{os.getpid()}-{time.monotonic_ns()}"
    yield name
    stop_marked(name, grace=0)


@pytest.fixture
def supervisor(tmp_path: Path, identity: str) -> Supervisor:
    """A supervisor that logs into the test's folder."""
    return Supervisor(tmp_path, Terminal(colour=False), identity)


def _python(name: str, code: str, grace: float = 5) -> Process:
    return Process(name=name, argv=(sys.executable, "-c", code), grace=grace)


def _run(supervisor: Supervisor, story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        try:
            await asyncio.wait_for(story(), 30)
        finally:
            await supervisor.stop()

    asyncio.run(told())


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.02)


def _lines(supervisor: Supervisor, name: str) -> list[str]:
    log = supervisor.logs / f"{name}.log"
    return log.read_text().splitlines() if log.exists() else []


def test_a_child_that_dies_is_started_again_and_said(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        supervisor.keep(_python("mortal", "print('alive', flush=True); raise SystemExit(3)"))
        await _until(lambda: _lines(supervisor, "mortal").count("alive") >= 2)

    _run(supervisor, story)
    assert "ended (exit code 3), starting it again in 1 s" in capsys.readouterr().out


def test_a_program_that_does_not_exist_is_said_and_tried_again_later(supervisor: Supervisor) -> None:
    async def story() -> None:
        supervisor.keep(Process("ghost", ("/nowhere/ghost",)))
        await _until(lambda: bool(_lines(supervisor, "ghost")))

    _run(supervisor, story)
    assert "/nowhere/ghost can't be started" in _lines(supervisor, "ghost")[0]


def test_stopping_ends_a_child_that_ignores_sigterm_and_its_own_children(supervisor: Supervisor, identity: str) -> None:
    async def story() -> None:
        supervisor.keep(_python("stubborn", STUBBORN, grace=0.5))
        await _until(lambda: _lines(supervisor, "stubborn").count("deaf") == 2)
        assert len(list(marked(identity))) == 2

    _run(supervisor, story)
    assert list(marked(identity)) == []


def test_a_second_ctrl_c_does_not_wait_for_the_grace(supervisor: Supervisor, identity: str) -> None:
    async def story() -> None:
        supervisor.keep(_python("stubborn", STUBBORN, grace=60))
        await _until(lambda: _lines(supervisor, "stubborn").count("deaf") == 2)
        supervisor.hurry.set()

    began = time.monotonic()
    _run(supervisor, story)
    assert time.monotonic() - began < 20
    assert list(marked(identity)) == []


def test_children_end_with_a_supervisor_that_was_killed(tmp_path: Path, identity: str) -> None:
    alone = subprocess.Popen([sys.executable, "-c", ALONE, str(tmp_path), identity])
    log = tmp_path / "sleeper.log"
    assert _within(20, lambda: log.exists() and "up" in log.read_text())
    assert len(list(marked(identity))) == 1
    alone.kill()
    alone.wait()
    if sys.platform != "linux":  # no parent-death signal: the next start does it
        stop_marked(identity, grace=2)
    assert _within(5, lambda: not list(marked(identity)))


def test_the_next_start_ends_what_an_earlier_one_left(identity: str) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env=os.environ | {MARK: identity})
    assert _within(5, lambda: bool(list(marked(identity))))
    assert stop_marked(identity, grace=5) == 1
    left.wait(5)
    assert list(marked(identity)) == []


def test_a_step_that_fails_shows_its_own_last_words_and_not_those_of_an_earlier_run(supervisor: Supervisor) -> None:
    async def story() -> None:
        with pytest.raises(Failed, match="first trouble"):
            await supervisor.once(_python("step", "print('first trouble'); raise SystemExit(1)"))
        with pytest.raises(Failed, match="second trouble") as failure:
            await supervisor.once(_python("step", "print('second trouble'); raise SystemExit(1)"))
        assert "first trouble" not in str(failure.value)
        await supervisor.once(_python("step", "print('well')"))

    _run(supervisor, story)
    assert _lines(supervisor, "step") == ["first trouble", "second trouble", "well"]


def test_only_warnings_reach_the_terminal_and_never_a_flood_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = Log("worker", tmp_path / "worker.log", Terminal(colour=False), clock=lambda: 100.0)
    log.take('event="all well" level=info')
    for number in range(50):
        log.take(f'event="trouble {number}" level=warning')
    shown = capsys.readouterr().out.splitlines()
    assert shown == [f'   worker | event="trouble {number}" level=warning' for number in range(3)]
    assert len((tmp_path / "worker.log").read_text().splitlines()) == 51


def test_a_terminal_that_went_away_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr(sys, "stdout", gone)
    Terminal(colour=False).say("anybody there?")


def test_two_checkouts_never_get_the_same_web_port() -> None:
    port, holder = claim("127.0.0.1", free_port("web port of this test"))
    with holder:
        other, second = claim("127.0.0.1", port)
        second.close()
        assert other != port
        with socket.socket() as server:  # as the web server binds: sharing allowed
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            server.bind(("127.0.0.1", port))
            server.listen()
            third, holder_of_third = claim("127.0.0.1", port)
            holder_of_third.close()
            assert third != port


def test_a_port_is_had_again_right_after_connections_were_closed_on_it() -> None:
    wanted = free_port("port with connections in TIME_WAIT")
    port, holder = claim("127.0.0.1", wanted)
    with holder, socket.create_server(("127.0.0.1", port), reuse_port=True) as server:
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # the side that closes first keeps the port in TIME_WAIT
        client.close()
    again, holder = claim("127.0.0.1", wanted)
    holder.close()
    assert again == port == wanted


def test_a_named_port_is_the_same_next_time_unless_somebody_took_it() -> None:
    first = free_port("somebody/prometheus")
    assert free_port("somebody/prometheus") == first
    with socket.create_server(("127.0.0.1", first)):
        assert free_port("somebody/prometheus") != first


def test_a_second_start_in_the_same_folder_is_told_where_the_first_answers(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with contextlib.closing(folder.lock()):
        folder.tell(Running(pid=42, address="http://localhost:8000", environment={"DATABASE_URL": "postgres:///x"}))
        assert folder.running() == Running(42, "http://localhost:8000", {"DATABASE_URL": "postgres:///x"})
        with pytest.raises(AlreadyRunning, match=r"http://localhost:8000 \(process 42\)"):
            folder.lock()
    assert folder.running() is None
    folder.lock().close()


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    key = folder.secret_key()
    assert len(key) >= 50
    assert folder.secret_key() == key
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_a_taken_port_is_told_with_what_to_type() -> None:
    said = moved(8000, 8001, base_url="https://portico.example.org")
    assert "Port 8000 is taken" in said
    assert "PORTAL_PORT=9001 bin/up" in said
    assert "links in messages lead there" in said
    with pytest.raises(NoPort, match="PORTAL_HOST"):
        claim("192.0.2.1", 8000)  # an address for examples, nobody's
