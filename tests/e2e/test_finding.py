"""Finding things in a real browser: the palette by keyboard, and the list with boxes ticked."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

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
