"""A signed webhook: JSON by POST, with HMAC-SHA256 over timestamp and body, as GitHub and Stripe sign theirs.

The receiver computes `sha256=hex(hmac(secret, timestamp + "." + body))`, compares it with `X-Portico-Signature-256`,
and refuses old timestamps. The idempotency key tells it what it has seen already.
"""

import hashlib
import hmac
import threading
import time

import orjson

from incidents.channels.base import DUPLICATE_HEADER, TIMEOUT, ChannelError, Message
from portal.lib import http

WORTH_ANOTHER_TRY = frozenset({408, 409, 425, 429})


class Webhook:
    """Posts `Message.data`; keeps one session per thread, so that connections are used again."""

    def __init__(self) -> None:
        self._threads = threading.local()

    def send(self, message: Message, address: str) -> str:
        """The receipt is the status. Raises ChannelError: permanent for redirects and for most 4xx answers."""
        body = orjson.dumps({"key": message.key, "subject": message.subject, "text": message.text, **message.data})
        try:
            answer = self._session().post(
                address, data=body, headers=_headers(message, body), allow_redirects=False, stream=True
            )
        except http.RequestException as error:
            # requests says ValueError of addresses it can't read; an address that is refused stays so
            refusal = http.refusal_in(error)
            said = str(refusal or f"{type(error).__name__}: {error}")[:300]
            raise ChannelError(said, permanent=isinstance(error, ValueError) or refusal is not None) from error
        with answer:  # the body is not ours to read
            return _receipt(answer.status_code, answer.reason)

    def _session(self) -> http.OutboundSession:
        if not hasattr(self._threads, "session"):
            self._threads.session = http.guarded_session(timeout=TIMEOUT)
        session: http.OutboundSession = self._threads.session
        return session


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What `X-Portico-Signature-256` must be."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _headers(message: Message, body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": message.key,
        "X-Portico-Timestamp": timestamp,
        "X-Portico-Signature-256": signature(message.secret, timestamp, body),
    }
    if message.maybe_duplicate:
        headers[DUPLICATE_HEADER] = "1"
    return headers


def _receipt(status: int, reason: str) -> str:
    said = f"{status} {reason}"
    if 200 <= status < 300:
        return said
    raise ChannelError(said, permanent=status < 500 and status not in WORTH_ANOTHER_TRY)
