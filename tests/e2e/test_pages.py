"""What holds for all pages: the theme that was chosen, the keyboard, and that they work without script."""

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from portal.demo import PASSWORD
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
