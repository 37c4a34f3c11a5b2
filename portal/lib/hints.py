"""Wake-ups for the workers: sent on commit from a background thread, so that they neither raise nor block.

A hint carries nothing but the name of a task; losing all of them only delays until the next beat.
"""

import os
import queue
import threading
from dataclasses import dataclass, field

import structlog
from celery import Celery, current_app
from django.db import transaction

log = structlog.get_logger(__name__)


@dataclass
class Hinter:
    """One background thread per process with a short queue; a name that waits already is not queued twice."""

    pid: int = field(default_factory=os.getpid)
    names: queue.Queue[str] = field(default_factory=lambda: queue.Queue(maxsize=100))
    app: Celery | None = None  # the one in force when a hint is sent, unless given
    waiting: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None

    def put(self, name: str) -> None:
        """Queue a wake-up and return at once; a full queue drops it, for the beat comes anyway."""
        with self.lock:
            if name in self.waiting:
                return
            try:
                self.names.put_nowait(name)
            except queue.Full:
                return
            self.waiting.add(name)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._run, name="hints", daemon=True)
                self.thread.start()

    def _run(self) -> None:
        while True:
            try:
                name = self.names.get(timeout=30)
            except queue.Empty:
                with self.lock:
                    if self.names.empty():
                        self.thread = None
                        return
                continue
            with self.lock:
                self.waiting.discard(name)
            self._send(name)

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
