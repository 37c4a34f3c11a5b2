"""The simulator: `python -m portal.demo.simulator`. Exports the tools' metrics, and can be told to break.

GET  /<exporter>/metrics          what Prometheus scrapes (503 while they have vanished)
GET  /healthz
GET  /truth                       what really happened; with the token, as all below
POST /break/<scenario>
POST /recover
"""

import argparse
import hmac
import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from portal.demo.exporters import EXPORTERS
from portal.demo.state import Platform, UnknownScenario

TICK = 1.0
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Simulator(ThreadingHTTPServer):
    """Serves one platform on loopback; `token` protects whatever is not a scrape."""

    daemon_threads = True

    def __init__(self, platform: Platform, *, port: int, token: str) -> None:
        self.platform = platform
        self.token = token
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Simulator
    timeout = 10

    def do_GET(self) -> None:
        """Scrapes, health and the truth."""
        path = urlsplit(self.path).path
        exporter = path.strip("/").removesuffix("/metrics")
        if path == "/healthz":
            self._answer(200, "ok\n")
        elif path.endswith("/metrics") and exporter in EXPORTERS:
            self._metrics(exporter)
        elif path == "/truth" and self._allowed():
            self._answer(200, json.dumps(self.server.platform.truth()), "application/json")
        elif path != "/truth":
            self._answer(404, "no such thing\n")

    def do_POST(self) -> None:
        """Break and repair; the answer is the truth afterwards."""
        if not self._allowed():
            return
        verb, _, scenario = urlsplit(self.path).path.strip("/").partition("/")
        try:
            if verb == "break":
                self.server.platform.break_(scenario)
            elif verb == "recover":
                self.server.platform.recover()
            else:
                raise UnknownScenario(verb)
        except UnknownScenario as unknown:
            self._answer(404, f"no scenario {unknown}\n")
        else:
            self._answer(200, json.dumps(self.server.platform.truth()), "application/json")

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are not news."""

    def _metrics(self, exporter: str) -> None:
        text = self.server.platform.exposition(exporter)
        if text is None:
            self._answer(503, "metrics are not available\n")
        else:
            self._answer(200, text, METRICS_TYPE)

    def _allowed(self) -> bool:
        given = self.headers.get("Authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            return True
        self._answer(401, "a token is needed\n")
        return False

    def _answer(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(simulator: Simulator, *, until: threading.Event) -> None:
    """Answer, and let time pass once a second, until told to stop; the last tick is written down."""
    threading.Thread(target=simulator.serve_forever, daemon=True).start()
    while not until.wait(TICK):
        simulator.platform.tick()
    simulator.shutdown()
    simulator.server_close()
    simulator.platform.tick()


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="file that keeps the platform over a restart")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    token = os.environ["PORTAL_DEMO_TOKEN"]
    serve(Simulator(Platform(options.state), port=options.port, token=token), until=stop)


if __name__ == "__main__":
    main()
