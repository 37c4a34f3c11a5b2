"""TCP ports on this machine that don't clash with those of another checkout."""

import hashlib
import itertools
import socket


class NoPort(Exception):
    """Nothing can listen there; the message says what to try."""


def claim(host: str, first: int) -> tuple[int, socket.socket]:
    """The first free port from `first` on, and a socket that holds it for us until it is closed.

    The web server binds with SO_REUSEPORT, under which two servers would silently share one port. So the holder binds
    without it, which fails when anybody has the port, and allows sharing only afterwards: our own server can still bind
    beside it, another checkout's holder can't. SO_REUSEADDR likewise is for binding past connections in TIME_WAIT only.
    """
    for port in itertools.chain(range(first, min(first + 100, 65536)), [0]):
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind((host, port))
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        except OSError:
            holder.close()
            continue
        return int(holder.getsockname()[1]), holder
    raise NoPort(f"No port can be had on {host}: is PORTAL_HOST one of this machine? Else try PORTAL_PORT=9000 bin/up")


def free_port(name: str) -> int:
    """A loopback port that is free now, in a range no system hands out; the same for the same name if it can be."""
    start = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10_000
    for step in range(10_000):
        port = 20_000 + (start + step) % 10_000
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free between 20000 and 29999")
