"""PostgreSQL's own way out of a database and back in: pg_dump, pg_restore and psql as children of ours."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from portal.run.archive import chunks
from portal.run.death import die_with_parent
from portal.run.programs import NoPrograms, programs

CACHE_TABLE = "portal_cache"  # settings.CACHES; what it holds is made anew, and would be wrong by then
_UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"
_LOCK_PATIENCE = "60s"


class DumpFailed(Exception):
    """pg_dump, pg_restore or psql ended with an error; the message is its own last line."""


@dataclass(frozen=True, slots=True)
class Clients:
    """A folder with PostgreSQL's client programs, of one version."""

    folder: Path

    def major(self) -> int:
        """Of pg_dump."""
        said = subprocess.run([self.folder / "pg_dump", "-V"], capture_output=True, text=True, check=True, timeout=30)
        return int(said.stdout.split()[2].split(".")[0])


def clients(server: int) -> Clients:
    """Programs that can read a server of this major version: the wheel's, or those on PATH. Raises NoPrograms."""
    found: list[Clients] = []
    with contextlib.suppress(NoPrograms):
        found.append(Clients(programs().bin))
    if path := shutil.which("pg_dump"):
        found.append(Clients(Path(path).resolve().parent))
    for one in found:
        if one.major() >= server:
            return one
    raise NoPrograms(
        f"There is no pg_dump for PostgreSQL {server} here; install its client programs (postgresql-client-{server}), "
        f"so that pg_dump is on PATH."
    )


def dump(url: str, *, using: Clients, snapshot: str) -> Iterator[bytes]:
    """The database as an archive in pg_dump's custom format, as it was when `snapshot` was exported.

    Raises DumpFailed, at the end of the iteration at the latest.
    """
    where, environment = _target(url)
    argv = [str(using.folder / "pg_dump"), "--format=custom", "--no-owner", "--no-privileges", "--no-password"]
    argv += [f"--snapshot={snapshot}", f"--exclude-table-data={CACHE_TABLE}", f"--lock-wait-timeout={_LOCK_PATIENCE}"]
    with tempfile.TemporaryFile() as errors:
        process = _start([*argv, f"--dbname={where}"], environment, stdout=subprocess.PIPE, stderr=errors)
        assert process.stdout is not None  # noqa: S101 - asked for above
        with _ended(process):
            yield from chunks(process.stdout)
            _check(process, errors)


def load(url: str, archive: IO[bytes], *, using: Clients) -> None:
    """Fill an empty database from an archive of `dump`, in one transaction: all of it or nothing.

    By way of psql, since pg_restore sets what servers before PostgreSQL 17 refuse. Raises DumpFailed.
    """
    where, environment = _target(url)
    unpack = [str(using.folder / "pg_restore"), "--file=-", "--no-owner", "--no-privileges", "--no-comments"]
    fill = [str(using.folder / "psql"), "--no-psqlrc", "--quiet", "--no-password", "--single-transaction"]
    fill += ["--set=ON_ERROR_STOP=1", f"--dbname={where}"]
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as refused:
        reader = _start(unpack, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
        with _ended(reader):
            writer = _start(fill, environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=refused)
            with _ended(writer):
                feeder = threading.Thread(target=_feed, args=(archive, reader), daemon=True)
                feeder.start()
                complete = _hand_on(reader, writer)
                if not complete:
                    reader.kill()  # it may wait for somebody to read on
                feeder.join()
                if complete:
                    _check(reader, said)
                _finish(writer)
                _check(writer, refused)


def _hand_on(reader: "subprocess.Popen[bytes]", writer: "subprocess.Popen[bytes]") -> bool:
    """From pg_restore to psql; False when psql wanted no more.

    When pg_restore failed, psql must not see an orderly end, for then it would commit the half of it.
    """
    assert reader.stdout is not None  # noqa: S101 - asked for where they were started
    assert writer.stdin is not None  # noqa: S101
    try:
        for line in _header(reader.stdout):
            writer.stdin.write(line)
        for piece in chunks(reader.stdout):
            writer.stdin.write(piece)
        if reader.wait() != 0:
            writer.kill()
    except BrokenPipeError:
        return False
    return True


def _header(lines: IO[bytes]) -> Iterator[bytes]:
    """The first lines, up to the one that is left out."""
    for _ in range(40):
        line = lines.readline()
        if line == _UNKNOWN_BEFORE_17:
            return
        yield line


def _feed(archive: IO[bytes], reader: "subprocess.Popen[bytes]") -> None:
    assert reader.stdin is not None  # noqa: S101 - asked for where it was started
    with contextlib.suppress(BrokenPipeError):
        shutil.copyfileobj(archive, reader.stdin)
    with contextlib.suppress(BrokenPipeError):
        reader.stdin.close()


def _finish(writer: "subprocess.Popen[bytes]") -> None:
    assert writer.stdin is not None  # noqa: S101 - asked for where it was started
    with contextlib.suppress(BrokenPipeError):
        writer.stdin.close()


def _start(argv: list[str], environment: dict[str, str], **streams: "int | IO[bytes]") -> "subprocess.Popen[bytes]":
    streams.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        argv, env=environment, cwd="/", preexec_fn=die_with_parent(signal.SIGKILL), **streams
    )


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """However the block ends, the child doesn't outlive it."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _check(process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
    if process.wait() != 0:
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        named = [line for line in lines if "ERROR" in line or "error:" in line] or lines
        raise DumpFailed(named[0] if named else f"{process.args!r} ended with {process.returncode}.")


def _target(url: str) -> tuple[str, dict[str, str]]:
    """Connection parameters for the command line, and an environment that holds the password: `ps` shows the former."""
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    return make_conninfo("", **parts), environment
