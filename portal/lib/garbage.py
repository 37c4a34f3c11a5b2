"""When Python looks for garbage that refers to itself."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_inside = 0
_was_enabled = False


@contextmanager
def put_off() -> Iterator[None]:
    """Don't look for garbage that refers to itself until the block ends.

    For work that makes hundreds of thousands of objects at once, none of which refer to themselves: they go as soon as
    nobody holds them, and looking through all of them again and again took two fifths of a cycle of evaluation. May be
    nested and used in several threads at once; the last one to leave lets it look again.
    """
    global _inside, _was_enabled  # there is one collector in a process
    with _lock:
        if not _inside:
            _was_enabled = gc.isenabled()
            gc.disable()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside and _was_enabled:
                gc.enable()
