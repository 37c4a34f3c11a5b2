"""What only a browser can tell of the catalog: the drawing is drawn, and the YAML beside a form follows the typing."""

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.demo import PASSWORD
from tests.e2e.looking import complaints, looked_at
from tests.e2e.product import Product

RUNNERS = "/components/component/default/ci-runners"
RADIUS = f"{RUNNERS}?tab=blast-radius"
INK = """box => {
  const canvas = [...box.querySelectorAll("canvas")].at(-1);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
  return seen.size;
}"""

TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_blast_radius_is_drawn_beside_the_list_that_says_the_same(
    signed_in: Callable[[str], Page], theme: Literal["light", "dark"]
) -> None:
    page = signed_in("ada")
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(RADIUS)
    assert page.evaluate("typeof window.cytoscape") == "undefined"  # nobody pays for a drawing that is not there
    page.get_by_role("link", name="Graph", exact=True).click()
    box = page.locator("#radius-graph")
    expect(box).to_be_visible()  # so this is the page whose list is counted
    expect(box).to_have_attribute("data-drawn", str(page.locator(".radius-list li").count()))
    assert box.evaluate(INK) > 3
    assert not complaints(page)
    page.locator(".topbar [data-theme-switch]").click()
    assert box.evaluate(INK) > 3
    page.get_by_role("button", name="All of it").click()
    page.get_by_role("button", name="Larger").click()


def test_a_blast_radius_of_many_is_drawn_whole_and_on_a_phone_listed(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("ada")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/components/component/default/k8s-control-plane?tab=blast-radius&view=graph")
    box = page.locator("#radius-graph")
    nodes = page.locator(".radius-list li").count()
    assert nodes > 20
    expect(box).to_have_attribute("data-drawn", str(nodes))
    inside = """box => {
      const cy = box._cyreg.cy;
      const { x1, y1, x2, y2 } = cy.elements().renderedBoundingBox();
      return x1 >= 0 && y1 >= 0 && x2 <= cy.width() && y2 <= cy.height();
    }"""
    assert box.evaluate(inside)
    page.get_by_role("button", name="Larger").click()
    assert not box.evaluate(inside)
    page.get_by_role("button", name="All of it").click()
    assert box.evaluate(inside)
    page.set_viewport_size({"width": 360, "height": 900})
    page.reload()
    expect(box).to_be_hidden()
    expect(page.locator(".radius-list")).to_contain_text("drawn on a wider screen only")
    assert page.locator(".radius-list .rows").evaluate("rows => rows.scrollHeight <= rows.clientHeight + 1")
    assert page.evaluate("typeof window.cytoscape") == "undefined"


def test_a_form_one_may_not_send_says_who_may_and_can_be_read(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("elena")
    for address in (f"{RUNNERS}/edit", "/teams/default/build-ci/edit", "/people/default/ada/edit"):
        page.goto(address)
        expect(page.locator("main .notice")).to_contain_text("you can view it but not edit it")
        expect(page.locator("#entity-form input:enabled, #entity-form textarea:enabled")).to_have_count(0)
        expect(page.get_by_role("button", name="Save")).to_have_count(0)
        assert not looked_at(page)
    page.goto(f"{RUNNERS}/edit")
    fold = page.locator(".form-fold > summary").first
    fold.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Depends on")).to_be_visible()


def test_a_node_leads_to_its_component_and_the_keyboard_goes_by_the_list(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("ada")
    page.goto(f"{RADIUS}&view=graph")
    box = page.locator("#radius-graph")
    expect(box).to_have_attribute("data-drawn", str(page.locator(".radius-list li").count()))
    box.scroll_into_view_if_needed()
    page.evaluate(TWO_FRAMES)  # the drawing hears of it in the next frame; a click before that is beside the node
    where = box.evaluate("box => box._cyreg.cy.nodes().not('.self').first().renderedPosition()")
    box.click(position=where)
    page.wait_for_url(lambda url: "/components/" in url and "ci-runners" not in url, wait_until="commit")
    page.go_back()
    second = page.locator(".radius-list a").nth(1)
    second.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/components/" in url and "ci-runners" not in url, wait_until="commit")


def test_on_a_phone_the_list_comes_first_and_without_script_it_is_all_there(browser: Browser, product: Product) -> None:
    context = browser.new_context(
        base_url=product.url, java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    page.goto(f"/sign-in?next={RADIUS.replace('?', '%3F')}%26view%3Dgraph")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".radius-drawing noscript p")).to_be_visible()
    expect(page.locator("#radius-graph")).to_be_hidden()
    tops = [page.locator(part).bounding_box() for part in (".radius-list", ".radius-drawing")]
    assert tops[0]
    assert tops[1]
    assert tops[0]["y"] < tops[1]["y"]
    page.goto("/components/new")
    page.get_by_label("Name").first.fill("typed-without-script")
    page.get_by_role("button", name="Show YAML").click()
    expect(page.locator("pre.code")).to_contain_text("name: typed-without-script")
    expect(page.get_by_label("Name").first).to_have_value("typed-without-script")
    context.close()


def test_the_yaml_beside_a_form_follows_the_typing(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("ada")
    page.goto("/components/new")
    page.locator("#id_name").fill("typed-here")
    expect(page.locator(".preview pre.code")).to_contain_text("name: typed-here")
    page.locator("#id_name").fill("-")
    expect(page.locator(".preview")).to_contain_text("Shown as soon as this is filled in or mended:")
    assert not complaints(page)
