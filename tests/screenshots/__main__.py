"""bin/screenshots [--only NAME …] [--into FOLDER] [--url URL]: a PNG of every page, at both widths and in both themes.
bin/screenshots --readme: the pictures that the README shows, in their place.
bin/screenshots --beside FOLDER: the drawn pages of FOLDER, each beside ours, into build/beside.

Without `--url` it starts the demo, in a folder of its own that is gone afterwards; with it, it looks at a demo that
runs already, which takes no time to come up. A page that can't be taken is said at the end, and the exit code is 1.
"""

import argparse
import contextlib
import itertools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from portal.demo import PASSWORD
from tests.e2e.conftest import CHROMIUM, QUIET
from tests.e2e.product import running_product
from tests.screenshots import beside, readme
from tests.screenshots.pages import PAGES, Shot, charts_drawn

WIDTHS = (1440, 360)
THEMES = ("light", "dark")
HEIGHT = 900
ROOT = Path(__file__).resolve().parents[2]
README = Path(__file__).resolve().parent / "pictures"


def main(argv: Sequence[str]) -> int:
    """Take the pictures that were asked for; 0 when all are there."""
    parser = argparse.ArgumentParser(prog="bin/screenshots", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help="a row of the table; can be given repeatedly")
    parser.add_argument("--readme", action="store_true", help="the README's pictures; breaks the demo for a while")
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="pictures PAGE-WIDTH[-dark].png to compare with")
    parser.add_argument("--into", type=Path, metavar="FOLDER")
    parser.add_argument("--url", help="a demo that runs already")
    parser.add_argument("--width", type=int, action="append", choices=WIDTHS)
    parser.add_argument("--theme", action="append", choices=THEMES)
    asked = parser.parse_args(argv)
    unknown = set(asked.only or ()) - {shot.name for shot in PAGES}
    if unknown and not asked.beside:
        names = "\n".join(f"  {shot.name}" for shot in PAGES)
        parser.error(f"no page is called {', '.join(sorted(unknown))}; there are:\n{names}")
    if CHROMIUM is None:
        parser.error("no chromium on PATH")
    shots = [shot for shot in PAGES if not asked.only or shot.name in asked.only]
    looks = list(itertools.product(asked.width or WIDTHS, asked.theme or THEMES))
    into = asked.into or (README if asked.readme else ROOT / "build" / ("beside" if asked.beside else "screenshots"))
    try:
        drawn = beside.drawn_in(asked.beside, asked.only or ()) if asked.beside else []
    except LookupError as nothing:
        parser.error(str(nothing))
    with _demo(asked.url) as url:
        if drawn:
            return _take_beside(url, drawn, into)
        return _take_readme(url, into) if asked.readme else _take_all(url, shots, looks, into)


@contextlib.contextmanager
def _demo(url: str | None) -> Iterator[str]:
    """The one that runs, or one of our own for as long."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder, running_product(Path(folder), pace="quick") as product:
        yield product.url


def _take_readme(url: str, into: Path) -> int:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        sessions = {who: _session(browser, url, who) for who in {picture.who for picture in readme.PICTURES}}

        def opened(picture: readme.Picture) -> BrowserContext:
            size = (picture.width, picture.height)
            return _context(browser, url, size, picture.theme, sessions[picture.who])

        readme.take(readme.PICTURES, opened, into)
        browser.close()
    return 0


def _take_beside(url: str, drawn: list[beside.Drawn], into: Path) -> int:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        sessions = {who: _session(browser, url, who) for who in {beside.OURS[one.page].who for one in drawn}}

        def opened(who: str, width: int, theme: str) -> BrowserContext:
            return _context(browser, url, (width, HEIGHT), theme, sessions[who])

        missed = beside.take(browser, drawn, opened, _taken, into)
        browser.close()
    return missed


def _take_all(url: str, shots: Sequence[Shot], looks: Sequence[tuple[int, str]], into: Path) -> int:
    into.mkdir(parents=True, exist_ok=True)
    missed: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        sessions = {who: _session(browser, url, who) for who in {shot.who for shot in shots}}
        for (width, theme), who in itertools.product(looks, sessions):
            context = _context(browser, url, (width, HEIGHT), theme, sessions[who])
            for shot in (shot for shot in shots if shot.who == who):
                file = into / f"{shot.name}-{width}-{theme}.png"
                try:
                    _take(context, shot, file)
                except Exception as problem:
                    missed.append(f"{file.name}: {str(problem).splitlines()[0]}")
                else:
                    print(file, flush=True)
            context.close()
        browser.close()
    print(*missed, sep="\n", file=sys.stderr, end="\n" if missed else "")
    return 1 if missed else 0


def _context(
    browser: Browser, url: str, size: tuple[int, int], theme: str, session: StorageState | None
) -> BrowserContext:
    context = browser.new_context(
        base_url=url,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        storage_state=session,
    )
    context.set_default_timeout(15_000)
    return context


def _session(browser: Browser, url: str, who: str) -> StorageState | None:
    """The cookies of somebody who signed in as people do."""
    if not who:
        return None
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto("/sign-in?next=/docs")
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/docs")
    kept = context.storage_state()
    context.close()
    return kept


def _take(context: BrowserContext, shot: Shot, file: Path) -> None:
    file.write_bytes(_taken(context, shot))


def _taken(context: BrowserContext, shot: Shot) -> bytes:
    page = context.new_page()
    try:
        page.goto(shot.path)
        if shot.first:
            page.goto(page.locator(shot.first).first.get_attribute("href") or "")
        _settle(page)
        charts_drawn(page)
        if shot.prepare:
            shot.prepare(page)
            _settle(page)
        return page.screenshot(full_page=True, animations="disabled")
    finally:
        page.close()


def _settle(page: Page) -> None:
    """Fonts and drawings are there; parts that refresh for ever are not waited for."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_timeout(300)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
