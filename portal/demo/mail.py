"""The demo's mailbox: one file per message, newest first, safe to show."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from incidents.channels.base import KIND_HEADER

KEPT = 500
_TO = "X-Envelope-To"


class NoSuchMail(KeyError):
    """The message was never there, or was old and is gone."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as it arrived. `html` is somebody else's: show it in a sandbox only."""

    key: str
    at: datetime
    to: str
    subject: str
    text: str
    html: str
    kind: str = ""
    """As the portal says it in a header; empty for letters."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A folder of messages, written by one server and read by many."""

    folder: Path

    def keep(self, content: bytes, *, to: list[str]) -> None:
        """Store a message, one copy per recipient; beyond 500 the oldest go."""
        for address in to:
            name = f"{time.time_ns()}-{secrets.token_hex(4)}"
            scratch = self.folder / f"{name}.part"
            scratch.write_bytes(f"{_TO}: {address}\r\n".encode() + content)
            scratch.rename(self.folder / f"{name}.eml")
        for old in self._files()[KEPT:]:
            old.unlink(missing_ok=True)

    def newest(self, *, limit: int, to: str = "") -> list[Mail]:
        """The newest messages, for everybody or for one address."""
        found: list[Mail] = []
        for mail in self._read():
            if len(found) == limit:
                break
            if not to or mail.to == to:
                found.append(mail)
        return found

    def get(self, key: str) -> Mail:
        """One message. Raises NoSuchMail."""
        file = self.folder / f"{key}.eml"
        if not key.replace("-", "").isalnum() or not file.exists():
            raise NoSuchMail(key)
        return _parse(file)

    def _read(self) -> Iterator[Mail]:
        for file in self._files():
            try:
                yield _parse(file)
            except FileNotFoundError:
                continue  # it was old, and gone meanwhile

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.eml"), reverse=True)


def _parse(file: Path) -> Mail:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    at = datetime.fromtimestamp(int(file.name.partition("-")[0]) / 1e9, UTC)
    return Mail(
        key=file.stem,
        at=at,
        to=str(message[_TO]),
        subject=str(message["Subject"] or "(no subject)"),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        kind=str(message[KIND_HEADER] or ""),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body else ""
