"""PostgreSQL from a wheel, for a machine where no DATABASE_URL is given.

One server per data folder, on a Unix socket that only we can reach, ended with the process that started it.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from portal.run.death import die_with_parent
from portal.run.folder import DataFolder
from portal.run.programs import ROOTS_FOLDER, Programs, programs

OWNER = "portico"  # the database role; nobody else can reach the socket, so it needs no password
_LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432")  # sockaddr_un holds 104 bytes on macOS, 108 on Linux
_OWNER_FILE = "data-folder"
_READY_WITHIN = 120.0  # seconds; after a crash the log is replayed first


class OtherMajor(Exception):
    """The data folder was written by another major version of PostgreSQL; the message says the way out."""


class InUse(Exception):
    """Another living process runs a server on this folder."""


class StartFailed(Exception):
    """PostgreSQL ended or didn't answer; the message carries the end of its log."""


@dataclass
class Server:
    """A PostgreSQL server below `home`; `start` and `stop` may be called again and again."""

    home: Path
    log: Path
    durable: bool = True
    programs: Programs = field(default_factory=programs)
    process: subprocess.Popen[bytes] | None = None
    _lock: IO[str] | None = None

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.home / "data"

    @property
    def socket(self) -> Path:
        """The folder of the socket: below `home` unless that path is too long for one."""
        inside = self.home / "socket"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
            return inside
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"portico-{os.geteuid()}-{name}"

    def url(self, database: str = "portico") -> str:
        """A DATABASE_URL; libpq and Django both understand it."""
        return f"postgres://{OWNER}@/{database}?host={quote(str(self.socket), safe='/')}"

    def start(self, database: str = "portico") -> None:
        """Bring the server up with its `database`; a server left over from a killed run is ended first.

        Raises OtherMajor, InUse, StartFailed.
        """
        self._hold()
        try:
            self._refuse_other_major()
            stop_leftover(self.data)
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            self._launch()
            self._wait_until_ready(database)
        except BaseException:
            self.stop()
            raise

    def create(self, database: str) -> None:
        """One more database, unless it is there."""
        _ensure_database(self.url("postgres"), database)

    def alive(self) -> bool:
        """Whether our child still runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """End the server whoever is still connected: fast, then immediate, then by force."""
        if self.process is not None:
            _end(self.process)
            self.process = None
        if self.socket.parent != self.home:
            shutil.rmtree(self.socket, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _hold(self) -> None:
        if self._lock is None:
            self.programs.hand_over(self.home)
            lock = (self.home / "lock").open("a")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                raise InUse(f"PostgreSQL in {self.home} is in use by another process.") from None
            self._lock = lock

    def _refuse_other_major(self) -> None:
        ours, version = self.programs.major(), self.data / "PG_VERSION"
        theirs = version.read_text().strip() if version.exists() else ours
        if theirs != ours:
            raise OtherMajor(
                f"{self.data} was written by PostgreSQL {theirs}, and this Portico brings {ours}. Run portal backup "
                f"with the Portico that wrote it, then portal restore with this one; or move that folder away to start "
                f"empty (the demo is made anew)."
            )

    def _initialise(self) -> None:
        """Make the cluster under another name first, so that a killed start leaves nothing half-made behind."""
        scratch = self.home / "data.new"
        shutil.rmtree(scratch, ignore_errors=True)
        self.programs.hand_over(scratch)
        command = [
            str(self.programs.bin / "initdb"),
            "-D",
            str(scratch),
            "-U",
            OWNER,
            "--auth=trust",
            "--encoding=UTF8",
        ]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # alike on every system
        done = subprocess.run(
            command if self.durable else [*command, "--no-sync"],
            capture_output=True,
            text=True,
            timeout=300,
            cwd="/",
            env=_clean_environment(),
            preexec_fn=die_with_parent(signal.SIGKILL),
            **self.programs.run_as,
        )
        if done.returncode != 0:
            raise StartFailed(f"PostgreSQL could not make its data folder {self.data}:\n{done.stdout}{done.stderr}")
        scratch.rename(self.data)

    def _launch(self) -> None:
        self.programs.hand_over(self.socket)
        if self.socket.stat().st_uid not in {os.geteuid(), *_uid(self.programs)}:
            raise StartFailed(f"{self.socket} belongs to somebody else, so PostgreSQL's socket can't be put there.")
        settings = [part for name, value in self._settings().items() for part in ("-c", f"{name}={value}")]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs.bin / "postgres", "-D", self.data, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_clean_environment(),
                start_new_session=True,  # a Ctrl-C in the terminal is for the supervisor
                preexec_fn=die_with_parent(signal.SIGINT),
                **self.programs.run_as,
            )

    def _settings(self) -> dict[str, str]:
        memory = min(max(psutil.virtual_memory().total // 2**20 // 16, 64), 512)
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f'"{self.socket}"',
            "max_connections": "200",
            "max_locks_per_transaction": "256",  # registering a thousand components locks some thousand references
            "shared_buffers": f"{memory}MB",
            "effective_cache_size": f"{memory * 4}MB",
            "random_page_cost": "1.1",
            "jit": "off",  # our queries are short; compiling them costs more than it saves
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] ",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return settings

    def _wait_until_ready(self, database: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline:
            if not self.alive():
                break
            with contextlib.suppress(psycopg.OperationalError):
                _ensure_database(self.url("postgres"), database)
                return
            time.sleep(0.05)
        raise StartFailed(f"PostgreSQL did not start from {self.data}:\n{_tail(self.log)}")


def home_for(folder: DataFolder) -> Path:
    """Where the databases of a data folder live: inside it, or, as root, below /var/lib/portico."""
    if os.geteuid() != 0:
        return folder.path / "postgres"
    home = ROOTS_FOLDER / folder.identity()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / _OWNER_FILE).write_text(str(folder.path))  # for people who wonder whose this is, and for _forget_dead
    return home


@contextlib.contextmanager
def temporary(*, durable: bool = False) -> Iterator[Server]:
    """A throw-away server; its folder goes with it, and so do those of runs that were killed."""
    parent = ROOTS_FOLDER if os.geteuid() == 0 else Path(tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    _forget_dead(parent)
    home = Path(tempfile.mkdtemp(prefix=f"portico-test-{os.getpid()}-", dir=parent))
    server = Server(home=home, log=home / "log", durable=durable)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _forget_dead(parent: Path) -> None:
    """Remove throw-away servers of killed runs, and root's databases whose *temporary* data folder is gone."""
    for home in parent.glob("portico-test-*"):
        owner = home.name.split("-")[2]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            _remove(home)
    if parent == ROOTS_FOLDER:
        for note in parent.glob(f"*/{_OWNER_FILE}"):
            folder = Path(note.read_text())
            if folder.is_relative_to(tempfile.gettempdir()) and not folder.exists():
                _remove(note.parent)


def _remove(home: Path) -> None:
    stop_leftover(home / "data")
    shutil.rmtree(home, ignore_errors=True)


def stop_leftover(data: Path) -> None:
    """End a server that a killed run left on `data`; drop a pid file whose number belongs to another program by now."""
    pid_file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        ours = process.name() == "postgres" and str(data) in process.cmdline()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return  # PostgreSQL itself copes with the file of a process that is gone
    if ours:
        _end(process)
    else:
        pid_file.unlink(missing_ok=True)


def _end(process: subprocess.Popen[bytes] | psutil.Process) -> None:
    for ask, patience in ((signal.SIGINT, 10), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            process.send_signal(ask)
        with contextlib.suppress(subprocess.TimeoutExpired, psutil.TimeoutExpired):
            process.wait(patience)
            return


def _ensure_database(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _clean_environment() -> dict[str, str]:
    """Nothing of the caller's PG* settings may reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _uid(programs: Programs) -> tuple[int, ...]:
    return () if programs.account is None else (programs.account.pw_uid,)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else "(no log)"
