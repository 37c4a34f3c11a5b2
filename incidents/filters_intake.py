"""The query string of deliveries and integrations, the same for pages and API."""

from datetime import datetime

from django.http import QueryDict

from incidents.models import Delivery
from incidents.queries.intake import OUTCOMES, DeliveryFilter
from portal.lib.errors import FieldError, Invalid
from portal.lib.moments import moment_or_day_in

FIELDS = ("integration", "state", "outcome", "since", "until")


def delivery_filter(query: QueryDict) -> DeliveryFilter:
    """What `?integration=3&state=rejected&since=2026-11-01` asks for. Raises Invalid naming the parameter."""
    given = {name: query.get(name, "").replace("\x00", " ").strip() for name in FIELDS}
    if given["integration"] and not (given["integration"].isascii() and given["integration"].isdecimal()):
        raise _bad("integration", "Use its number.")
    return DeliveryFilter(
        integration=min(int(given["integration"][:20]), 2**62) if given["integration"] else None,
        state=_one_of("state", given["state"], Delivery.State.values),
        outcome=_one_of("outcome", given["outcome"], list(OUTCOMES)),
        since=_moment("since", given["since"]),
        until=_moment("until", given["until"]),
    )


def _one_of(name: str, text: str, choices: list[str]) -> str:
    if text and text not in choices:
        raise _bad(name, f"Use one of {', '.join(choices)}.")
    return text


def _moment(name: str, text: str) -> datetime | None:
    if not text:
        return None
    if found := moment_or_day_in(text):
        return found
    raise _bad(name, "Use a date such as 2026-11-22, or a moment such as 2026-11-22T14:00+01:00.")


def _bad(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))
