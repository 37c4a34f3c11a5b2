"""An SMTP server on loopback that keeps what it gets."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailSink:
    """`messages` in the order of arrival, `times` by the clock of the epoch; `refuse` answers every recipient with that
    SMTP line instead, after `hang` seconds.
    """

    messages: list[EmailMessage] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    refuse: str = ""
    hang: float = 0.0
    url: str = ""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd for each recipient."""
        if self.hang:
            await asyncio.sleep(self.hang)
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd for each message."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self.messages.append(message_from_bytes(content, policy=policy.default))
        self.times.append(time.time())
        return "250 OK"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["MailSink"]:
        """A sink on a free port for as long as the block runs."""
        sink = cls()
        controller = Controller(sink, hostname="127.0.0.1", port=_free_port())
        controller.start()
        try:
            sink.url = f"smtp://127.0.0.1:{controller.port}"
            yield sink
        finally:
            controller.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:  # aiosmtpd can't be asked which port 0 became
        return int(probe.getsockname()[1])
