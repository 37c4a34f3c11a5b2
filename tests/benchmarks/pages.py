"""Every page of the demo as each of its four roles: first byte, weight, and questions to the database.

`bin/bench pages [--json] [--runs N] [--role ROLE …] [--url URL --data FOLDER]`. The whole product is brought up with
the demo in a folder of its own (or the one that answers at `--url`, whose data folder is `--data`), and is measured
once its objectives have read their history. Pages are found by following links (tests/crawling.py); one is measured of
each kind that a role reaches. First byte is from asking to the first byte of the answer, over a connection that stays
open; one round of all pages follows another, so that what disturbs the machine for a moment disturbs no page alone.
Weight is what an empty browser fetches over the wire, apart from the library that draws charts, which comes with the
first of them.
"""

import argparse
import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import sync_playwright

from portal.lib.env import database
from portal.run.folder import DataFolder
from tests.benchmarks.table import Row, machine, show
from tests.crawling import ROLES, Visit, crawl_all, looks, sign_in
from tests.e2e.conftest import CHROMIUM, QUIET
from tests.e2e.product import running_product

FIRST_BYTE, WEIGHT, QUERIES = 150.0, 250.0, 30
TABLE = (
    "/", "/catalog", "components/", "teams/", "/slos", "slos/<int:pk>", "/slos/new", "/incidents", "incidents/<int",
    "/on-call", "/reviews", "/analytics", "/status", "/settings",
)  # fmt: skip
"""The pages of the design's own table come first."""
LIBRARY = "plotly"
SETTLED_WITHIN = 240.0


@dataclass(slots=True)
class Measured:
    """One page of one role: milliseconds of each run, bytes of its HTML and on the wire, requests and queries."""

    visit: Visit
    took: list[float] = field(default_factory=list)
    html: int = 0
    wire: int = 0
    queries: int | None = None
    requests: int = 0
    fetched: int = 0
    library: int = 0

    @property
    def p50(self) -> float:
        """The middle of the runs, in ms."""
        return statistics.median(self.took)

    @property
    def p95(self) -> float:
        """The slowest twentieth of the runs, in ms; between the two slowest where there are fewer than twenty."""
        return statistics.quantiles(self.took, n=20, method="inclusive")[-1]

    @property
    def kilobytes(self) -> float:
        """All that an empty browser fetches before the first chart."""
        return (self.fetched - self.library) / 1000


def main() -> None:
    """Bring it up, find the pages, measure, show."""
    asked = _arguments()
    with _demo(asked) as (url, folder):
        roles = asked.role or list(ROLES)
        found = crawl_all(url, roles)
        pages = [Measured(one) for role in roles for one in looks(visit for visit in found if visit.role == role)]
        _say(f"{len(found)} links followed, {len(pages)} pages measured")
        ask_all(url, pages, runs=asked.runs)
        count_queries(folder, pages)
        weigh(url, pages)
    if asked.json:
        show("pages", [*summary(pages), *details(pages)], as_json=True)
        return
    print(f"every page on {machine()}\n{HEAD}")
    print("\n".join(line(one) for one in sorted(pages, key=_order)))
    show("pages", summary(pages), as_json=False)


def ask_all(url: str, pages: Sequence[Measured], *, runs: int) -> None:
    """`runs` rounds over all pages, one at a time; the round before them warms up and is not counted."""
    host = urlsplit(url)
    cookies = {role: _cookies(url, role) for role in ROLES}
    with closing(HTTPConnection(host.hostname or "", host.port, timeout=60)) as talking:
        for number in range(runs + 1):
            for page in pages:
                headers = {"Cookie": cookies[page.visit.role], "Accept-Encoding": "gzip", "Accept": "text/html"}
                began = time.perf_counter()
                talking.request("GET", page.visit.address, headers=headers)
                answer = talking.getresponse()
                first = answer.read(1)
                took = (time.perf_counter() - began) * 1000
                body = first + answer.read()
                page.wire = len(body)
                page.html = len(gzip.decompress(body)) if answer.headers["Content-Encoding"] == "gzip" else len(body)
                if number:
                    page.took.append(took)


def count_queries(folder: Path | None, pages: Sequence[Measured]) -> None:
    """Questions of each page, asked in this process of the demo's own database; unknown where that can't be found."""
    running = DataFolder(folder).running() if folder else None
    if running is None:
        return
    connection.close()
    connection.settings_dict.update(database(urlsplit(running.environment["DATABASE_URL"])))
    for role, name in ROLES.items():
        client = Client(headers={"host": "localhost"})
        client.force_login(get_user_model().objects.get(username=name))
        client.get("/docs")
        for page in pages:
            if page.visit.role == role and not page.visit.address.startswith("/demo"):
                with CaptureQueriesContext(connection) as asked:
                    client.get(page.visit.address)
                page.queries = len(asked)


def weigh(url: str, pages: Sequence[Measured]) -> None:
    """What a browser with nothing kept fetches for each kind of page; roles differ by their HTML alone."""
    known: dict[str, Measured] = {}
    cookies = {role: _cookies(url, role).split("; ") for role in ROLES}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for page in pages:
            if page.visit.look not in known:
                context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
                context.add_cookies([_for_browser(one, url) for one in cookies[page.visit.role]])
                tab = context.new_page()
                sizes = _fetched(context.new_cdp_session(tab))
                tab.goto(page.visit.address, wait_until="networkidle")
                page.requests, page.fetched = len(sizes), sum(size for _, size in sizes.values())
                page.library = sum(size for address, size in sizes.values() if LIBRARY in address)
                known[page.visit.look] = page
                context.close()
            same = known[page.visit.look]
            page.requests, page.library = same.requests, same.library
            page.fetched = same.fetched - same.wire + page.wire
        browser.close()


def _fetched(session: Any) -> dict[str, list[Any]]:
    """Address and bytes on the wire of every request, filled while the page loads."""
    found: dict[str, list[Any]] = {}
    session.send("Network.enable")
    session.on("Network.requestWillBeSent", lambda said: found.update({said["requestId"]: [said["request"]["url"], 0]}))

    def finished(said: Mapping[str, Any]) -> None:
        if said["requestId"] in found:
            found[said["requestId"]][1] = int(said["encodedDataLength"])

    session.on("Network.loadingFinished", finished)
    return found


HEAD = (
    f"  {'role':<10} {'page':<58} {'p50 ms':>7} {'p95 ms':>7} {'queries':>7} {'HTML kB':>8} {'gzip kB':>8} "
    f"{'requests':>8} {'all kB':>7} {'+ charts':>8}"
)


def line(one: Measured) -> str:
    """A row of the table; what breaks a bar is marked."""
    address = one.visit.address if len(one.visit.address) <= 58 else f"{one.visit.address[:57]}…"
    charts = f"{one.library / 1000:.0f}" if one.library else ""
    queries = "—" if one.queries is None else one.queries
    missed = "" if _holds(one) else "MISSED"
    return (
        f"  {one.visit.role:<10} {address:<58} {one.p50:>7.0f} {one.p95:>7.0f} {queries:>7} {one.html / 1000:>8.1f} "
        f"{one.wire / 1000:>8.1f} {one.requests:>8} {one.kilobytes:>7.0f} {charts:>8} {missed}"
    ).rstrip()


def summary(pages: Sequence[Measured]) -> list[Row]:
    """Against the bars of the design: the worst page of each role, and of all."""
    rows = []
    for role in dict.fromkeys(one.visit.role for one in pages):
        own = [one for one in pages if one.visit.role == role]
        worst = max(own, key=lambda one: one.p95)
        rows.append(Row(f"{role}, {len(own)} pages: middle first byte", statistics.median(x.p50 for x in own), "ms"))
        rows.append(_row(f"{role}: slowest first byte p95, {worst.visit.look}", worst.p95, "ms", FIRST_BYTE))
    heavy = max(pages, key=lambda one: one.kilobytes)
    rows.append(_row(f"heaviest page before the first chart, {heavy.visit.look}", heavy.kilobytes, "kB", WEIGHT))
    if any(one.queries is not None for one in pages):
        asks = max(pages, key=lambda one: one.queries or 0)
        rows.append(_row(f"most questions to the database, {asks.visit.look}", asks.queries or 0, "queries", QUERIES))
    return rows


def details(pages: Iterable[Measured]) -> Iterator[Row]:
    """Each page's own figures."""
    for one in pages:
        name = f"{one.visit.role} {one.visit.address}"
        yield Row(f"{name}: first byte p50", one.p50, "ms")
        yield _row(f"{name}: first byte p95", one.p95, "ms", FIRST_BYTE)
        yield _row(f"{name}: weight", one.kilobytes, "kB", WEIGHT)
        yield Row(f"{name}: HTML, gzipped", one.wire / 1000, "kB")
        yield Row(f"{name}: requests", one.requests, "requests")
        if one.queries is not None:
            yield _row(f"{name}: queries", one.queries, "queries", QUERIES)


def _row(name: str, value: float, unit: str, bar: float) -> Row:
    return Row(name, value, unit, f"at most {bar:.0f} {unit}", value <= bar)


def _holds(one: Measured) -> bool:
    return one.p95 <= FIRST_BYTE and one.kilobytes <= WEIGHT and (one.queries or 0) <= QUERIES


def _order(one: Measured) -> tuple[int, int, str]:
    look = one.visit.look
    place = next((n for n, name in enumerate(TABLE) if look == name.lstrip("/") or look.startswith(name + "<")), 99)
    return list(ROLES).index(one.visit.role), place, one.visit.address


@contextmanager
def _demo(asked: argparse.Namespace) -> Iterator[tuple[str, Path | None]]:
    if asked.url:
        yield asked.url, asked.data
        return
    with tempfile.TemporaryDirectory() as folder, running_product(Path(folder), pace="story") as product:
        _say("it is up; waiting until its objectives have read their history")
        _settle(product.url)
        yield product.url, product.folder


def _settle(url: str) -> None:
    """No objective is still reading, and the machine has a moment to come to rest."""
    session, patience = sign_in(url, ROLES["admin"]), time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < patience and "reading" in session.get(f"{url}/slos", timeout=60).text.lower():
        time.sleep(3)
    time.sleep(10)


def _cookies(url: str, role: str) -> str:
    jar = sign_in(url, ROLES[role]).cookies
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def _for_browser(cookie: str, url: str) -> SetCookieParam:
    name, _, value = cookie.partition("=")
    return SetCookieParam(name=name, value=value, url=url)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench pages")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=20, help="how often each page is asked for")
    parser.add_argument("--role", action="append", choices=ROLES, help="of these roles only")
    parser.add_argument("--url", help="a demo that runs already")
    parser.add_argument("--data", type=Path, help="its data folder, to count queries")
    return parser.parse_args()


if __name__ == "__main__":
    main()
