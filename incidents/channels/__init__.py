"""Ways out. To add one, copy the nearest file (and of `services`, what is filled in for it) and register both; plugins
do the same from their `ready()`.
"""

from incidents.channels import services, ways
from incidents.channels.apprise import Service
from incidents.channels.base import (
    DUPLICATE_HEADER,
    KIND_HEADER,
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
    "KIND_HEADER",
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
register("ntfy", Service())
register("sms", Service(brief=True))
register("slack", Service())
register("mattermost", Service())
register("teams", Service())
register("telegram", Service())
for way in services.ALL:
    ways.register(way)
