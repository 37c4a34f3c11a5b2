"""Finding things in a real browser: the palette by keyboard, and the list with boxes ticked."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.looking import complaints

pytestmark = pytest.mark.e2e


def test_the_palette_leads_to_a_component_by_keyboard_alone_even_with_a_slip(
    signed_in: Callable[[str], Page],
) -> None:
    page = signed_in("elena")
    page.goto("/docs")
    page.locator("h1").click()  # the chord is the page's once it has the focus; before, a browser takes it for its own
    page.keyboard.press("Control+k")
    palette = page.locator("dialog.palette")
    expect(palette).to_be_visible()
    expect(palette.get_by_role("option", name="Catalog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("ci-runers")
    first = palette.get_by_role("option").first
    expect(first).to_contain_text("runners", ignore_case=True)
    expect(first).to_have_attribute("aria-selected", "true")
    assert complaints(page) == []
    page.keyboard.press("Enter")
    page.wait_for_url("**/components/component/default/ci-runners")


OF_PALETTE = re.compile(r"/search\?in=palette")


def _held(route: Route) -> None:
    time.sleep(0.6)  # an answer as slow as on a telephone in a lift
    route.continue_()


def _typed_and_sent(page: Page, text: str) -> None:
    """`text` and Enter in the palette of a page, with nothing between them."""
    page.goto("/docs")
    page.locator("h1").click()
    page.keyboard.press("Control+k")
    expect(page.locator("dialog.palette").get_by_role("option", name="Catalog")).to_be_visible()
    page.keyboard.type("run")
    expect(page.locator("dialog.palette").get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_enter_before_the_answers_leads_to_the_first_of_them_and_never_to_one_of_what_was_typed_before(
    signed_in: Callable[[str], Page],
) -> None:
    page = signed_in("elena")
    page.route(OF_PALETTE, _held)
    _typed_and_sent(page, "artifact-cache")
    page.wait_for_url("**/components/component/default/artifact-cache")


def test_enter_goes_to_the_page_of_answers_where_the_palette_gets_none(
    signed_in: Callable[[str], Page], faults: list[str]
) -> None:
    page = signed_in("elena")
    page.route(re.compile(r"/search\?in=palette&q=ci-run"), lambda route: route.abort())
    _typed_and_sent(page, "ci-runers")
    page.wait_for_url("**/search?q=ci-runers")
    assert all("ERR_FAILED" in fault or "Failed to fetch" in fault for fault in faults), faults
    faults.clear()  # they are what this test is about


def test_without_script_the_box_on_top_leads_to_the_same_answers(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("elena")
    page.goto("/docs")
    page.keyboard.press("/")
    page.keyboard.type("ci-runners")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=ci-runners")
    expect(page.locator("#answers mark").first).to_be_visible()


def test_a_command_of_the_docs_is_copied_by_its_button(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("elena")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/docs/getting-started")
    codes = page.locator(".prose pre")
    buttons = page.locator(".docs-code").get_by_role("button")
    assert buttons.count() == codes.count() > 2
    buttons.nth(1).focus()
    page.keyboard.press("Enter")
    expect(buttons.nth(1)).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == codes.nth(1).text_content()
    assert complaints(page) == []


def test_ticking_shows_what_can_be_done_and_counts(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("katrin")
    page.goto("/catalog")
    expect(page.locator(".bulk")).to_be_hidden()
    page.locator("[name=ref]").nth(0).check()
    page.locator("[name=ref]").nth(1).check()
    expect(page.locator("[data-ticked]")).to_have_text("2 selected")
    page.get_by_role("button", name="Clear selection").click()
    expect(page.locator(".bulk")).to_be_hidden()
