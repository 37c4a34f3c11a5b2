"""Answers worth keeping for a few seconds in the memory of one process; losing them costs time only."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock


class Kept[T]:
    """The newest `most` answers, each for `seconds` after it was put in. Threads may share it."""

    def __init__(self, *, seconds: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._answers: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> T | None:
        """The answer, unless it was never kept or is too old."""
        with self._lock:
            until, answer = self._answers.get(key, (0.0, None))
            return answer if until > self._clock() else None

    def put(self, key: Hashable, answer: T) -> None:
        """Keep `answer`; the oldest goes where there are too many."""
        with self._lock:
            self._answers.pop(key, None)
            self._answers[key] = (self._clock() + self._seconds, answer)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._answers.clear()
