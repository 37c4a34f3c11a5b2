"""What a worker does when it hears nothing: its lanes' work, by a walk of the beat's table that needs no broker.

A broker that is down, a beat that died, a connection that hangs after an outage: each would end all paging although the
database, which knows everything that is due, answers. So a worker that got no wake-up for a while starts `portal tick`
for its own lanes, and ends it when wake-ups come again. Both may run at once, here and elsewhere: whatever is due is
claimed by one of them.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from celery.signals import task_received, worker_init, worker_shutting_down
from celery.worker import state

from portal.lib import conf

log = structlog.get_logger(__name__)

CHECKED_EVERY = 0.5
BUSY = 120.0
"""Seconds without a wake-up that are too many for a worker with work: all its processes have it, or hang."""
GRACE = 10.0
"""Seconds a walk has to finish the task it is at."""


@dataclass
class Lifeline:
    """Watches from a thread of a worker's main process; `quiet` are the seconds without a wake-up that are too many."""

    lanes: Sequence[str]
    quiet: float
    heard_at: float = field(default_factory=time.monotonic)
    walk: subprocess.Popen[bytes] | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Watch until the process ends."""
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def hear(self) -> None:
        """A wake-up came."""
        self.heard_at = time.monotonic()

    def end(self) -> None:
        """The worker ends, and what it started with it."""
        self.ended.set()
        self._stop_walking()

    def look(self) -> None:
        """Begin or end to walk, whichever is right now."""
        silent = time.monotonic() - self.heard_at
        most = max(self.quiet, BUSY) if state.active_requests else self.quiet
        walking = self.walk is not None and self.walk.poll() is None
        if silent > most and not walking:
            log.error("no wake-ups: broker or beat is out; the lanes are walked without them", seconds=round(silent))
            self.walk = subprocess.Popen(self._command(), env=os.environ | {"PORTAL_COURIER": "walk"})
        elif silent <= most and self.walk is not None:
            log.warning("wake-ups come again")
            self._stop_walking()

    def _watch(self) -> None:
        while not self.ended.wait(CHECKED_EVERY):
            try:
                self.look()
            except OSError as error:  # no room for a process just now; there may be in a moment
                log.warning("the lanes could not be walked", error=str(error))

    def _command(self) -> list[str]:
        lanes = [word for lane in self.lanes for word in ("--queue", lane)]
        return [sys.executable, "-m", "portal.cli", "tick", *lanes, "--parent", str(os.getpid())]

    def _stop_walking(self) -> None:
        walk, self.walk = self.walk, None
        if walk is None:
            return
        walk.terminate()
        try:
            walk.wait(GRACE)
        except subprocess.TimeoutExpired:
            walk.kill()
            walk.wait()


def arrange() -> None:
    """Every worker of this process gets one; call it once, before a worker is made."""
    worker_init.connect(_begin)


def _begin(sender: Any, **_kwargs: object) -> None:  # noqa: ANN401  # Celery's worker, which has no types
    """In the main process, before the pool is forked and the broker asked for anything."""
    lanes = list(sender.app.amqp.queues.consume_from)
    line = Lifeline(lanes, quiet=conf.number("PORTAL_QUIET_SECONDS", 30))
    task_received.connect(lambda **_: line.hear(), weak=False)
    worker_shutting_down.connect(lambda **_: line.end(), weak=False)
    line.start()
