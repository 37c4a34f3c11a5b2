"""Tags of the pages that say what went wrong: `{% load failures %}`."""

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
REFERENCE = re.compile(r"(\([a-z]+:[^\s/()]+/[^\s()]+\)[.,;:]?)")
"""`(group:default/ci)`, as messages name a thing for programs after they named it for people."""


@register.filter
def references_small(text: object) -> SafeString:
    """A message with its references small and grey."""
    pieces = REFERENCE.split(str(text or ""))
    small = (format_html('<span class="t-3 fs-12 text-break">{}</span>', one) for one in pieces[1::2])
    return format_html_join("", "{}{}", zip(pieces[::2], [*small, ""], strict=True))
