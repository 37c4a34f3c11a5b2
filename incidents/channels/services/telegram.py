"""Telegram, by a bot."""

from collections.abc import Mapping

from incidents.channels.services.kept import kept
from incidents.channels.ways import Field, Filled, Way, matched


def fill(given: Mapping[str, str]) -> Filled:
    """A bot and a chat. Raises Invalid."""
    token = matched(r"(?:bot)?(?P<key>[0-9]+:[A-Za-z0-9_-]+)", given["token"], "token", "As BotFather gave it.")
    matched(r"-?[0-9]{1,32}|@[A-Za-z0-9_]{3,64}", given["chat"], "chat", "A number, or a channel's @name.")
    chat = given["chat"].removeprefix("@")
    sealed = kept("tgram", secure=True, bot_token=token["key"], targets=[chat], detect_owner=False, include_image=False)
    return Filled(f"chat {given['chat']}", sealed)


TELEGRAM = Way(
    channel="telegram",
    title="Telegram",
    icon="send",
    about="A message from a bot of yours.",
    fields=(
        Field("token", "Bot token", "From BotFather.", secret=True),
        Field("chat", "Chat", "Your number; write to the bot first, or it may not write to you.", "123456789"),
    ),
    fill=fill,
)
