"""What arrived at the sinks."""

from incidents.models import Notification
from tests.fakes.smtp import MailSink
from tests.fakes.webhook import WebhookSink


def arrivals(hook: WebhookSink, mail: MailSink) -> dict[str, list[bool]]:
    """Key of each page → for each arrival, whether it said that it may be a duplicate."""
    found: dict[str, list[bool]] = {}
    for one in hook.received:
        for key in one.keys:
            found.setdefault(key, []).append(one.maybe_duplicate)
    told: dict[str, list[str]] = {}  # by receipt; a bundle that was cut off and sent again has another one
    for receipt, key in Notification.objects.filter(channel="email").values_list("receipt", "idempotency_key"):
        told.setdefault(receipt, []).append(key)
    for letter in mail.messages:
        for key in told.get(letter["Message-ID"], ()):
            found.setdefault(key, []).append(letter["X-Portico-Possible-Duplicate"] == "1")
    return found
