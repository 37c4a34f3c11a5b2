"""SMS, by a Twilio account."""

from collections.abc import Mapping

from incidents.channels.services.kept import kept
from incidents.channels.ways import Field, Filled, Way, matched

NUMBER = r"\+[1-9][0-9 ()-]{6,20}"


def fill(given: Mapping[str, str]) -> Filled:
    """A number to send to, and whose account sends from which number. Raises Invalid."""
    matched(NUMBER, given["to"], "to", "With + and the country, such as +49 151 23456789.")
    matched(rf"{NUMBER}|[0-9]{{5,6}}", given["sender"], "sender", "A number of that account, with + and the country.")
    matched(r"AC[a-f0-9]{32}", given["account"], "account", "It begins with AC and has 34 characters.")
    matched(r"[a-zA-Z0-9]{16,64}", given["token"], "token", "The account's auth token: letters and digits only.")
    to = "+" + "".join(one for one in given["to"] if one.isdigit())
    sealed = kept(
        "twilio", secure=True, account_sid=given["account"], auth_token=given["token"], source=given["sender"],
        targets=[to],
    )  # fmt: skip
    return Filled(to, sealed)


SMS = Way(
    channel="sms",
    title="SMS",
    icon="phone-call",
    about="A short text to any telephone, by a Twilio account.",
    fields=(
        Field("to", "Your number", "With + and the country.", "+49 151 23456789", kind="tel"),
        Field("sender", "From", "A number of the account.", "+1 202 555 0123", kind="tel"),
        Field("account", "Account SID", "Of Twilio's console; it begins with AC."),
        Field("token", "Auth token", "Beside it.", secret=True),
    ),
    fill=fill,
)
