"""How a page is looked at: light on a wall, then dark on a phone, by axe-core and by its width; loaded once."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.crawling import ROLES, sign_in
from tests.e2e.conftest import REPORT_CSP

WALL, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=740)
SERIOUS = {"serious", "critical"}
OF_THE_LOOK = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]
"""The rules whose answer depends on theme and width; all others are asked on the wall."""
TOO_WIDE = """() => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= innerWidth) return "";
  const out = [...document.querySelectorAll("main *")].filter(one => one.getBoundingClientRect().right > innerWidth);
  return `is ${wide} wide at ${innerWidth}: ${(out.at(-1)?.outerHTML ?? "").slice(0, 160)}`;
}"""

SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Listeners have heard of another width and theme, and it is painted."""


def context_of(browser: Browser, url: str, role: str) -> BrowserContext:
    """A browser in which somebody is signed in already."""
    context = browser.new_context(base_url=url, viewport=WALL, reduced_motion="reduce")
    for cookie in sign_in(url, ROLES[role]).cookies:
        context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": url}])
    context.set_default_timeout(60_000)
    context.add_init_script(REPORT_CSP)
    return context


def looked_at(page: Page) -> list[str]:
    """What is wrong with the page that is open, in both its looks; it is left as on a wall."""
    found = [page.evaluate(TOO_WIDE), *complaints(page)]
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLED)
    found += [page.evaluate(TOO_WIDE), *complaints(page, OF_THE_LOOK)]
    page.set_viewport_size(WALL)
    page.emulate_media(color_scheme="light")
    return [one for one in found if one]


def complaints(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe-core finds serious by all its rules, or by some: one line each, with the first element."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    grave = [one for one in found if one["impact"] in SERIOUS]
    return [f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:160]}" for one in grave]
