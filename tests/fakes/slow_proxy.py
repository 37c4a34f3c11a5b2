"""A proxy on loopback that keeps one request waiting until it is told to go on: for what happens in between."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread


@dataclass
class SlowProxy:
    """Hands POST requests on to `upstream`; the first one only after `go_on`. `asked` is set when it has arrived."""

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

    def answer(self, path: str, body: bytes) -> bytes:
        """What upstream says."""
        request = urllib.request.Request(f"{self.upstream}{path}", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            found: bytes = response.read()
        return found


@contextmanager
def slow_proxy(upstream: str) -> Iterator[SlowProxy]:
    """A proxy that is there while the block runs."""
    proxy = SlowProxy(upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.go_on.set()
        server.shutdown()
        server.server_close()


def _handler(proxy: SlowProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            proxy.wait()
            answer = proxy.answer(self.path, body)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
