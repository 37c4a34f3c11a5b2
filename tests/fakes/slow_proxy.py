"""A proxy on loopback that keeps one request waiting until it is told to go on: for what happens in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock

from tests.fakes.upstream import asked, standing


@dataclass
class SlowProxy:
    """Hands requests on to `upstream`; the first one only after `go_on`. `asked` is set when it has arrived."""

    upstream: str
    url: str = ""
    asked: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def wait(self) -> None:
        """Keep the first caller waiting."""
        with self._lock:
            first = not self.asked.is_set()
            self.asked.set()
        if first:
            self.go_on.wait(60)

    def answer(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        """What upstream says, once it may be asked."""
        self.wait()
        return asked(self.upstream, path, body)


@contextmanager
def slow_proxy(upstream: str) -> Iterator[SlowProxy]:
    """A proxy that is there while the block runs."""
    with standing(SlowProxy(upstream)) as proxy:
        try:
            yield proxy
        finally:
            proxy.go_on.set()
