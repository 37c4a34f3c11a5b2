"""A real exporter on loopback whose process can restart, go down, and fail, and which remembers what was scraped."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread


@dataclass
class Exporter:
    """Counters by series (`ci_runs_total{result="success"}`), served at `/metrics` of `address` while it is up.

    `lives` holds, per life of the process, the values as last scraped: the truth a counting can be held to.
    """

    port: int = 0
    counters: dict[str, int | float] = field(default_factory=dict)
    lives: list[dict[str, int | float]] = field(default_factory=lambda: [{}])
    happened: int = 0
    started: float = field(default_factory=time.time)
    fails: bool = False
    _lock: Lock = field(default_factory=Lock)
    _server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str:
        """Host and port, as a scrape target."""
        return f"127.0.0.1:{self.port}"

    def count(self, series: str, events: int = 1) -> None:
        """Let events happen."""
        with self._lock:
            self.counters[series] = self.counters.get(series, 0) + events
            self.happened += events

    def restart(self) -> None:
        """A new process: counters are gone until something happens."""
        with self._lock:
            self.counters.clear()
            self.lives.append({})
            self.started = time.time()

    def up(self) -> None:
        """Answer scrapes, on the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def down(self) -> None:
        """Stop answering; the counters live on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def scrape(self) -> str:
        """What a scrape gets, noted as scraped."""
        with self._lock:
            self.lives[-1].update(self.counters)
            lines = [f"process_start_time_seconds {self.started}"]
            return "\n".join([*lines, *(f"{name} {value}" for name, value in sorted(self.counters.items()))]) + "\n"


def _handler(exporter: Exporter) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = 500 if exporter.fails else 200
            body = b"" if exporter.fails else exporter.scrape().encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def running_exporter(**counters: int) -> Iterator[Exporter]:
    """An exporter that is up, and down at the end."""
    exporter = Exporter(counters=dict(counters))
    exporter.up()
    try:
        yield exporter
    finally:
        exporter.down()
