"""What proxies on loopback share: a server that hands each request to them, and asking the server behind them."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Protocol


class Proxy(Protocol):
    """`url` is where it stands; `answer` is asked for each request, with None for the body of a GET."""

    url: str

    def answer(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and JSON."""


def asked(upstream: str, path: str, body: bytes | None) -> tuple[int, bytes]:
    """Status and body of what `upstream` says."""
    request = urllib.request.Request(f"{upstream}{path}", data=body, method="POST" if body else "GET")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@contextmanager
def standing[P: Proxy](proxy: P) -> Iterator[P]:
    """The proxy, which is there while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._send(self.rfile.read(int(self.headers["Content-Length"])))

        def do_GET(self) -> None:
            self._send(None)

        def _send(self, body: bytes | None) -> None:
            status, answer = proxy.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
