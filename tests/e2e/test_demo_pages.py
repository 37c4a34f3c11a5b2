"""The pages that lead into the story."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_the_demo_offers_to_break_something_and_to_read_the_mail(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("katrin")
    page.goto("/demo")
    expect(page.get_by_role("heading", name="CI runners stall")).to_be_visible()
    page.get_by_role("link", name="Everybody’s mail").click()
    expect(page.get_by_role("heading", name="Everybody’s mail")).to_be_visible()
