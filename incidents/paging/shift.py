"""One courier at a time among the processes of one worker, so that couriers who wait for a server that hangs never
take all of them: steps, transitions and deliveries share the lane.

Held by a lock on a file, which the kernel drops with the process, however it dies. It saves room and decides nothing:
where it can't be had for another reason than being held, the courier goes to work.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def courier_shift() -> Iterator[bool]:
    """Whether it is this process that may deliver; False while a sibling (another child of our parent) does."""
    kind = os.environ.get("PORTAL_COURIER", "courier")  # a walk beside a worker that hangs asks for a shift of its own
    path = Path(tempfile.gettempdir()) / f"portico-{kind}-{os.getuid()}-{os.getppid()}.lock"
    try:
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:  # no room, or somebody else's file: delivering matters more
        yield True
        return
    try:
        yield _locked(held)
    finally:
        os.close(held)


def _locked(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
