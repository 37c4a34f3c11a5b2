"""The demo's mail server: `python -m portal.demo.inbox`. Takes every message on loopback and delivers it nowhere."""

import argparse
import signal
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.demo.mail import Mailbox


class Keeper:
    """aiosmtpd's handler."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one message; it is on disk before we say so."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self.mailbox.keep(content, to=list(envelope.rcpt_tos))
        return "250 OK"


def serve(mailbox: Mailbox, *, port: int, until: threading.Event) -> None:
    """Take mail until told to stop."""
    mailbox.folder.mkdir(parents=True, exist_ok=True)
    controller = Controller(Keeper(mailbox), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        until.wait()
    finally:
        controller.stop()


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where messages are kept")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serve(Mailbox(options.folder), port=options.port, until=stop)


if __name__ == "__main__":
    main()
