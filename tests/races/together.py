"""Running things at the same moment on connections of their own."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def together(*calls: Callable[[], object]) -> list[object]:
    """What each call answered or raised, after all began at once."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        gate.wait(10)
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


class Crew:
    """Threads that keep their connections, so that a race can be run hundreds of times within seconds."""

    def __init__(self, count: int) -> None:
        self.pool = ThreadPoolExecutor(count)

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        count = self.pool._max_workers
        gate = threading.Barrier(count)

        def close() -> None:
            gate.wait(10)  # one for each thread
            connections.close_all()

        list(self.pool.map(lambda _: close(), range(count)))
        self.pool.shutdown()

    def together(self, *calls: Callable[[], object], head_start: float = 0.0) -> list[object]:
        """What each call answered or raised; the first begins `head_start` seconds before the others, or after them
        where that is negative.
        """
        gate = threading.Barrier(len(calls))

        def run(place: int, call: Callable[[], object]) -> object:
            gate.wait(10)
            wait = -head_start if place == 0 else head_start
            if wait > 0:
                time.sleep(wait)
            try:
                return call()
            except Exception as error:
                return error

        return list(self.pool.map(run, range(len(calls)), calls))


def starts(times: int, *, widest: float = 0.004) -> list[float]:
    """Head starts from `-widest` to `widest` seconds, so that each side comes first about as often as the other."""
    return [widest * (2 * (place % 21) / 20 - 1) for place in range(times)]
