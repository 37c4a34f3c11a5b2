"""A server of repositories on loopback: files with ETags, and every way to misbehave that a server out there has."""

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

type Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Asked:
    """One request, and the status it got."""

    path: str
    headers: Mapping[str, str]
    status: int


@dataclass
class Repository:
    """Files by path (`/a.yaml`), other answers by path; `asked` in order. `before` runs at every request."""

    files: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    url: str = ""
    port: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def statuses(self, path: str) -> list[int]:
        """What requests for a path got, in order."""
        return [one.status for one in self.asked if one.path == path]

    def put(self, path: str, text: str) -> str:
        """Keep a file; the answer is its address."""
        self.files[path] = text.encode()
        return self.url + path

    def status(self, path: str, code: int, *, location: str = "", body: bytes = b"", **headers: str) -> str:
        """Answer a path with a status."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            more = {"Location": location, **headers} if location else headers
            _send(request, code, body, more)

        self.answers[path] = answer
        return self.url + path

    def drip(self, path: str, *, head: bool = False, pause: float = 0.05) -> str:
        """Send one byte after the other, for ever; with `head` already in the headers."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            if not head:
                request.send_response(200)
                request.send_header("Connection", "close")
                request.end_headers()
            while not self.ended.wait(pause):
                try:
                    request.wfile.write(b"x")
                except OSError:
                    return

        self.answers[path] = answer
        return self.url + path

    def endless(self, path: str, *, size: int, told: bool) -> str:
        """Send `size` bytes, saying so before or not."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.send_header("Content-Length" if told else "Connection", str(size) if told else "close")
            request.end_headers()
            try:
                for _ in range(size // 65536):
                    request.wfile.write(b"a" * 65536)
            except OSError:
                return

        self.answers[path] = answer
        return self.url + path

    def bomb(self, path: str, *, size: int) -> str:
        """Some kilobytes of gzip that unpack to `size` bytes."""
        return self.status(path, 200, body=gzip.compress(b"\n" * size, 9), **{"Content-Encoding": "gzip"})

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Repository"]:
        """A repository on a free port for as long as the block runs."""
        made = cls()
        server = _Server(("127.0.0.1", 0), _handler(made))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        made.port = int(server.server_address[1])
        made.url = f"http://127.0.0.1:{made.port}"
        try:
            yield made
        finally:
            made.ended.set()
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error of ours."""


def etag(content: bytes) -> str:
    """What the repository says of a file."""
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def _send(request: BaseHTTPRequestHandler, code: int, body: bytes, headers: Mapping[str, str]) -> None:
    request.send_response(code)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _handler(repository: Repository) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            repository.before()
            path = self.path.partition("?")[0]
            if path in repository.answers:
                repository.asked.append(Asked(path, dict(self.headers), 0))
                repository.answers[path](self)
                self.close_connection = True
                return
            content = repository.files.get(path)
            if content is None:
                code, body, headers = 404, b"not here", {}
            elif self.headers.get("If-None-Match") == etag(content):
                code, body, headers = 304, b"", {"ETag": etag(content)}
            else:
                code, body, headers = 200, content, {"ETag": etag(content), "Content-Type": "text/plain"}
            repository.asked.append(Asked(path, dict(self.headers), code))
            _send(self, code, body, headers)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


def wait_until(holds: Callable[[], bool], *, seconds: float = 5) -> None:
    """Return as soon as `holds` does; AssertionError after `seconds`."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.02)
