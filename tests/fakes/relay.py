"""A way to the test's database that can be shut, as it is while a server restarts."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote


@dataclass
class Relay:
    """Listens on loopback; who calls while it is shut is hung up on, and counted in `knocks`."""

    server: socket.socket
    database: Mapping[str, Any]
    knocks: int = 0
    is_open: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The database by this way."""
        at = self.database
        port = self.server.getsockname()[1]
        return f"postgres://{quote(at['USER'])}:{quote(at['PASSWORD'])}@127.0.0.1:{port}/{at['NAME']}?sslmode=disable"

    def serve(self) -> None:
        """Until the listening socket is closed."""
        with suppress(OSError):
            while True:
                caller, _ = self.server.accept()
                if self.is_open.is_set():
                    behind = self._call()
                    for one, other in ((caller, behind), (behind, caller)):
                        threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()
                else:
                    self.knocks += 1
                    caller.close()

    def _call(self) -> socket.socket:
        host, port = self.database["HOST"], int(self.database["PORT"] or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host or "127.0.0.1", port), timeout=10)
        behind = socket.socket(socket.AF_UNIX)
        behind.connect(f"{host}/.s.PGSQL.{port}")
        return behind


@contextmanager
def shut(database: Mapping[str, Any]) -> Iterator[Relay]:
    """A way to `database` (Django's settings of it), shut until `is_open` is set."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        relay = Relay(server, database)
        threading.Thread(target=relay.serve, daemon=True).start()
        yield relay
        server.shutdown(socket.SHUT_RDWR)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
