"""What every page's frame needs. Asked when the frame is drawn; no failing part may take a page down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property

from catalog import queries, registries
from catalog.models import Person, Star
from portal.lib.clock import now_of

log = structlog.get_logger(__name__)

PAGING_LATE = timedelta(seconds=30)
EVALUATION_LATE = timedelta(minutes=5)
URGENT = (1, 2)
"""Severities of open incidents that the sidebar counts in red."""
HEALTHS = {4: "bad", 3: "exhausted", 2: "at-risk", 1: "no-data", 0: "healthy"}


@dataclass(frozen=True, slots=True)
class NavLink:
    """One entry of the sidebar as drawn; `urgent` is the colour of the badge, `reach` how much
    of the page's address it covers."""

    title: str
    url: str
    icon: str
    section: str
    active: bool
    badge: str
    urgent: bool = False
    key: str = ""
    within: str = ""
    reach: int = 0


@dataclass(frozen=True, slots=True)
class Pulse:
    """When the sweeps last ran. A sweep that was never seen is not known, so it is neither fresh nor late."""

    paging_at: datetime | None
    evaluated_at: datetime | None
    now: datetime

    @property
    def known(self) -> bool:
        """Whether there is anything to say."""
        return self.paging_at is not None or self.evaluated_at is not None

    @property
    def late(self) -> bool:
        """Whether one of them should have run again by now."""
        return self._older(self.paging_at, PAGING_LATE) or self._older(self.evaluated_at, EVALUATION_LATE)

    def _older(self, at: datetime | None, allowed: timedelta) -> bool:
        return at is not None and self.now - at > allowed


@dataclass(frozen=True, slots=True)
class Starred:
    """One line of the sidebar's stars; `health` is set for components, `icon` for the rest."""

    ref: str
    title: str
    url: str
    health: str
    icon: str


class Frame:
    """The live facts around every page; each is asked for at most once a page, by the template that draws it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def now(self) -> datetime:
        """The database's clock; the browser counts from it, so that skewed hosts agree."""
        return now_of(self.request)

    @cached_property
    def me(self) -> object:
        """The person behind the account, or the account where nobody is linked."""
        user = self.request.user
        return getattr(user, "person", None) or user.get_username()

    @cached_property
    def navigation(self) -> list[NavLink]:
        """All that the apps registered for this reader, in order; an entry whose page is not there is left out."""
        entries = sorted(registries.navigation.items(), key=lambda one: (one[1].section, one[1].order))
        links = (self._link(key, entry) for key, entry in entries)
        found = [link for link in links if link is not None]
        farthest = max((link.reach for link in found), default=0)
        return [replace(link, active=0 < farthest == link.reach) for link in found]  # /catalog/queue is not /catalog

    @cached_property
    def sidebar(self) -> list[NavLink]:
        """`navigation` without the pages within a part that is not open; those of the open one stand below it."""
        part = next((link.within or link.key for link in self.navigation if link.active), "")
        return [link for link in self.navigation if link.within in ("", part)]

    @cached_property
    def trail(self) -> list[tuple[str, str]]:
        """Breadcrumbs of a page that says none itself, where it stands within a part: titles and addresses."""
        here = next((link for link in self.navigation if link.active and link.within), None)
        above = next((link for link in self.navigation if here and link.key == here.within), None)
        if here is None or above is None:
            return []
        return [(above.title, above.url), (here.title, "" if here.url == self.request.path else here.url)]

    @cached_property
    def search_url(self) -> str:
        """Where the search box leads; empty while there is nothing to search."""
        return _url("search")

    @cached_property
    def starred(self) -> list[Starred]:
        """All the reader starred; the sidebar shows the first few. Empty when unknown."""
        person: Person | None = getattr(self.request.user, "person", None)
        try:
            return [_starred(star) for star in queries.stars_of(person)] if person else []
        except DatabaseError:  # the page matters more than its frame
            log.exception("stars_failed")
            return []

    @cached_property
    def open_incidents(self) -> Mapping[str, object]:
        """`count`, `worst` (severity) and `url`; empty when unknown."""
        return self._ask("open-incidents") or {}

    @cached_property
    def on_call(self) -> Mapping[str, object]:
        """`person`, `team`, `more` and `url` of who is on call for my teams; empty when unknown."""
        return self._ask("on-call") or {}

    @cached_property
    def inbox(self) -> Mapping[str, object]:
        """`count` of messages that want the reader, and `url`; empty when unknown."""
        return self._ask("inbox") or {}

    @cached_property
    def paused(self) -> Mapping[str, object]:
        """`until`, `reason`, `by` and `url` of the pause of all paging; empty while pages go out."""
        return self._ask("paging-paused") or {}

    @cached_property
    def pulse(self) -> Pulse:
        """When paging and evaluation last swept."""
        return Pulse(self._ask("paging-swept-at"), self._ask("evaluated-at"), self.now)

    @cached_property
    def _admin(self) -> bool:
        person: Person | None = getattr(self.request.user, "person", None)
        return person is not None and person.platform_admin

    def _link(self, key: str, entry: registries.NavEntry) -> NavLink | None:
        url = _url(entry.url_name)
        if not url or (entry.admins and not self._admin):
            return None
        reach = max(_reach(self.request.path, start) for start in (url, *entry.also))
        badge = str(self.open_incidents.get("count") or "") if entry.badge == "open-incidents" else ""
        urgent = bool(badge) and self.open_incidents.get("worst") in URGENT
        return NavLink(entry.title, url, entry.icon, entry.section, reach > 0, badge, urgent, key, entry.within, reach)

    def _ask(self, name: str) -> Any:  # noqa: ANN401  # each fact has a shape of its own, said at its property
        fact: Callable[[HttpRequest], object] | None = registries.frame.get(name)
        if fact is None or not self.request.user.is_authenticated:
            return None
        try:
            return fact(self.request)
        except Exception:  # the page matters more than its frame
            log.exception("frame_fact_failed", fact=name)
            return None


def _starred(star: Star) -> Starred:
    worst: int | None = getattr(star, "worst", None)
    icon = "users" if star.ref.startswith("group:") else "user" if star.ref.startswith("user:") else "star"
    return Starred(star.ref, star.title, star.url, "" if worst is None else HEALTHS.get(worst, "no-slo"), icon)


def _reach(path: str, start: str) -> int:
    """How many letters of the path `start` covers: all of them, or its folders from the first."""
    return len(start) if path == start or (start != "/" and path.startswith(start.rstrip("/") + "/")) else 0


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def shell(request: HttpRequest) -> dict[str, object]:
    """Navigation and the little live facts of the frame, as `shell`."""
    return {"shell": Frame(request)}
