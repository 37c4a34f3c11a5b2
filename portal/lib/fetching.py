"""Text from an address that somebody typed: guarded, limited in time and size, redirects looked at one by one."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from portal.lib import addresses, http

MOST_REDIRECTS = 5
PIECE = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410})
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
WEB_PAGE = (b"<!doctype html", b"<html")


class CannotFetch(Exception):
    """The address gave no text; the message says why and what to do. `gone`: the server says there is nothing."""

    def __init__(self, words: str, *, gone: bool = False) -> None:
        super().__init__(words)
        self.gone = gone


@dataclass(frozen=True, slots=True)
class Credentials:
    """A header that only its own servers may see: `origins` are `https://host:port`, as `origin` writes them."""

    header: str
    value: str
    origins: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave. `unchanged`: the server says that it is still what `etag` was of, and sent nothing."""

    address: str
    content: bytes
    etag: str
    unchanged: bool = False


class Fetcher:
    """Fetches one address after the other, keeping connections. Use it in a `with` block."""

    def __init__(
        self,
        *,
        limit_bytes: int,
        timeout: float,
        credentials: Credentials | None = None,
        allowed: addresses.Allowed | None = None,
        resolve: http.Resolver = http.resolved,
    ) -> None:
        self.limit_bytes = limit_bytes
        self.timeout = timeout
        self.credentials = credentials
        self.session = http.guarded_session(timeout=timeout, connections=2, allowed=allowed, resolve=resolve)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def fetch(self, url: str, *, etag: str = "", headers: Mapping[str, str] | None = None) -> Fetched:
        """What stands at `url`, in `timeout` seconds in all and `limit_bytes` at most. Raises CannotFetch."""
        with self.session.guard.within(self.timeout) as limit:
            try:
                found = self._follow(urldefrag(url)[0], etag, headers or {})
            except (http.RequestException, http.TransportError, OSError, ValueError, zlib.error) as error:
                if refusal := http.refusal_in(error):
                    raise CannotFetch(f"{refusal}.") from error
                raise CannotFetch(self._too_slow() if limit.passed else _in_words(url, error)) from error
            if limit.passed:  # a cut connection without a length looks like an ordinary end
                raise CannotFetch(self._too_slow())
        return found

    def _follow(self, url: str, etag: str, headers: Mapping[str, str]) -> Fetched:
        first = origin(checked(url).geturl())
        for _ in range(MOST_REDIRECTS + 1):
            with self._asked(url, etag, headers if origin(checked(url).geturl()) == first else {}) as answer:
                if answer.status_code not in REDIRECTS:
                    return self._taken(url, answer, etag)
                leads_to = answer.headers.get("Location", "")
            if not leads_to:
                raise CannotFetch("The server redirects without saying where to.")
            url = _next(url, leads_to)
        raise CannotFetch(f"More than {MOST_REDIRECTS} redirects; use the address they end at.")

    @contextmanager
    def _asked(self, url: str, etag: str, headers: Mapping[str, str]) -> Iterator[http.Response]:
        sent = {"Accept": "text/plain, */*;q=0.5", "Accept-Encoding": "gzip", **headers}
        if etag:
            sent["If-None-Match"] = etag
        if self.credentials and origin(url) in self.credentials.origins:
            sent[self.credentials.header] = self.credentials.value
        with self._got(url, sent) as answer:
            yield answer

    def _got(self, url: str, headers: Mapping[str, str]) -> http.Response:
        try:
            return self.session.get(url, headers=headers, allow_redirects=False, stream=True)
        except http.RequestException as error:
            limit = self.session.guard.limit
            if "Connection aborted" not in str(error) or (limit and limit.passed) or http.refused(error):
                raise
            # a server may close a kept connection in the very moment it is used again
            return self.session.get(url, headers=headers, allow_redirects=False, stream=True)

    def _taken(self, url: str, answer: http.Response, etag: str) -> Fetched:
        if answer.status_code == 304 and etag:
            return Fetched(url, b"", etag, unchanged=True)
        if answer.status_code != 200:
            raise CannotFetch(_answered(answer.status_code, answer.reason), gone=answer.status_code in GONE)
        if int(answer.headers.get("Content-Length") or 0) > self.limit_bytes:
            raise CannotFetch(self._too_large())
        content = b"".join(self._pieces(answer))
        if fault := _no_text(content):
            raise CannotFetch(fault)
        return Fetched(url, content, answer.headers.get("ETag", "")[:300])

    def _pieces(self, answer: http.Response) -> Iterator[bytes]:
        """The body, decompressed by ourselves so that a bomb is seen before it goes off."""
        encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise CannotFetch(f"The server packs it as {encoding}, which nobody asked for.")
        unpack = None if encoding in {"", "identity"} else zlib.decompressobj(16 + zlib.MAX_WBITS)
        left = self.limit_bytes
        while piece := answer.raw.read(PIECE, decode_content=False):
            while piece:
                given = piece if unpack is None else unpack.decompress(piece, left + 1)
                piece = b"" if unpack is None else unpack.unconsumed_tail
                left -= len(given)
                if left < 0:
                    raise CannotFetch(self._too_large())
                yield given
        if unpack is not None and not unpack.eof:
            raise CannotFetch("The server ended in the middle of it.")

    def _too_large(self) -> str:
        return f"It is larger than {self.limit_bytes:,} bytes, the most that is read of one file."

    def _too_slow(self) -> str:
        return f"It took longer than {self.timeout:g} s."


def fetch(url: str, *, limit_bytes: int, timeout: float, headers: Mapping[str, str] | None = None) -> Fetched:
    """What stands at `url`, by a connection of its own; `headers` are for its own server only. Raises CannotFetch."""
    with Fetcher(limit_bytes=limit_bytes, timeout=timeout) as fetcher:
        return fetcher.fetch(url, headers=headers)


def checked(url: str) -> SplitResult:
    """`url` in parts. Raises CannotFetch for what is no address we would ever ask."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise CannotFetch(f"{url!r} is no address: {error}.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise CannotFetch(f"{url!r}: only addresses that begin with https:// or http:// are read.")
    if parts.username is not None or parts.password is not None:
        raise CannotFetch("The address holds a user name; put what signs in into the location's header instead.")
    if port == 0 or any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise CannotFetch(f"{url!r} is no address: it holds a blank, a control character or port 0.")
    return parts


def origin(url: str) -> str:
    """Scheme, host and port of an address, which must be one."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').rstrip('.')}:{port}"


def _next(url: str, leads_to: str) -> str:
    there = urldefrag(urljoin(url, leads_to))[0]
    if urlsplit(url).scheme == "https" and urlsplit(there).scheme == "http":
        raise CannotFetch("The server redirects from https to http, where anybody could change what is read.")
    return there


def _answered(status: int, reason: str) -> str:
    said = f"The server answered {status} {reason}".rstrip()
    if status in {401, 403}:
        return f"{said}: it wants a header that signs in, or another one."
    if status in GONE:
        return f"{said}: there is nothing, or it hides it from those who don't sign in."
    if status == 429 or status >= 500:
        return f"{said}; it is tried again later."
    return f"{said}."


def _no_text(content: bytes) -> str:
    if b"\x00" in content and not content.startswith(UTF_16):
        return "This is no text."
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(WEB_PAGE):
        return "This is a web page, not the file itself (or one that asks to sign in); use the address of the raw file."
    return ""


def _in_words(url: str, error: Exception) -> str:
    host = urlsplit(url).hostname or url
    said = str(error)
    if isinstance(error, http.Timeout) or "timed out" in said:
        return f"{host} did not answer in time."
    if "NameResolutionError" in said or "Failed to resolve" in said:
        return f"{host} has no address: the name is not known."
    if "certificate verify failed" in said:
        reason = said.partition("certificate verify failed: ")[2].partition(" (")[0]
        return f"{host} shows a certificate that can't be trusted: {reason or 'unknown'}."
    if "refused" in said:
        return f"{host} refuses the connection."
    return f"{host} could not be read: {said[:200]}."
