"""The change log in words: `{% load changes %}`."""

from django import template
from django.utils.text import Truncator

register = template.Library()
VERBS = {
    "create": "Registered", "update": "Changed", "retire": "Retired", "revoke": "Revoked", "confirm": "Confirmed",
    "keep": "Kept, though its source dropped it", "drop": "Taken out",
}  # fmt: skip


@register.filter
def did(action: str) -> str:
    """`component.create` as `Registered`; what has no word yet stays as it is."""
    return VERBS.get(action.rpartition(".")[2], action)


@register.filter
def made(action: str) -> bool:
    """Whether it made something new, so that every field is new too."""
    return action.endswith(".create")


@register.filter
def shown(value: object) -> str:
    """One side of a difference: `nothing` for what was empty, lists with commas, at most 120 characters."""
    if value in (None, "", [], {}):
        return "nothing"
    return Truncator(_plain(value)).chars(120)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{key}={_plain(item)}" for key, item in value.items())
    return str(value)
