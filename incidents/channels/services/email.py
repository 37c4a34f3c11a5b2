"""E-mail."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from incidents.channels.ways import Field, Filled, Way, wrong


def fill(given: Mapping[str, str]) -> Filled:
    """One address. Raises Invalid."""
    try:
        validate_email(given["address"])
    except ValidationError:
        raise wrong("address", "This is not an e-mail address; write one such as ada@example.org.") from None
    return Filled(given["address"])


EMAIL = Way(
    channel="email",
    title="E-mail",
    icon="mail",
    about="Arrives anywhere; wakes few people.",
    fields=(Field("address", "Address", example="ada@example.org", kind="email"),),
    fill=fill,
)
