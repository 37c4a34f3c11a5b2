"""Slack, by an incoming webhook."""

from collections.abc import Mapping

from incidents.channels.services.kept import kept
from incidents.channels.ways import Field, Filled, Way, matched

HOOK = r"https://hooks\.slack\.com/services/(?P<a>[A-Z0-9]+)/(?P<b>[A-Z0-9]+)/(?P<c>[A-Za-z0-9]+)/?"


def fill(given: Mapping[str, str]) -> Filled:
    """The address of the webhook. Raises Invalid."""
    wrong = "Copy the whole address; it begins with https://hooks.slack.com/services/."
    hook = matched(HOOK, given["url"], "url", wrong)
    sealed = kept(
        "slack", secure=True, token_a=hook["a"], token_b=hook["b"], token_c=hook["c"], include_image=False,
        include_footer=False, use_blocks=False,
    )  # fmt: skip
    return Filled(f"{hook['a']} …{hook['c'][-4:]}", sealed)


SLACK = Way(
    channel="slack",
    title="Slack",
    icon="message",
    about="A message in a channel, or to you alone.",
    fields=(Field("url", "Incoming webhook", "Of an app of your workspace.", kind="url", secret=True),),
    fill=fill,
)
