"""A signed webhook of one's own."""

import secrets
from collections.abc import Mapping

from incidents.channels.ways import Field, Filled, Way, web_address, wrong

SHORTEST = 16


def fill(given: Mapping[str, str]) -> Filled:
    """An address and a secret, which is made where none is given. Raises Invalid."""
    address = web_address(given["url"], "url").geturl()
    secret = given["secret"]
    if secret and len(secret) < SHORTEST:
        raise wrong("secret", f"At least {SHORTEST} characters; or leave it empty, and one is made.")
    made = "" if secret else secrets.token_urlsafe(32)
    return Filled(address, secret or made, shown_once=made)


WEBHOOK = Way(
    channel="webhook",
    title="Webhook",
    icon="webhook",
    about="JSON by POST to a program of yours, signed.",
    fields=(
        Field("url", "Address", example="https://example.org/portico", kind="url"),
        Field("secret", "Secret", "Signs every message. Leave it empty, and one is made.", secret=True, required=False),
    ),
    fill=fill,
    by_code="A code is posted there.",
)
