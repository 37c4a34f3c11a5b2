"""Every page of the sidebar, and the first thing that each of its lists leads to: readable by everybody, everywhere."""

from collections.abc import Callable, Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from portal.demo import PASSWORD
from tests.e2e.product import Product

FIRST_OF_LIST = "main table tbody a.plain, main ul.rows a.plain.fw-semibold"
LOOKED_AT_CLOSELY = {"light": 1440, "dark": 360}
"""Contrast differs by theme and structure by width, so one of each tells both; all four would take four minutes."""

SERIOUS = {"serious", "critical"}


def addresses(page: Page) -> Iterator[str]:
    """What the sidebar links to (all of the catalog's while that is open), and one page below each; as paths."""
    page.goto("/catalog")
    places = page.eval_on_selector_all("#nav .nav-link", "links => links.map(link => link.getAttribute('href'))")
    seen = set()
    for place in places:
        yield place
        page.goto(place)
        first = page.locator(FIRST_OF_LIST)
        below = urlsplit(first.first.get_attribute("href") or "").path if first.count() else ""
        if below and below not in seen:
            seen.add(below)
            yield below


def complaints(page: Page) -> list[str]:
    """What axe-core finds serious, one line each with the first element."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in SERIOUS]
    return [f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:160]}" for one in grave]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_can_be_read_on_a_wall_and_on_a_phone(
    signed_in: Callable[[str], Page], theme: Literal["light", "dark"]
) -> None:
    page = signed_in("katrin")
    page.emulate_media(color_scheme=theme)
    found: list[str] = []
    for address in list(addresses(page)):
        for width in (1440, 360):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(address)
            expect(page.locator("h1")).to_have_count(1)
            wide = page.evaluate("document.documentElement.scrollWidth")
            found += [f"{address} at {width}: is {wide} wide"] if wide > width else []
            if width == LOOKED_AT_CLOSELY[theme]:
                found += [f"{address} at {width}: {one}" for one in complaints(page)]
    assert not found, "\n".join(found)


def test_a_chosen_theme_stays_and_the_keyboard_reaches_search_and_content(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("elena")
    page.goto("/docs")
    before = page.locator("html").get_attribute("data-bs-theme")
    page.locator(".topbar [data-theme-switch]").click()
    expect(page.locator("html")).not_to_have_attribute("data-bs-theme", before or "")
    page.reload()
    expect(page.locator("html")).not_to_have_attribute("data-bs-theme", before or "")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator(".topbar [type=search]")).to_be_focused()


def test_pages_menus_and_signing_out_work_without_script(browser: Browser, product: Product) -> None:
    context = browser.new_context(
        base_url=product.url, java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Username").fill("linh")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Menu").click()
    page.locator("#nav").get_by_role("link", name="Catalog").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Catalog")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()
