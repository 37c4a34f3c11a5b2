"""A loopback server that speaks Prometheus' API badly on purpose: what it is told to, late, slowly or not at all."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    form: Mapping[str, list[str]]
    headers: Mapping[str, str]


@dataclass
class FaultySource:
    """Answers every request with `status` and `body`, after `delay` seconds, `pause` seconds between its bytes."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pause: float = 0.0
    asked: list[Asked] = field(default_factory=list)

    def succeeds(self, result: list[Any], **beside: object) -> None:
        """Answer as Prometheus does when all is well, with `warnings` and the like beside the data."""
        self.status = 200
        self.body = json.dumps(
            {"status": "success", "data": {"resultType": "vector", "result": result}, **beside}
        ).encode()

    def fails(self, status: int, kind: str, words: str) -> None:
        """Answer with an error as Prometheus words it."""
        self.status = status
        self.body = json.dumps({"status": "error", "errorType": kind, "error": words}).encode()


def _handler(source: FaultySource) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            form = parse_qs(self.rfile.read(length).decode())
            source.asked.append(Asked(self.command, self.path, form, dict(self.headers)))
            time.sleep(source.delay)
            self.send_response(source.status)
            self.send_header("Content-Length", str(len(source.body)))
            for name, value in source.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self._drip()

        do_GET = do_POST

        def _drip(self) -> None:
            try:
                if not source.pause:
                    self.wfile.write(source.body)
                    return
                for byte in source.body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(source.pause)
            except OSError:
                return  # the other side has had enough, which is what is tested

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def faulty_source() -> Iterator[FaultySource]:
    """A source to be told what to answer."""
    source = FaultySource()
    source.succeeds([])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(source))
    server.daemon_threads = True
    source.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield source
    finally:
        server.shutdown()
        server.server_close()
