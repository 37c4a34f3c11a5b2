"""The change log in words: `{% load changes %}`."""

from django import template
from django.utils.text import Truncator

register = template.Library()


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
