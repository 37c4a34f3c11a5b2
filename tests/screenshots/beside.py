"""Our pages beside the drawn ones: for each picture PAGE-WIDTH.png or PAGE-WIDTH-dark.png of a folder, one with ours.

What is drawn twice as large as it is wide, for a telephone's screen, is shown at its own width too.
"""

import base64
import re
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from tests.screenshots.pages import RUNNERS, Shot

NAME = re.compile(r"(?P<page>[a-z]+)-(?P<width>\d{3,4})(?P<dark>-dark)?\.png")
GAP = 16
"""Pixels between the two."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn page: its file, what it shows, how wide, and in which theme."""

    file: Path
    page: str
    width: int
    theme: str


def _answer(page: Page) -> None:
    """From the newest mail that can be acknowledged to the page behind its link, which nobody has to sign in for."""
    for mail in [link.get_attribute("href") for link in page.locator("#mails a.fw-semibold").all()]:
        page.goto(mail or "")
        link = page.locator('main a[href*="/a/"]')
        if link.count():
            page.goto(link.first.get_attribute("href") or "")
            if page.get_by_role("button", name="I have it").count():
                return
    raise LookupError("no mail of the demo has a page that nobody has taken")


OURS = {
    shot.name: shot
    for shot in (
        Shot("ack", "/demo/inbox", prepare=_answer),
        Shot("catalog", "/catalog", "katrin"),
        Shot("component", RUNNERS, "linh"),
        Shot("home", "/", "katrin"),
        Shot("incident", "/incidents", "ada", first="main table td.title a"),
        Shot("incidents", "/incidents", "katrin"),
        Shot("objective", "/slos", first='main a:has-text("Build queue stays short")'),
        Shot("oncall", "/on-call", "linh"),
        Shot("slos", "/slos", "katrin"),
        Shot("status", "/status", "elena"),
    )
}
"""Where the demo has each drawn page."""


def drawn_in(folder: Path, only: Collection[str] = ()) -> list[Drawn]:
    """Every drawn page of the folder (or those named in `only`) that the demo has too. LookupError: there is none."""
    found = [(file, NAME.fullmatch(file.name)) for file in sorted(folder.glob("*.png"))]
    drawn = [
        Drawn(file, name["page"], int(name["width"]), "dark" if name["dark"] else "light")
        for file, name in found
        if name and name["page"] in (only or OURS)
    ]
    if not drawn or not OURS.keys() >= set(only):
        raise LookupError(f"{folder}: look for PAGE-WIDTH.png of {', '.join(OURS)}")
    return drawn


def take(
    browser: Browser,
    drawn: list[Drawn],
    opened: Callable[[str, int, str], BrowserContext],
    shot_of: Callable[[BrowserContext, Shot], bytes],
    into: Path,
) -> int:
    """Put each drawn page beside ours, as PAGE-WIDTH[-dark].png; answers 1 when one could not be taken, else 0.

    `opened` gives a context for a person, a width and a theme; `shot_of` takes one of our pages in it.
    """
    into.mkdir(parents=True, exist_ok=True)
    missed = 0
    for one in drawn:
        context = opened(OURS[one.page].who, one.width, one.theme)
        try:
            ours = shot_of(context, OURS[one.page])
        except Exception as problem:
            print(f"{one.file.name}: {str(problem).splitlines()[0]}", file=sys.stderr)
            missed = 1
        else:
            _put(browser, [one.file.read_bytes(), ours], one.width, into / one.file.name)
            print(into / one.file.name, flush=True)
        finally:
            context.close()
    return missed


def _put(browser: Browser, pictures: list[bytes], width: int, file: Path) -> None:
    """Side by side, each `width` wide; a browser is there and draws them."""
    images = "".join(
        f'<img width="{width}" src="data:image/png;base64,{base64.b64encode(one).decode()}">' for one in pictures
    )
    page = browser.new_page(viewport={"width": 2 * width + 3 * GAP, "height": 800})
    style = f"margin:{GAP}px;display:flex;gap:{GAP}px;align-items:flex-start;background:#888"
    page.set_content(f'<body style="{style}">{images}</body>', wait_until="load")
    page.screenshot(path=file, full_page=True)
    page.close()
