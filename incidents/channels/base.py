"""The one shape of every way out: `send(message, address) -> receipt`, raising `ChannelError`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class ChannelError(Exception):
    """It was not sent. `permanent` says that trying again by this method is of no use."""

    def __init__(self, words: str, *, permanent: bool) -> None:
        super().__init__(words)
        self.permanent = permanent


class UnknownChannel(ChannelError):
    """No channel of that name is installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no channel {name!r}", permanent=True)


@dataclass(frozen=True, slots=True)
class Message:
    """One message, ready to go. `data` is what machines read; `maybe_duplicate`: it may have arrived before.

    `secret` is what the contact method keeps sealed; `brief` are a few words for telephones.
    """

    key: str
    subject: str
    text: str
    html: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    maybe_duplicate: bool = False
    secret: str = ""
    brief: str = ""


class Channel(Protocol):
    """A way out. Every send ends within `TIMEOUT` seconds or so, in any thread, without a database."""

    def send(self, message: Message, address: str) -> str:
        """Hand it over; the answer is the receipt. Raises ChannelError."""


TIMEOUT = 10.0
DUPLICATE_HEADER = "X-Portico-Possible-Duplicate"
KIND_HEADER = "X-Portico-Kind"
"""Of a mail, so that it can be sorted by rule: page, bundle, ask, told, test or code."""
channels: dict[str, Channel] = {}
"""By name, as contact methods store it."""


def register(name: str, channel: Channel) -> None:
    """Add a way out, or replace one."""
    channels[name] = channel


def channel_named(name: str) -> Channel:
    """Raises UnknownChannel."""
    try:
        return channels[name]
    except KeyError:
        raise UnknownChannel(name) from None
