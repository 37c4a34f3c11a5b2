"""A limit for a browser that answers no more; Playwright waits for some of its answers for ever, as for its end."""

import contextlib
import threading
from collections.abc import Iterator

import psutil


@contextlib.contextmanager
def ended_after(seconds: float) -> Iterator[threading.Event]:
    """Kill the browsers of this process when what is inside takes longer; what waits for one then goes on, or raises.

    The event is set once that was needed.
    """
    needed = threading.Event()
    timer = threading.Timer(seconds, _end_browsers, [needed])
    timer.daemon = True
    timer.start()
    try:
        yield needed
    finally:
        timer.cancel()


def browsers() -> list[psutil.Process]:
    """All processes of the browsers that this process started, Playwright's own between them."""
    return [one for one in psutil.Process().children(recursive=True) if _is_browser(one)]


def _end_browsers(needed: threading.Event) -> None:
    needed.set()
    for one in browsers():
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()


def _is_browser(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.name().startswith(("chrom", "google-chrome"))
    return False
