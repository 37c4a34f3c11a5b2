"""A proxy on loopback that leaves out some series and says so, as Thanos and Mimir do when a store is away."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class PartialProxy:
    """Hands requests on to `upstream`. While `without` is a label's value, such series are missing, with a warning."""

    upstream: str
    url: str = ""
    without: str = ""
    asked: int = 0

    def answer(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and body of what upstream says, less what is missing."""
        self.asked += 1
        request = urllib.request.Request(f"{self.upstream}{path}", data=body, method="POST" if body else "GET")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, found = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, found = error.code, error.read()
        return status, self._less(found) if self.without else found

    def _less(self, found: bytes) -> bytes:
        document: dict[str, Any] = json.loads(found)
        data = document.get("data")
        if isinstance(data, dict) and "result" in data:
            data["result"] = [one for one in data["result"] if self.without not in one.get("metric", {}).values()]
            document["warnings"] = ["store east can't be reached"]
        return json.dumps(document).encode()


@contextmanager
def partial_proxy(upstream: str) -> Iterator[PartialProxy]:
    """A proxy that is there while the block runs."""
    proxy = PartialProxy(upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


def _handler(proxy: PartialProxy) -> type[BaseHTTPRequestHandler]:
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
            pass

    return Handler
