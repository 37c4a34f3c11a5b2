"""Children that don't outlive their parent, and those of an earlier run that did."""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator

import psutil

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
MARK = "PORTICO_SUPERVISED_BY"


def die_with_parent(by: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: have the kernel send `by` to the child when the parent is gone, even by SIGKILL.

    Linux only (prctl(2)); elsewhere leftovers are found at the next start by their mark. Must be the last thing before
    exec, since the kernel forgets it when the user changes. Fires when the *thread* that forked ends, so fork from the
    main thread.
    """
    parent = os.getpid()

    def arrange() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(by))
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return arrange


def marked(identity: str) -> Iterator[psutil.Process]:
    """Living processes, children's children included, whose environment carries this installation's mark."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == identity:
                yield process


def stop_marked(identity: str, *, grace: float) -> int:
    """End every marked process: SIGTERM, then SIGKILL after `grace` seconds. Answers how many there were."""
    leftovers = list(marked(identity))
    _tell_all(leftovers, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(leftovers, timeout=grace)
    _tell_all(stubborn, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=5)
    return len(leftovers)


def _tell_all(processes: list[psutil.Process], what: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(what)
