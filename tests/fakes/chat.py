"""A chat server on loopback that speaks ntfy's and Mattermost's ways of publishing, and refuses as they do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass(frozen=True)
class Posted:
    """One message as it was published: by `ntfy` or `mattermost`, where, with what."""

    service: str
    place: str
    title: str
    text: str
    raw: dict[str, Any]


@dataclass
class ChatServer:
    """`posted` in the order of arrival.

    ntfy's topics want `token` where it is set; Mattermost knows `hook` only. `status` other than 0 is answered to
    everything; `redirect` sends everybody elsewhere; `hang` lets requests wait until it is set; `drip` answers a body
    that never ends.
    """

    posted: list[Posted] = field(default_factory=list)
    token: str = ""
    hook: str = "abcdefghijklmnopqrstuvwxyz"
    status: int = 0
    redirect: str = ""
    hang: threading.Event | None = None
    drip: bool = False
    url: str = ""

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["ChatServer"]:
        """A server on a free port for as long as the block runs."""
        chat = cls()
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(chat))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        chat.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield chat
        finally:
            if chat.hang:
                chat.hang.set()
            server.shutdown()
            server.server_close()


def _handler(chat: ChatServer) -> type[BaseHTTPRequestHandler]:  # noqa: C901  # small methods, counted as one
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            said = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if chat.hang:
                chat.hang.wait(30)
            if not self.misbehaves():
                self.mattermost(said) if self.path.startswith("/hooks/") else self.ntfy(said)

        def misbehaves(self) -> bool:
            if chat.redirect:
                self.answer(307, b"", Location=chat.redirect)
            elif chat.status:
                self.answer(chat.status, b"no")
            elif chat.drip:
                self.drip()
            return bool(chat.redirect or chat.status or chat.drip)

        def ntfy(self, said: dict[str, Any]) -> None:
            if chat.token and self.headers.get("Authorization") != f"Bearer {chat.token}":
                self.answer(401, b'{"code":40101,"http":401,"error":"unauthorized"}')
                return
            chat.posted.append(Posted("ntfy", said["topic"], said.get("title", ""), said["message"], said))
            self.answer(200, b'{"id":"xE73Iyuabi","event":"message"}')

        def mattermost(self, said: dict[str, Any]) -> None:
            if self.path != f"/hooks/{chat.hook}":
                self.answer(400, b'{"id":"web.incoming_webhook.invalid.app_error","status_code":400}')
                return
            chat.posted.append(Posted("mattermost", said.get("channel", ""), "", said["text"], said))
            self.answer(200, b"ok")

        def drip(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while chat.drip:
                    self.wfile.write(b"x" * 1024)
            except OSError:
                return

        def answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
