"""Every page of the demo as each of its four roles: first byte, weight, and questions to the database.

`bin/bench pages [--json] [--runs N] [--seconds N] [--role ROLE …] [--url URL --data FOLDER]`. The whole product is
brought up with the demo in a folder of its own (or the one that answers at `--url`, whose data folder is `--data`), and
is measured once its objectives have read their history. Pages are found by following links (tests/crawling.py); one is
measured of each kind that a role reaches. First byte is from asking to the first byte of the answer, over a connection
that stays open; one round of all pages follows another, so that what disturbs the machine for a moment disturbs no page
alone, and there are fewer rounds than `--runs` where so many would take longer than `--seconds`. The slowest twentieth
of so few is the slowest: those that miss the bar are asked further rounds among themselves, and judged by all. Weight
is what an empty browser fetches over the wire, apart from what draws charts and graphs, which comes with the first.
Questions and processor time are those of the same page asked for in this process, of the demo's own database.

A page that goes wrong while it is measured is named at the end, and keeps no other from being measured.
"""

import argparse
import gzip
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Error, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

from portal.lib.env import database
from portal.run.folder import DataFolder
from slo.models import CursorGroup
from tests.benchmarks.pages_table import FIRST_BYTE, Measured, details, summary, table
from tests.benchmarks.table import machine, show
from tests.crawling import ROLES, crawl_all, look_of, looks, sign_in
from tests.e2e.conftest import CHROMIUM, QUIET
from tests.e2e.product import running_product

LIBRARIES = ("plotly", "cytoscape", "dagre")
"""What draws charts and graphs, and is fetched with the first of them."""
NO_QUESTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
RUNS, SECONDS = 12, 120.0
FEWEST = 3
"""Rounds that are made however long they take."""
FURTHER = 40
"""Rounds over those that missed the bar for the first byte."""
SETTLED_WITHIN = 120.0
LOADED_WITHIN, IDLE_WITHIN = 15_000, 1_500
"""Milliseconds. Pages that refresh themselves may never be idle for long."""


def main() -> None:
    """Bring it up, find the pages, measure, show."""
    asked = _arguments()
    with _demo(asked) as (url, folder):
        roles = asked.role or list(ROLES)
        told = Told()
        if _connected(folder):
            _settle()
        found = crawl_all(url, roles, kind=look_of)
        told.say(f"{len(found)} links followed")
        pages = [Measured(one) for role in roles for one in looks(visit for visit in found if visit.role == role)]
        rounds = ask_all(url, pages, runs=asked.runs, seconds=asked.seconds)
        told.say(f"{len(pages)} pages asked for {rounds} times each")
        with ThreadPoolExecutor(1) as aside:
            counting = aside.submit(count_queries, folder, pages)
            weigh(url, pages)
            counting.result()
        told.say("weighed and counted")
    _show(pages, as_json=asked.json)


class Told:
    """Says on standard error what was done, and how long it took."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def say(self, text: str) -> None:
        """The seconds are those since the last word."""
        now = time.monotonic()
        print(f"{text} ({now - self._since:.0f} s)", file=sys.stderr, flush=True)
        self._since = now


def ask_all(url: str, pages: Sequence[Measured], *, runs: int, seconds: float) -> int:
    """`runs` rounds over all pages, fewer where these take too long; how many. The one before them warms up."""
    cookies = {role: _cookies(url, role) for role in {page.visit.role for page in pages}}
    until, done = time.monotonic() + seconds, -1
    with closing(_Talking(url)) as talking:
        while done < runs and (done < FEWEST or time.monotonic() < until):
            talking.ask_each(pages, cookies, count=done >= 0)
            done += 1
        missed = [page for page in pages if page.took and page.p95 > FIRST_BYTE]
        for _ in range(FURTHER):
            talking.ask_each(missed, cookies, count=True)
    return done


class _Talking:
    """A connection that stays open, and is opened anew after a failure."""

    def __init__(self, url: str) -> None:
        host = urlsplit(url)
        self._connection = HTTPConnection(host.hostname or "", host.port, timeout=60)
        self.close = self._connection.close

    def ask_each(self, pages: Sequence[Measured], cookies: Mapping[str, str], *, count: bool) -> None:
        """One round over those that nothing went wrong with so far."""
        for page in pages:
            if not page.trouble:
                self.ask(page, cookies[page.visit.role], count=count)

    def ask(self, page: Measured, cookie: str, *, count: bool) -> None:
        """Take down how long it took, where it is to `count`."""
        headers = {"Cookie": cookie, "Accept-Encoding": "gzip", "Accept": "text/html"}
        try:
            began = time.perf_counter()
            self._connection.request("GET", page.visit.address, headers=headers)
            answer = self._connection.getresponse()
            first = answer.read(1)
            took = (time.perf_counter() - began) * 1000
            body = first + answer.read()
        except (HTTPException, OSError) as error:
            self._connection.close()
            page.trouble = f"{type(error).__name__}: {error}"
            return
        if answer.status != 200:
            page.trouble = f"answers {answer.status}" if answer.status >= 400 else "only leads to another page"
            return
        page.wire = len(body)
        page.html = len(gzip.decompress(body)) if answer.headers["Content-Encoding"] == "gzip" else len(body)
        if count:
            page.took.append(took)


def count_queries(folder: Path | None, pages: Sequence[Measured]) -> None:
    """Questions and processor time of each page, asked for in this process; unknown without the demo's database."""
    if not _connected(folder):
        return
    for role, name in ROLES.items():
        client = Client(raise_request_exception=False, headers={"host": "localhost"})
        client.force_login(get_user_model().objects.get(username=name))
        client.get("/docs")
        for page in pages:
            if page.visit.role == role and not page.trouble and not page.visit.address.startswith("/demo"):
                _count(client, page)
    connection.close()


def _count(client: Client, page: Measured) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(page.visit.address)
    if answer.status_code == 200:
        page.queries = sum(not str(one["sql"]).startswith(NO_QUESTIONS) for one in asked.captured_queries)
        began = time.thread_time()
        client.get(page.visit.address)
        page.busy = (time.thread_time() - began) * 1000


def weigh(url: str, pages: Sequence[Measured]) -> None:
    """What a browser with nothing kept fetches for each kind of page; roles differ by their HTML alone."""
    known: dict[str, Measured] = {}
    cookies = {role: _cookies(url, role).split("; ") for role in {page.visit.role for page in pages}}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for page in pages:
            if page.trouble:
                continue
            if page.visit.look not in known:
                with suppress(Error):  # its weight stays unknown
                    _weigh(browser, url, page, cookies[page.visit.role])
                known[page.visit.look] = page
            same = known[page.visit.look]
            page.requests, page.library = same.requests, same.library
            page.fetched = same.fetched - same.wire + page.wire
        browser.close()


def _weigh(browser: Browser, url: str, page: Measured, cookies: Iterable[str]) -> None:
    context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    try:
        context.add_cookies([_for_browser(one, url) for one in cookies])
        tab = context.new_page()
        sizes = _fetched(context.new_cdp_session(tab))
        tab.goto(page.visit.address, wait_until="load", timeout=LOADED_WITHIN)
        with suppress(TookTooLong):
            tab.wait_for_load_state("networkidle", timeout=IDLE_WITHIN)
        page.requests, page.fetched = len(sizes), sum(size for _, size in sizes.values())
        page.library = sum(size for address, size in sizes.values() if any(one in address for one in LIBRARIES))
    finally:
        context.close()


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


@contextmanager
def _demo(asked: argparse.Namespace) -> Iterator[tuple[str, Path | None]]:
    if asked.url:
        yield asked.url.rstrip("/"), asked.data
        return
    told = Told()
    with tempfile.TemporaryDirectory() as folder, running_product(Path(folder), pace="story") as product:
        told.say("it is up")
        yield product.url, product.folder


def _connected(folder: Path | None) -> bool:
    """From now on this process asks the demo's own database; False where that can't be found."""
    running = DataFolder(folder).running() if folder else None
    if running is None:
        return False
    connection.close()
    connection.settings_dict.update(database(urlsplit(running.environment["DATABASE_URL"])))
    return True


def _settle() -> None:
    """No objective is still reading its history, and the machine has a moment to come to rest."""
    told, patience = Told(), time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < patience and CursorGroup.objects.filter(filling=True).exists():
        time.sleep(2)
    time.sleep(5)
    told.say("its objectives have read their history")


def _cookies(url: str, role: str) -> str:
    jar = sign_in(url, ROLES[role]).cookies
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def _for_browser(cookie: str, url: str) -> SetCookieParam:
    name, _, value = cookie.partition("=")
    return SetCookieParam(name=name, value=value, url=url)


def _show(found: Sequence[Measured], *, as_json: bool) -> None:
    pages = [one for one in found if one.took]
    if as_json:
        show("pages", [*summary(pages), *details(pages)], as_json=True)
    else:
        print(f"every page on {machine()}")
        print("\n".join(table(pages)))
        show("pages", summary(pages), as_json=False)
    for one in found:
        if one.trouble:
            print(f"not measured: {one.visit.role} {one.visit.address}: {one.trouble}", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench pages")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=RUNS, help="how often each page is asked for at most")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long that may take")
    parser.add_argument("--role", action="append", choices=ROLES, help="of these roles only")
    parser.add_argument("--url", help="a demo that runs already")
    parser.add_argument("--data", type=Path, help="its data folder, to count queries")
    return parser.parse_args()


if __name__ == "__main__":
    main()
