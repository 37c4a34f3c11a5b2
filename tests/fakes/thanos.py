"""A proxy on loopback that remembers as Thanos does: what is older than `raw_since` is there only downsampled.

It heeds `max_source_resolution` as a store gateway does: with `0s` it takes raw blocks alone, with more whatever
there is up to that. Downsampled data has a sample every five minutes.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

EVERY = 300


@dataclass
class Thanos:
    """Hands requests on to `upstream`; `raw_since` in seconds since the epoch. `coarse`: queries for coarse data."""

    upstream: str
    raw_since: float
    url: str = ""
    coarse: list[str] = field(default_factory=list)

    def answer(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and body of what a querier would say."""
        request = urllib.request.Request(f"{self.upstream}{path}", data=body, method="POST" if body else "GET")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, found = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, found = error.code, error.read()
        form = parse_qs((body or b"").decode())
        if "query" not in form or status != 200:
            return status, found
        raw = form.get("max_source_resolution", ["0s"])[0] in ("0s", "0")
        if not raw:
            self.coarse += form["query"]
        return status, self._kept(found, raw=raw)

    def _kept(self, found: bytes, *, raw: bool) -> bytes:
        document: dict[str, Any] = json.loads(found)
        data = document["data"]
        if isinstance(data, dict) and data["resultType"] in ("matrix", "vector"):
            data["result"] = [one for one in data["result"] if self._thin(one, raw=raw)]
        return json.dumps(document).encode()

    def _thin(self, one: dict[str, Any], *, raw: bool) -> bool:
        """Keep of a series what there is of it; whether that is anything."""
        if "value" in one:
            return not raw or one["value"][0] > self.raw_since
        old = [] if raw else [at for at in one["values"] if at[0] <= self.raw_since and at[0] % EVERY < 15]
        one["values"] = [*old, *(at for at in one["values"] if at[0] > self.raw_since)]
        return bool(one["values"])


@contextmanager
def thanos(upstream: str, *, raw_since: float) -> Iterator[Thanos]:
    """A querier that is there while the block runs."""
    proxy = Thanos(upstream, raw_since)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


def _handler(proxy: Thanos) -> type[BaseHTTPRequestHandler]:
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
