"""`portal tick`: the beat as a loop in a process of its own, for those who don't trust one beat."""

import heapq
import os
import signal
import threading
import time
from types import FrameType
from typing import Any

import structlog
from celery import current_app
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from portal.beat import BEAT, BeatEntry

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    """Walks the beat table and does the work itself: it needs the database, and neither broker nor worker."""

    help = "Do everything that the beat wakes workers for, here and now, one thing after the other"
    requires_system_checks = ()  # they ask the database, and end the command where it restarts just now

    def add_arguments(self, parser: CommandParser) -> None:
        """By lane, like workers, and once for those who have a cron."""
        parser.add_argument("--queue", action="append", help="only these lanes (page, deliver, evaluate, default)")
        parser.add_argument("--once", action="store_true", help="do each task once and end")
        parser.add_argument("--parent", type=int, help="end when the process of this number is no longer the parent")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Until SIGTERM or Ctrl-C; the task that runs is finished first."""
        current_app.loader.import_default_modules()
        entries = [entry for entry in BEAT if not options["queue"] or entry.queue in options["queue"]]
        if options["once"]:
            for entry in entries:
                run(entry)
            return
        told = _told_to_stop()
        if options["parent"]:
            threading.Thread(target=_stop_without, args=(options["parent"], told), daemon=True).start()
        walk(entries, until=told)


def walk(entries: list[BeatEntry], *, until: threading.Event) -> None:
    """Run each of `entries` every `entry.every` seconds, the most overdue first; a late one is not made up for."""
    due = [(time.monotonic(), number) for number in range(len(entries))]
    heapq.heapify(due)
    while due and not until.is_set():
        at, number = due[0]
        if until.wait(max(0.0, at - time.monotonic())):
            return
        run(entries[number])
        heapq.heapreplace(due, (max(at + entries[number].every, time.monotonic()), number))


def run(entry: BeatEntry) -> None:
    """Do the work of one wake-up; a failure is logged and the walk goes on."""
    task = current_app.tasks.get(entry.task)
    if task is None:
        log.warning("no such task", task=entry.task)
        return
    close_old_connections()
    try:
        task()
    except Exception:  # whatever went wrong, the other tasks' work must go on; the task comes again
        log.exception("task failed", task=entry.task)


def _told_to_stop() -> threading.Event:
    told = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return told


def _stop_without(parent: int, told: threading.Event) -> None:
    while os.getppid() == parent:
        if told.wait(0.5):
            return
    told.set()
