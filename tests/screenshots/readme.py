"""The README's pictures: the demo in the midst of an outage that somebody has taken, as the people in it see it.

They are WebP, and cut at the window's edge: what one sees without scrolling is what a page has to say for itself.
"""

import base64
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from tests.screenshots.pages import RUNNERS, Prepare, charts_drawn

SCENARIO = "CI runners stall"
BREAKS_WITHIN = 300.0  # seconds until the objective burns, and pages, at the quick pace on a busy machine
QUALITY = 82


@dataclass(frozen=True, slots=True)
class Picture:
    """One file, `name`.webp: what `who` sees at `path` in a window of this size. INCIDENT stands for the outage."""

    name: str
    path: str
    who: str
    theme: str = "light"
    width: int = 1440
    height: int = 900
    prepare: Prepare | None = None


INCIDENT = "INCIDENT"
OBJECTIVE = "OBJECTIVE"
PICTURES: tuple[Picture, ...] = (
    Picture("home", "/", "linh"),
    Picture("component", RUNNERS, "linh"),
    Picture("objective", OBJECTIVE, "ada", prepare=charts_drawn),
    Picture("incident", INCIDENT, "ada"),
    Picture("on-call", "/on-call", "ada"),
    Picture("status", "/status", "elena"),
    Picture("lead-dark", "/", "katrin", theme="dark"),
    Picture("incident-phone", INCIDENT, "linh", theme="dark", width=390, height=844),
)


def take(pictures: Sequence[Picture], opened: Callable[[Picture], BrowserContext], into: Path) -> None:
    """Break the demo, have it taken by who is paged, take every picture, and repair it."""
    into.mkdir(parents=True, exist_ok=True)
    page = opened(pictures[0]).new_page()
    objective = _objective(page)
    _break(page)
    try:
        known = {OBJECTIVE: objective, INCIDENT: _incident(page, objective)}
        _have_it(page, known[INCIDENT])
        for picture in pictures:
            _take(opened(picture), picture, known.get(picture.path, picture.path), into)
    finally:
        _repair(page)


def _break(page: Page) -> None:
    page.goto("/demo")
    button = page.locator("section.card").get_by_role("button", name=SCENARIO)
    if button.count():  # else it is broken already
        button.click()
        page.wait_for_load_state()


def _repair(page: Page) -> None:
    page.goto("/demo")
    page.get_by_role("button", name="Repair everything").click()
    page.wait_for_load_state()


def _objective(page: Page) -> str:
    """The objective that will burn, once no objective reads its history any more."""
    patience = time.monotonic() + BREAKS_WITHIN
    page.goto("/slos")
    while page.locator("main tbody").get_by_text(re.compile("reading", re.IGNORECASE)).count():
        if time.monotonic() > patience:
            raise TimeoutError(f"objectives still read their history after {BREAKS_WITHIN:.0f} s")
        page.wait_for_timeout(3_000)
        page.goto("/slos")
    return str(page.get_by_role("link", name=re.compile("Build queue stays short")).first.get_attribute("href"))


def _incident(page: Page, objective: str) -> str:
    """The address of the open incident of the objective; those of its past are none."""
    patience = time.monotonic() + BREAKS_WITHIN
    while time.monotonic() < patience:
        page.goto(objective)
        found = page.get_by_role("link", name="Open the incident")
        if found.count():
            return str(found.first.get_attribute("href"))
        page.wait_for_timeout(3_000)
    raise TimeoutError(f"{SCENARIO} opened no incident within {BREAKS_WITHIN:.0f} s")


def _have_it(page: Page, incident: str) -> None:
    page.goto(incident)
    button = page.get_by_role("button", name="I have it")
    if button.count():
        button.first.click()
        page.wait_for_load_state()


def _take(context: BrowserContext, picture: Picture, path: str, into: Path) -> None:
    page = context.new_page()
    page.goto(path)
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => true)")
    if picture.prepare:
        picture.prepare(page)
    page.wait_for_timeout(1_500)  # parts that are fetched after the page
    shot = context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (into / f"{picture.name}.webp").write_bytes(base64.b64decode(shot["data"]))
    page.close()
