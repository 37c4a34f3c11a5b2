"""Real workers and beats on a Redis of their own, to be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Stack:
    """A Redis and the processes beside it; all of them are gone when the block ends."""

    folder: Path
    port: int
    mail_url: str = ""
    database_url: str = ""
    """Another way to the test's database than its own."""
    broker: subprocess.Popen[bytes] | None = None
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def redis_url(self) -> str:
        """The broker."""
        return f"redis://127.0.0.1:{self.port}/0"

    def worker(self, queues: str = "page,deliver", concurrency: int = 2) -> subprocess.Popen[bytes]:
        """One more worker."""
        lane = ("worker", "-Q", queues, "-c", str(concurrency), "-l", "warning", "-n", f"{len(self.processes)}@chaos")
        return self._celery(*lane, "--without-gossip", "--without-mingle")

    def beat(self) -> subprocess.Popen[bytes]:
        """One more beat."""
        return self._celery("beat", "-l", "warning", "-s", str(self.folder / f"beat-{len(self.processes)}"))

    def flush(self) -> None:
        """The broker forgets everything it ever knew."""
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()

    def start_broker(self) -> None:
        """Redis, on the port it always has; it knows nothing of before."""
        words = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder))
        self.broker = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)
        wait_for(lambda: _answers(self), seconds=10)

    def stop_broker(self) -> None:
        """Redis is gone."""
        if self.broker is not None:
            self.broker.kill()
            self.broker.wait()

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL for it and its children, at whatever instruction they are."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def output(self) -> str:
        """What the processes said, for when a test fails."""
        return "\n".join(path.read_text()[-2000:] for path in sorted(self.folder.glob("*.log")))

    def _celery(self, *words: str) -> subprocess.Popen[bytes]:
        number = len(self.processes)
        with (self.folder / f"{number:02}-{words[0]}.log").open("wb") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "portal.celery", *words],
                cwd=ROOT,
                env=environment(
                    self.folder, REDIS_URL=self.redis_url, EMAIL_URL=self.mail_url, DATABASE_URL=self.database_url
                ),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(started)
        return started

    def _end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)


@contextmanager
def running(folder: Path, *, mail_url: str = "") -> Iterator[Stack]:
    """A Redis on a free port, without workers yet."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    stack = Stack(folder, port, mail_url)
    try:
        stack.start_broker()
        yield stack
    finally:
        stack._end()
        stack.stop_broker()


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What a process needs to work on the test's database with the test's keys."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("COV")},
        "DATABASE_URL": database_url(),
        "PORTAL_SECRET_KEY": settings.SECRET_KEY,
        "PORTAL_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_ALLOW_PRIVATE_ADDRESSES": "127.0.0.1",  # where our fakes listen
        **{name: value for name, value in more.items() if value},
    }


def database_url() -> str:
    """The test database, as a URL for another process."""
    at = connection.settings_dict
    return f"postgres://{at['USER']}:{at['PASSWORD']}@/{at['NAME']}?host={at['HOST']}&port={at['PORT'] or 5432}"


def wait_for(holds: Callable[[], bool], *, seconds: float) -> None:
    """Return as soon as `holds` does; AssertionError after `seconds`."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.1)


def _answers(stack: Stack) -> bool:
    try:
        with redis.Redis.from_url(stack.redis_url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False
