"""Wake-ups for the workers: sent on commit from a background thread, so that they neither raise nor block.

A hint carries nothing but the name of a task; losing all of them only delays until the next beat.
"""

import os
import threading
import time
from dataclasses import dataclass, field

import structlog
from celery import Celery, current_app
from django.db import transaction

log = structlog.get_logger(__name__)

MOST = 100
IDLE = 30.0
PACE = 0.05
"""Seconds between two wake-ups of one name: who is woken takes all there is, and a flood costs no wake-up each."""


@dataclass
class Hinter:
    """One background thread per process; a name that waits already does not wait twice, and at most `MOST` do."""

    pid: int = field(default_factory=os.getpid)
    app: Celery | None = None  # the one in force when a hint is sent, unless given
    waiting: dict[str, float] = field(default_factory=dict)
    """When each name may be sent, on the clock of `time.monotonic`."""
    sent_at: dict[str, float] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    thread: threading.Thread | None = None

    def put(self, name: str) -> None:
        """Ask for a wake-up and return at once; where too many wait it is dropped, for the beat comes anyway."""
        with self.changed:
            if name in self.waiting or len(self.waiting) >= MOST:
                return
            self.waiting[name] = max(time.monotonic(), self.sent_at.get(name, -PACE) + PACE)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._run, name="hints", daemon=True)
                self.thread.start()
            self.changed.notify()

    def _run(self) -> None:
        while name := self._next():
            self._send(name)

    def _next(self) -> str:
        """The next name whose time has come; none once nothing was asked for in a while, and the thread is done."""
        quiet_at = time.monotonic() + IDLE
        with self.changed:
            while True:
                now = time.monotonic()
                name, at = min(self.waiting.items(), key=lambda item: item[1], default=("", quiet_at))
                if at > now:
                    self.changed.wait(at - now)
                elif name:
                    del self.waiting[name]  # what is asked for from now on is for the next
                    self.sent_at[name] = now
                    return name
                else:
                    self.thread = None
                    return ""

    def _send(self, name: str) -> None:
        try:
            (self.app or current_app).send_task(name, retry=False, ignore_result=True, expires=10)
        except Exception as error:  # a hint may fail in any way a broker can; the beat makes up for it
            log.warning("hint lost", task=name, error=str(error))


_hinter = Hinter()


def nudge(name: str) -> None:
    """Wake the task `name` (such as `incidents.advance_due`) once the running transaction has committed."""
    transaction.on_commit(lambda: _of_this_process().put(name), robust=True)


def _of_this_process() -> Hinter:
    global _hinter  # a forked worker inherits the object but not its thread
    if _hinter.pid != os.getpid():
        _hinter = Hinter()
    return _hinter
