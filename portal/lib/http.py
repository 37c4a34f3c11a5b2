"""The one door for outbound HTTP: every request has a timeout, a size limit and our name.

Addresses that people type go through a *guarded* session: it looks at every address a name resolves to when it
connects, and connects to the very address it looked at, so a name can't lead elsewhere a moment later. TLS still checks
the certificate for the name. A proxy of the environment would resolve names by itself, out of our sight, so a guarded
session uses one only where every address is allowed anyway.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError
from urllib3.util import Timeout as PoolTimeout

from portal.lib import addresses, conf

RequestException = requests.RequestException
Response = requests.Response
Timeout = requests.Timeout
TransportError = HTTPError
DEFAULT_TIMEOUT = 10.0
MOST_ADDRESSES = 4
"""Tried of one name, one after the other."""

Resolver = Callable[[str, int], Sequence[str]]


class AddressRefused(RequestException):
    """The name leads to an address that may not be reached; the message says which, why, and who can allow it."""


def refused(error: BaseException | None) -> bool:
    """Whether `error` is, or was raised because of, an AddressRefused."""
    return refusal_in(error) is not None


def refusal_in(error: BaseException | None) -> AddressRefused | None:
    """The AddressRefused that `error` is, or was raised because of, for the libraries between wrap it."""
    seen: list[BaseException] = [error] if error is not None else []
    for one in seen:
        if isinstance(one, AddressRefused):
            return one
        inner = (one.__cause__, one.__context__, *one.args)
        seen += [cause for cause in inner if isinstance(cause, BaseException) and cause not in seen]
    return None


class OutboundSession(requests.Session):
    """A requests session whose every request has a timeout (seconds)."""

    def __init__(self, timeout: float = DEFAULT_TIMEOUT) -> None:
        super().__init__()
        self.timeout = timeout
        self.trust_env = True
        self.headers["User-Agent"] = "portico"

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        """As requests does, with our timeout where the caller (or a library) gave none."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = (min(self.timeout, 5.0), self.timeout)
        return super().request(method, url, *args, **kwargs)


def session(*, timeout: float = DEFAULT_TIMEOUT, connections: int = 10) -> OutboundSession:
    """A session to keep and use again; `timeout` in seconds, `connections` kept open per host; it never retries."""
    made = OutboundSession(timeout)
    adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of `host`, as the system resolves it. Raises OSError."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


@dataclass(slots=True)
class Limit:
    """Whether the time for what was asked is over."""

    passed: bool = False


@dataclass
class Guard:
    """Judges every address before a connection is made to it, and cuts all connections when time is over."""

    allowed: addresses.Allowed
    resolve: Resolver = resolved
    lock: threading.Lock = field(default_factory=threading.Lock)
    watched: list[tuple[HTTPConnection, socket.socket]] = field(default_factory=list)
    limit: Limit | None = None

    def connect(self, connection: HTTPConnection) -> socket.socket:
        """A socket to an address of the connection's host that may be reached. Raises AddressRefused."""
        host, port = connection._dns_host, connection.port
        try:
            found = [addresses.read(text) for text in self.resolve(host, port)]
        except (OSError, UnicodeError) as error:
            said = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(host, connection, said) from error
        for address in found:  # one that is refused refuses all: who mixes them in is up to something
            if refusal := self.allowed.refusal(address, host=host):
                raise AddressRefused(refusal)
        return self._first(connection, found)

    def _first(self, connection: HTTPConnection, found: Sequence[addresses.Address]) -> socket.socket:
        failure: OSError = OSError("no address")
        for address in found[:MOST_ADDRESSES]:
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            made = socket.socket(family, socket.SOCK_STREAM)
            try:
                self._watch(connection, made)
                made.settimeout(_seconds(connection.timeout))
                for option in connection.socket_options or ():
                    made.setsockopt(*option)
                made.connect((str(address), connection.port))
            except OSError as error:
                failure = error
                made.close()
            else:
                return made
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(connection, f"{connection.host} did not answer") from failure
        raise NewConnectionError(connection, f"{connection.host}: {failure}") from failure

    def _watch(self, connection: HTTPConnection, made: socket.socket) -> None:
        """Keep a second handle: TLS takes the first one away, and a shutdown through either cuts both."""
        if self.limit is None:
            return
        with self.lock:
            if self.limit.passed:
                raise TimeoutError("time is over")
            self.watched.append((connection, made.dup()))

    @contextmanager
    def within(self, seconds: float) -> Iterator[Limit]:
        """All that is asked inside ends after `seconds`, however slowly a server drips."""
        limit = Limit()

        def cut() -> None:
            with self.lock:
                limit.passed = True
                for _, handle in self.watched:
                    with suppress(OSError):
                        handle.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, cut)
        timer.daemon = True
        self.limit = limit
        timer.start()
        try:
            yield limit
        finally:
            timer.cancel()
            self.limit = None
            self.forget(all_of_them=limit.passed)

    def forget(self, *, all_of_them: bool) -> None:
        """Let go of the second handles; of those whose connection is kept for the next request only when asked."""
        with self.lock:
            kept = [one for one in self.watched if one[0].sock is not None and not all_of_them]
            for one in self.watched:
                if one not in kept:
                    one[1].close()
            self.watched = kept


class GuardedSession(OutboundSession):
    """A session for addresses that people typed; see the module."""

    def __init__(self, guard: Guard, timeout: float = DEFAULT_TIMEOUT) -> None:
        super().__init__(timeout)
        self.guard = guard
        self.trust_env = False  # no .netrc: its passwords are not for addresses that people typed
        self.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        """As requests does; through a proxy of the environment only where every address is allowed."""
        if self.guard.allowed.everything:
            kwargs.setdefault("proxies", get_environ_proxies(str(url)))
        return super().request(method, url, *args, **kwargs)

    def close(self) -> None:
        """Also lets go of what was watched."""
        super().close()
        self.guard.forget(all_of_them=True)


def guarded_session(
    *,
    timeout: float = DEFAULT_TIMEOUT,
    connections: int = 10,
    allowed: addresses.Allowed | None = None,
    resolve: Resolver = resolved,
) -> GuardedSession:
    """As `session`, for addresses that people typed: it reaches public ones and those the setting allows."""
    guard = Guard(conf.allowed_addresses() if allowed is None else allowed, resolve)
    made = GuardedSession(guard, timeout)
    adapter = _GuardedAdapter(guard, connections)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, guard: Guard, connections: int) -> None:
        self.pools = _pools(guard)
        super().__init__(pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = self.pools


def _pools(guard: Guard) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return guard.connect(self)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return guard.connect(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _seconds(timeout: object) -> float | None:
    return PoolTimeout.resolve_default_timeout(timeout)  # type: ignore[arg-type]  # the library's own sentinel
