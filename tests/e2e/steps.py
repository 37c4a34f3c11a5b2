"""What the journeys of several people have in common: breaking things, reading mail, waiting, and looking closely."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.e2e.product import Product

DESK, PHONE = 1440, 360
PROMPTLY = 30.0
"""Seconds from something due to its message, at worst."""
SETTLED = 15.0
"""Seconds in which charts are drawn anew when a screen turns, at worst."""
FITS = "width => document.documentElement.scrollWidth <= width"


def look(page: Page, *, said: str | re.Pattern[str] = "") -> None:
    """One heading, what is expected `said` on the page, and no scrolling sideways on a desk nor on a phone."""
    expect(page.locator("h1")).to_have_count(1)
    if said:
        expect(page.locator("body")).to_contain_text(said)
    size = page.viewport_size or {"width": DESK, "height": 900}
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        try:
            page.wait_for_function(FITS, arg=width, timeout=SETTLED * 1000)
        except TimeoutError as never:
            wide = page.evaluate("document.documentElement.scrollWidth")
            raise AssertionError(f"{page.url} is {wide} px wide at {width}") from never
    page.set_viewport_size(size)


def break_it(page: Page, title: str) -> None:
    """Press the button of a scenario, unless somebody did."""
    page.goto("/demo")
    card = page.locator("section.card", has=page.get_by_role("heading", name=title, exact=True))
    expect(card).to_be_visible()
    if not card.get_by_text("Broken", exact=True).count():
        card.get_by_role("button", name=title).click()
    expect(card.get_by_text("Broken", exact=True)).to_be_visible()


def repair(page: Page) -> None:
    """Press the one button that repairs everything."""
    page.goto("/demo")
    page.get_by_role("button", name="Repair everything").click()
    expect(page.get_by_role("button", name="Repair everything")).to_have_count(0)


def mail_to(page: Page, address: str, about: str, *, product: Product, within: float = PROMPTLY) -> str:
    """Wait for a mail to somebody `about` something; the inbox refreshes itself. The address of the message."""
    page.goto(f"/demo/inbox?to={address}")
    wanted = page.locator("#mails a", has_text=about).first
    try:
        expect(wanted).to_have_attribute("href", re.compile("/demo/inbox/"), timeout=within * 1000)
    except AssertionError as nothing:
        raise AssertionError(f"no mail to {address} within {within:.0f} s\n{product.said()}") from nothing
    return str(wanted.get_attribute("href"))


def link_in(page: Page, mail: str) -> str:
    """The acknowledge link of a message."""
    page.goto(mail)
    return str(page.locator("a[href*='/a/']").first.get_attribute("href"))


def take_on(phone: Page, link: str) -> None:
    """Open the link as a phone does, signed in as nobody, and press the one button there is."""
    phone.goto(link)
    look(phone, said="Nobody has it yet")
    phone.get_by_role("button", name="I have it").tap()
    expect(phone.get_by_text("You have it.")).to_be_visible()


def eventually(page: Page, seen: Callable[[], Locator], *, within: float, what: str, product: Product) -> None:
    """Wait for something to appear, looking again as people do: the page refreshes by itself, and F5 is pressed."""
    patience = time.monotonic() + within
    while True:
        try:
            expect(seen()).to_be_visible(timeout=10_000)
        except AssertionError as not_yet:
            if time.monotonic() > patience:
                shown = page.locator("main").inner_text()[:2000]
                raise AssertionError(f"within {within:.0f} s not seen: {what}\n{shown}\n{product.said()}") from not_yet
            page.reload()
        else:
            return
