"""What only a browser can tell of the SLO pages: the form that follows a choice, and where charts put things."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.demo import PASSWORD
from tests.e2e.looking import complaints
from tests.e2e.product import Product

PLACES = """box => [
  [...box.querySelectorAll(".shapelayer path")].map(line => line.getBoundingClientRect().top),
  [...box.querySelectorAll(".annotation text")].map(words => words.getBoundingClientRect().bottom),
]"""
HISTORY_WITHIN = 120.0  # seconds after a first start
NEAR = 12  # pixels: words stand on their line, not on another


def test_the_form_shows_the_chosen_types_fields_and_loses_nothing(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("ada")
    page.goto("/slos/new?preset=")
    events, uptime = page.get_by_role("group", name="Events"), page.get_by_role("group", name="Uptime")
    expect(events).to_be_visible()
    expect(uptime).to_be_hidden()
    page.get_by_label("All events").fill("ci_jobs_total")
    page.get_by_label("Indicator").select_option("uptime")
    expect(uptime).to_be_visible()
    expect(events).to_be_hidden()
    page.get_by_label("Indicator").select_option("events")
    expect(page.get_by_label("All events")).to_have_value("ci_jobs_total")


def test_names_are_offered_where_the_cursor_stands_and_taken_by_keyboard(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("ada")
    page.goto("/slos/new?preset=")
    box = page.get_by_label("All events")
    box.click()
    box.press_sequentially("gha_completed")
    offered = page.get_by_role("listbox").get_by_role("option")
    expect(offered.first).to_have_text("gha_completed_jobs_total")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    expect(offered.first).to_have_attribute("aria-selected", "true")
    assert complaints(page) == [], "with the list open"
    box.press("Enter")
    expect(box).to_have_value("gha_completed_jobs_total")
    expect(offered).to_have_count(0)
    box.press_sequentially("{in")
    expect(offered.filter(has_text="instance")).to_be_visible()
    box.press("Escape")
    expect(offered).to_have_count(0)
    box.press("Enter")
    expect(box).to_have_value("gha_completed_jobs_total{in\n")


def test_the_name_follows_the_title_until_somebody_writes_it(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("ada")
    page.goto("/components/new")
    title, name = page.locator("#id_title"), page.locator("#id_name")
    title.fill("Größe & Łódź, v1.2!")
    expect(name).to_have_value("grosse-lodz-v1-2")
    name.fill("mine")
    title.fill("Another")
    expect(name).to_have_value("mine")
    name.fill("")
    title.fill("A third")
    expect(name).to_have_value("a-third")
    page.goto("/slos/new?preset=")
    page.locator("#id_title").fill("CI runners start")
    page.get_by_label("Component").select_option("component:default/ci-runners")
    expect(name).to_have_value("ci-runners-start")


def test_without_script_the_form_shows_all_fields_in_groups(browser: Browser, product: Product) -> None:
    context = browser.new_context(base_url=product.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in?next=/slos/new%3Fpreset=")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    for name in ("Events", "Uptime"):
        expect(page.get_by_role("group", name=name)).to_be_visible()
    context.close()


LONGEST_FIGURES = """boxes => boxes.map((box, n) => {
  box.textContent = n ? 'no traffic' : '\u2212400.0%'
  return box.offsetHeight
})"""
LONGEST_HEALTH = "cells => cells.slice(0, 3).forEach(cell => { cell.lastChild.textContent = 'Broken or burning'; })"


@pytest.mark.parametrize("path", ["/", "/slos", "/catalog"])
def test_a_table_fits_into_a_small_laptops_window(signed_in: Callable[[str], Page], path: str) -> None:
    page = signed_in("ada")
    for width in (1024, 1100, 1200, 1280, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(path)
        if path == "/catalog":  # as it is while something is on fire
            page.locator("td > .state").evaluate_all(LONGEST_HEALTH)
        over = "boxes => boxes.map(box => box.scrollWidth - box.clientWidth)"
        assert set(page.locator(".table-responsive").evaluate_all(over)) == {0}, f"{path} at {width}"


def test_no_figure_of_an_objective_is_broken_over_two_lines(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("ada")
    page.goto("/slos?q=build+success")
    page.get_by_role("link", name="Build success").first.click()
    figures = page.locator(".objective-words .big")
    for width in (360, 992, 1100, 1280, 1366, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert max(figures.evaluate_all(LONGEST_FIGURES)) < 40, f"at {width}"


def test_each_threshold_has_its_words_on_the_log_axis_in_both_themes(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("ada")
    page.goto("/slos?q=build+success")
    page.get_by_role("link", name="Build success").first.click()
    chart = page.locator("#chart-burn")
    page.get_by_role("link", name="30 d").click()
    until = time.monotonic() + HISTORY_WITHIN
    while not chart.count() and time.monotonic() < until:
        page.wait_for_timeout(2_000)
        page.reload()
    chart.scroll_into_view_if_needed()
    for _ in ("as it is", "the other theme"):
        expect(chart.locator(".shapelayer path")).not_to_have_count(0)
        lines, words = chart.evaluate(PLACES)
        assert len(lines) == len(words) >= 1
        for line, said in zip(lines, words, strict=True):
            assert 0 <= line - said < NEAR, (lines, words)
        page.locator(".topbar [data-theme-switch]").click()
