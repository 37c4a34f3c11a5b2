"""Addresses of this portal within a plain text, as links that say in words where they lead."""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.lib import conf

LEADS_TO = (
    (re.compile(r"/reviews/actions/\d"), "the action item"),
    (re.compile(r"/reviews/\d"), "the review"),
    (re.compile(r"/incidents/\d"), "the incident"),
    (re.compile(r"/on-call/[^/]+/swaps/\d"), "the swap"),
)
"""By how a path begins, what is there; anything else is a page."""


def own_links(text: str) -> SafeString:
    """`text` as HTML: its addresses below the base URL are links such as “Open the review”, the rest is escaped.

    What is written for a mail can so be shown in the portal. Other addresses stay text: nobody vouches for them.
    """
    pieces = re.split(rf"({re.escape(conf.base_url())}/\S*[^\s.,;:!?)\]'\"])", text)
    return format_html_join("", "{}", ((_link(one) if n % 2 else one,) for n, one in enumerate(pieces)))


def _link(url: str) -> SafeString:
    path = url.removeprefix(conf.base_url())
    what = next((words for begin, words in LEADS_TO if begin.match(path)), "the page")
    return format_html('<a href="{}">Open {}</a>', url, what)
