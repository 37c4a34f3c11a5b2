"""A webhook receiver on loopback that keeps what it gets, and misbehaves on request."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass(frozen=True)
class Received:
    """One request."""

    headers: Mapping[str, str]
    raw: bytes
    at: float = 0.0
    """When it came, by the clock of the epoch."""

    @property
    def body(self) -> dict[str, Any]:
        """The JSON."""
        body: dict[str, Any] = orjson.loads(self.raw)
        return body

    @property
    def key(self) -> str:
        """The idempotency key."""
        return self.headers["Idempotency-Key"]

    @property
    def keys(self) -> list[str]:
        """The idempotency keys of the pages it tells of: one, or each of a bundle's."""
        return [page["key"] for page in self.body["pages"]] if "pages" in self.body else [self.key]

    @property
    def maybe_duplicate(self) -> bool:
        """Whether it says that it may have come before."""
        return self.headers.get("X-Portico-Possible-Duplicate") == "1"


@dataclass
class WebhookSink:
    """`received` in the order of arrival; `status` is answered, after `pause` seconds and after `hang` is set."""

    received: list[Received] = field(default_factory=list)
    status: int = 200
    hang: threading.Event | None = None
    pause: float = 0.0
    url: str = ""

    def keys(self) -> Counter[str]:
        """How often each page's idempotency key came, alone or in company."""
        return Counter(key for one in list(self.received) for key in one.keys)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["WebhookSink"]:
        """A sink on a free port for as long as the block runs."""
        sink = cls()
        server = _Server(("127.0.0.1", 0), _handler(sink))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        sink.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        try:
            yield sink
        finally:
            if sink.hang:
                sink.hang.set()
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no error of ours."""


def _handler(sink: WebhookSink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            sink.received.append(Received(dict(self.headers), raw, time.time()))
            time.sleep(sink.pause)
            if sink.hang:
                sink.hang.wait(30)
            self.send_response(sink.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
