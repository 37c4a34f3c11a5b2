"""`portal run-with-db -- COMMAND`: a program with a PostgreSQL of its own that is gone afterwards."""

import argparse
import os
import signal
import subprocess
import sys
from types import FrameType

from portal.embedded import StartFailed, temporary
from portal.run.death import die_with_parent
from portal.run.programs import NoPrograms


def main(argv: list[str]) -> int:
    """Run COMMAND with DATABASE_URL set (or with the one given); answers its exit code."""
    parser = argparse.ArgumentParser(prog="portal run-with-db", description=__doc__)
    parser.add_argument("--durable", action="store_true", help="fsync and synchronous commits as in production")
    parser.add_argument("command", nargs="+", help="after --")
    options = parser.parse_args(argv)
    if os.environ.get("DATABASE_URL"):
        return _run(options.command, {})
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _leave)
    try:
        with temporary(durable=options.durable) as server:
            return _run(options.command, {"DATABASE_URL": server.url()})
    except (StartFailed, NoPrograms) as error:
        print(error, file=sys.stderr)
        return 1


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _run(command: list[str], environment: dict[str, str]) -> int:
    child = subprocess.Popen(command, env=os.environ | environment, preexec_fn=die_with_parent(signal.SIGTERM))
    try:
        return _exit_code(child.wait())
    except KeyboardInterrupt:  # the terminal told the child as well; it may want to say its last words
        return _exit_code(child.wait())
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code
