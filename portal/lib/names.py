"""Names and addresses that people gave, as a page can show them."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

LONG = 32
"""Letters without a blank from which on a word may be broken, so that no name pushes a page sideways."""


def called(name: str) -> SafeString:
    """The name, escaped; one with a word longer than `LONG` wraps within it, wherever it stands."""
    if max(map(len, name.split()), default=0) <= LONG:
        return format_html("{}", name)
    return format_html('<span class="long-name">{}</span>', name)


def address(mail: str) -> SafeString:
    """An e-mail address that may break behind its @, and so not within a word."""
    return format_html("{}{}<wbr>{}", *mail.partition("@"))
