"""Several data sources at once: a lane for each, so that one that is slow keeps only itself waiting."""

from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from time import monotonic

from django.db import connection

LANES = 8
"""At most so many sources are asked at once by one process."""
LOOK = 0.5
"""How often it is looked whether another source has become due meanwhile, seconds."""

type Source = int | None
"""A data source's primary key; None is the portal itself."""


def run(
    work: Callable[[Source], object], due: Callable[[], Collection[Source]], *, seconds: float, several: bool
) -> None:  # fmt: skip
    """Call `work(source)` again and again until it answers None, for all sources that are due, side by side.

    After `seconds` no lane goes on; while a slow one is still busy, those that become due get one turn each. Whatever
    `work` raises ends its lane, and is raised here once the others have ended. Without `several` sources there is
    nobody to keep waiting, and this thread does it.
    """
    until = monotonic() + seconds
    first = due()
    if not several:
        for source in first:
            _lane(work, source, until)
        return
    busy: dict[Source, Future[None]] = {}
    failed: list[BaseException] = []
    with ThreadPoolExecutor(LANES, thread_name_prefix="lane") as pool:
        waiting: Collection[Source] = first
        while True:
            busy |= {source: pool.submit(_thread, work, source, until) for source in waiting if source not in busy}
            done, _ = wait(busy.values(), timeout=LOOK, return_when=FIRST_COMPLETED)
            failed += [error for one in done if (error := one.exception()) is not None]
            busy = {source: one for source, one in busy.items() if one not in done}
            if not busy:
                break
            waiting = due()
    if failed:
        raise failed[0]


def _lane(work: Callable[[Source], object], source: Source, until: float) -> None:
    while work(source) is not None and monotonic() < until:
        pass


def _thread(work: Callable[[Source], object], source: Source, until: float) -> None:
    try:
        _lane(work, source, until)
    finally:
        connection.close()  # a connection belongs to its thread
