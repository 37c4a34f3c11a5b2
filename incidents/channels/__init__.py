"""Ways out. To add one, copy the nearest file and register it; plugins do the same from their `ready()`."""

from incidents.channels.base import (
    DUPLICATE_HEADER,
    Channel,
    ChannelError,
    Message,
    UnknownChannel,
    channel_named,
    channels,
    register,
)
from incidents.channels.email import Email
from incidents.channels.webhook import Webhook

__all__ = [
    "DUPLICATE_HEADER",
    "Channel",
    "ChannelError",
    "Message",
    "UnknownChannel",
    "channel_named",
    "channels",
    "register",
]

register("email", Email())
register("webhook", Webhook())
