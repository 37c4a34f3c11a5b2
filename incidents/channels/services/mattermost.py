"""Mattermost, by an incoming webhook."""

from collections.abc import Mapping

from incidents.channels.services.kept import kept
from incidents.channels.ways import Field, Filled, Way, matched, web_address

HOOK = r"(?P<path>(?:/[\w.~-]+)*)/hooks/(?P<token>[a-z0-9]{8,64})/?"
CHANNEL = r"#?(?P<name>[A-Za-z0-9_.-]{1,64})"


def fill(given: Mapping[str, str]) -> Filled:
    """The address of the webhook, and perhaps another channel than its own. Raises Invalid."""
    parts = web_address(given["url"], "url")
    hook = matched(HOOK, parts.path, "url", "Copy the whole address; it ends in /hooks/ and a key.")
    channel = ""
    if given["channel"]:
        channel = matched(CHANNEL, given["channel"], "channel", "The name of a channel, such as oncall.")["name"]
    secure = parts.scheme == "https"
    sealed = kept(
        "mmosts" if secure else "mmost",
        secure=secure, host=parts.hostname, port=parts.port, fullpath=hook["path"] or None, token=hook["token"],
        targets=[f"#{channel}"] if channel else None, include_image=False,
    )  # fmt: skip
    return Filled(f"{parts.netloc} {f'#{channel}' if channel else f'…{hook["token"][-4:]}'}", sealed)


MATTERMOST = Way(
    channel="mattermost",
    title="Mattermost",
    icon="message-circle",
    about="A message in a channel.",
    fields=(
        Field("url", "Incoming webhook", "Main menu, Integrations, Incoming Webhooks.", kind="url", secret=True),
        Field("channel", "Channel", "Empty: the webhook's own.", "oncall-ada", required=False),
    ),
    fill=fill,
)
