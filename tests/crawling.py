"""Follows links through a running demo as its people do: from the home on, by plain HTTP, so many of each pattern.

A pattern is a Django route with the parameters of its query, so that a catalog of sixty components is two visits
and not sixty, and a list with twenty filters is two of each filter and not all that they can be combined to.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, unquote, urldefrag, urljoin, urlsplit

import requests
from django.conf import settings
from django.urls import Resolver404, URLPattern, URLResolver, include, path
from django.urls.resolvers import RegexPattern

from portal import urls as portal_urls
from portal.demo import PASSWORD
from portal.demo import urls as demo_urls

ROLES = {"developer": "elena", "responder": "linh", "lead": "katrin", "admin": "admin"}
EACH = 2
UNLINKED = ("/catalog?q=nothing-is-called-so", "/search?q=ci-runers", "/search?q=zzzzqqqq", "/slos/new?preset=")
"""What people reach by typing rather than by a link."""
LEAVES = ("/static/", "/admin/", "/metrics", "/api/v1/schema")
"""Looked at, not followed: files, Django's own pages, and what programs read."""
SHOWS = ("tab", "view", "as", "add")
"""Parameters of a query that make another page of a route; all others only choose what is on it."""
_LINKS = {("a", "href"), ("area", "href"), ("iframe", "src"), ("img", "src"), ("link", "href"), ("script", "src")}
_ADDRESSES: list[URLPattern | URLResolver] = [*portal_urls.urlpatterns, path("", include((demo_urls.pages, "demo")))]
_ROOT = URLResolver(RegexPattern(r"^/"), _ADDRESSES)


@dataclass(frozen=True, slots=True)
class Visit:
    """One address (path and query) that a role asked for, where the link was found, and what was answered.

    `is_page`: it is HTML of ours from head to foot, no file, no part of a page and no mail in its frame. `size` is in
    bytes, uncompressed. `faults` are sentences; empty for an answer that a link may lead to.
    """

    role: str
    address: str
    found_on: str
    status: int
    is_page: bool
    size: int
    faults: tuple[str, ...]

    @property
    def look(self) -> str:
        """The route, and which of its pages: one look at each tells how all of them look."""
        return look_of(self.address)

    def __str__(self) -> str:
        return f"{self.role}: {self.address} (linked from {self.found_on}): {'; '.join(self.faults)}"


def sign_in(base: str, name: str) -> requests.Session:
    """A session of somebody who signed in as people do."""
    session = requests.Session()
    session.get(f"{base}/sign-in", timeout=30)
    said = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": session.cookies[settings.CSRF_COOKIE_NAME]}
    answer = session.post(f"{base}/sign-in?next=/docs", said, headers={"Referer": f"{base}/sign-in"}, timeout=30)
    assert answer.ok, f"{name} could not sign in: {answer.status_code}"
    assert urlsplit(answer.url).path == "/docs", f"{name} could not sign in"
    return session


def crawl_all(
    base: str,
    roles: Collection[str] = tuple(ROLES),
    *,
    each: int = EACH,
    kind: Callable[[str], str] | None = None,
    also: Collection[str] = (),
) -> list[Visit]:
    """What each of these roles was answered, all at once."""
    with ThreadPoolExecutor(len(roles)) as pool:
        crawled = pool.map(lambda role: crawl(base, role, each=each, kind=kind, also=also), roles)
        return [visit for visits in crawled for visit in visits]


def crawl(
    base: str,
    role: str,
    *,
    each: int = EACH,
    kind: Callable[[str], str] | None = None,
    also: Collection[str] = (),
) -> list[Visit]:
    """Every link from the home on, at most `each` of a kind: of a pattern, unless `kind` tells that of an address.

    `also` are addresses to begin at besides the home and what nothing links to.
    """
    kind = kind or pattern_of
    session = sign_in(base, ROLES[role])
    asked: Counter[str] = Counter()
    begins = ("/", *UNLINKED, *also)
    known = set(begins)
    waiting = deque((address, "nowhere") for address in begins)
    visits: dict[str, Visit] = {}
    anchors: dict[str, set[str]] = {}
    jumps: dict[tuple[str, str], str] = defaultdict(str)
    while waiting:
        address, found_on = waiting.popleft()
        asked[pattern := kind(address)] += 1
        if asked[pattern] > each:
            continue
        answer = session.get(base + address, timeout=60)
        page = _Page(answer.text) if "text/html" in answer.headers.get("Content-Type", "") else None
        visits[address] = _visit(role, address, found_on, answer, page)
        if page is None or address.startswith(LEAVES):
            continue
        anchors[address] = page.anchors
        for link, anchor in _own(page.links, base=base, page=answer.url):
            if anchor:
                jumps[link, anchor] = address
            if link not in known:
                known.add(link)
                waiting.append((link, address))
    for (link, anchor), found_on in jumps.items():
        if link in anchors and anchor not in anchors[link]:
            visits[f"{link}#{anchor}"] = Visit(
                role, f"{link}#{anchor}", found_on, 200, False, 0, ("has no such place",)
            )
    return list(visits.values())


def looks(visits: Iterable[Visit]) -> Iterator[Visit]:
    """One page of each look: the longest, which has most to show; of the home, one a role."""
    best: dict[str, Visit] = {}
    for visit in visits:
        if visit.is_page and visit.status < 400 and not visit.address.startswith(LEAVES):
            key = f"{visit.look} {visit.role if visit.address == '/' else ''}"
            if key not in best or best[key].size < visit.size:
                best[key] = visit
    yield from sorted(best.values(), key=lambda visit: (visit.role, visit.address))


def pattern_of(address: str) -> str:
    """The route with what its query asks: each parameter by itself, and all combinations as one."""
    keys = {key for key, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)} - set(SHOWS)
    return f"{look_of(address)}?{keys.pop() if len(keys) == 1 else '+' * min(1, len(keys))}"


def look_of(address: str) -> str:
    """The route, and the parameters that make another page of it."""
    parts = urlsplit(address)
    shows = [f"{key}={value}" for key, value in parse_qsl(parts.query) if key in SHOWS]
    try:
        route = _ROOT.resolve(unquote(parts.path)).route
    except Resolver404:
        route = parts.path
    return " ".join([route or "/", *sorted(shows)])


def _visit(role: str, address: str, found_on: str, answer: requests.Response, page: "_Page | None") -> Visit:
    faults = [] if answer.status_code < 400 else [f"answers {answer.status_code}"]
    ended = urlsplit(answer.url).path
    if ended == "/sign-in" and not address.startswith("/sign-in"):
        faults.append("leads to the sign-in of somebody who is signed in")
    if page is None or _shut_in(answer):
        return Visit(role, address, found_on, answer.status_code, False, len(answer.content), tuple(faults))
    if answer.ok and not address.startswith(LEAVES):
        faults += page.faults()
    return Visit(role, address, found_on, answer.status_code, page.whole, len(answer.content), tuple(faults))


def _shut_in(answer: requests.Response) -> bool:
    """Whether the browser keeps it in a sandbox: somebody else's, as a mail in its frame, with its styles in it."""
    return "sandbox" in answer.headers.get("Content-Security-Policy", "")


def _own(links: Iterable[str], *, base: str, page: str) -> Iterator[tuple[str, str]]:
    """Those that stay here, as path and query, and the place on the page that they jump to."""
    for link in links:
        whole, anchor = urldefrag(urljoin(page, link.strip()))
        if whole.startswith((f"{base}/", f"{base}?")) or whole == base:
            yield whole.removeprefix(base) or "/", unquote(anchor)


@dataclass
class _Page(HTMLParser):
    """What a page links to, and what must not be in it."""

    text: str
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)
    inline: set[str] = field(default_factory=set)
    charts: set[str] = field(default_factory=set)
    headings: int = 0
    whole: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.whole |= tag == "html"
        self.headings += tag == "h1"
        self.links += [said[name] for name in said if (tag, name) in _LINKS or name == "hx-get"]
        self.inline |= {f"{name} of <{tag}>" for name in said if name == "style" or name.startswith("on")}
        if tag == "script" and not said.get("src") and not said.get("type", "").endswith("json"):
            self.inline.add("<script> with words of its own")
        if "data-chart" in said:
            self.charts.add(said["data-chart"])
        if place := said.get("id"):
            self.twice |= {place} & self.anchors
            self.anchors.add(place)

    def faults(self) -> list[str]:
        """Sentences; a part of a page, which has no heading, is held to the rest."""
        found = [f"is styled or scripted inline: {one}" for one in sorted(self.inline)]
        found += [f"has the id {one} twice" for one in sorted(self.twice)]
        found += [f"has nothing to draw for its chart {one!r}" for one in sorted(self.charts - self.anchors)]
        if self.whole and self.headings != 1:
            found.append(f"has {self.headings} first headings")
        return found
