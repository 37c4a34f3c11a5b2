"""When a component was last confirmed: `{% load trust %}`."""

from collections.abc import Mapping
from datetime import datetime

from django import template

from catalog.confirmation import is_due, last_confirmed
from catalog.models import Component

register = template.Library()
MONTH = 30.44
"""Days of one on average."""


@register.simple_tag(takes_context=True)
def confirmation(context: Mapping[str, object], component: Component) -> dict[str, object]:
    """Whether its team should say again that it is right (`due`), and for how many `months` it has not."""
    now = context["now"]
    if not isinstance(now, datetime):
        raise TypeError("the page hands in `now`")
    months = int((now - last_confirmed(component)).total_seconds() / 86400 / MONTH)
    return {"due": is_due(component, now=now), "months": months}
