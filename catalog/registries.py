"""Where apps plug in: plain dicts, filled by each app in `AppConfig.ready()`, read by pages that know none of them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One line of the sidebar. An entry whose `url_name` does not resolve (without arguments) is not shown.

    `badge` names a fact of `frame` whose `count` stands beside the title, such as `open-incidents`.
    """

    title: str
    url_name: str
    icon: str
    order: int
    section: str = ""
    badge: str = ""


navigation: dict[str, NavEntry] = {}
"""Sidebar by key: home 10, catalog 20, slos 30, incidents 40, on-call 50, reviews 60, status 70."""

Fact = Callable[[HttpRequest], object]

frame: dict[str, Fact] = {}
"""Live facts of the frame around every page, each asked once a page for a signed-in reader; one that fails is left out.

`open-incidents` → {"count": int, "worst": 1..5, "url": str}; `on-call` → {"person", "team", "more", "url"} or None;
`paging-swept-at` and `evaluated-at` → datetime or None.
"""
