"""What holds for all pages: the theme that was chosen, the keyboard, and that they work without script."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from portal.demo import PASSWORD
from portal.lib import words
from tests.e2e.looking import complaints
from tests.e2e.product import Product


def test_a_chosen_theme_stays_and_the_keyboard_reaches_search_and_content(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("elena")
    page.goto("/docs")
    before = page.locator("html").get_attribute("data-bs-theme")
    page.locator(".topbar [data-theme-switch]").click()
    expect(page.locator("html")).not_to_have_attribute("data-bs-theme", before or "")
    page.reload()
    expect(page.locator("html")).not_to_have_attribute("data-bs-theme", before or "")
    assert not complaints(page)
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
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    context.close()


HOURS = (0.4, 5.2, 23.5, 30, 47.5, 49, 70, 95, 200)
"""How far moments are that are told as ago and as ahead."""
AS_TIMES = """written => document.querySelector("main").replaceChildren(...written.map(one => {
  const time = document.createElement("time");
  time.dateTime = one;
  time.dataset.time = "ago";
  return time;
}))"""


def test_the_browser_keeps_times_in_the_words_that_the_server_began_with(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("elena")
    page.goto("/docs")
    for zone in ("Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "UTC"):
        here = datetime.now(ZoneInfo(zone))
        far = [timedelta(hours=hours, seconds=30) for hours in HOURS]  # half a minute for the browser to say it
        moments = [*(here + one for one in far), *(here - one for one in far)]
        page.evaluate(AS_TIMES, [moment.isoformat(timespec="seconds") for moment in moments])
        times = page.locator("main time")
        expect(times.last).not_to_be_empty()
        ahead = [f"in {words.ahead(here + one, here)}" for one in far]
        assert times.all_inner_texts() == [*ahead, *(f"{words.rough(one)} ago" for one in far)], zone
