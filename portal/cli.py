"""`portal …`: the commands that start things, and, for everything else, Django's commands of all apps.

A command that has to run before there is a database is in `OUTSIDE`. All others (`tick`, `doctor`, `apply`, `demo`, …)
are Django management commands in the app that they belong to, `<app>/management/commands/<name>.py`. They find the
database of a running `bin/up` by themselves.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from django.core.management import execute_from_command_line

from portal.celery import app as celery_app
from portal.run import backup, restore, up, with_db
from portal.run.folder import DataFolder

__all__ = ["celery_app", "main"]  # commands send hints too, so Celery has to know our broker in each of them


@dataclass(frozen=True, slots=True)
class Command:
    """A command that needs no Django: what it does in a few words, and the function that does it."""

    summary: str
    run: Callable[[list[str]], int]


OUTSIDE: dict[str, Command] = {
    "up": Command("bring up the whole product on this machine; see portal up --help", up.main),
    "backup": Command("write all that can't be made anew into one file; see portal backup --help", backup.main),
    "restore": Command("put a backup in the place of what is there; see portal restore --help", restore.main),
    "run-with-db": Command("run a program with a PostgreSQL that is thrown away afterwards", with_db.main),
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; answers its exit code."""
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["help"]
    if name in OUTSIDE:
        return OUTSIDE[name].run(rest)
    if name in {"help", "-h", "--help"} and not rest:
        print("Before there is a database:\n")
        print("\n".join(f"    {name:12} {command.summary}" for name, command in OUTSIDE.items()))
    _join_running()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    execute_from_command_line(["portal", name, *rest])
    return 0


def _join_running() -> None:
    """Without a DATABASE_URL, use what the `bin/up` of this data folder told its own children."""
    if "DATABASE_URL" in os.environ:
        return
    running = DataFolder.of(os.environ).running()
    if running is not None:
        os.environ.update(running.environment)


if __name__ == "__main__":
    sys.exit(main())
