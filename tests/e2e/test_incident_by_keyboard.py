"""The incident's page without a mouse: every key that `?` lists, from the call to the end.

It looks at a server within the test rather than at the whole product: no pager is needed, and nobody else is called.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Person
from incidents.models import Incident
from incidents.paging import advance_due
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.e2e.conftest import watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def incident(ada: Person) -> Incident:
    linh = make_incidents.reachable("linh")
    ci = make_incidents.paged(make.team("ci", ada, linh), make_incidents.step(ada), make_incidents.step(linh))
    made = make_incidents.incident(make.component("runners", owner=ci), now=db_now(), summary="Jobs wait")
    advance_due(now=db_now())
    return made


@pytest.fixture
def opened(browser: Browser, live_server: LiveServer, ada: Person, faults: list[str]) -> Iterator[Callable[..., Page]]:
    """`opened(width)` is a page in which Ada is signed in; a complaint of the browser fails the test."""
    client = Client()
    client.force_login(make.account_of(ada))
    kept = [{"name": name, "value": one.value, "url": live_server.url} for name, one in client.cookies.items()]
    contexts = []

    def new(width: int = 1440, height: int = 900) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": height})
        context.set_default_timeout(10_000)
        context.add_cookies(kept)  # type: ignore[arg-type]  # playwright's own type of these
        contexts.append(context)
        page = context.new_page()
        watch(page, faults)
        return page

    yield new
    for context in contexts:
        context.close()
    assert not faults, "\n".join(["the browser complained:", *faults])


def test_an_incident_is_worked_on_by_keyboard_alone(opened: Callable[..., Page], incident: Incident) -> None:
    page = opened()
    page.goto(incident.get_absolute_url())
    keys = page.keyboard

    keys.press("?")
    listed = page.locator("#keys kbd").all_inner_texts()
    assert set(listed) == {"a", "n", "u", "e", "p", "h", "r", "f", "?"}
    keys.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()

    keys.press("e")
    expect(page.get_by_role("button", name="Call the next now")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_text("The next step is taken now.")).to_be_visible()
    page.wait_for_load_state()  # keys are heard once the page's script is there

    keys.press("a")
    expect(page.get_by_text("You have it. Nobody else is called for this page.")).to_be_visible()
    expect(page.locator("#live").get_by_text("took it after")).to_be_visible()

    keys.press("n")
    keys.type("Draining the node, a press of r is only a letter here")
    keys.press("Enter")
    expect(page.locator("#entries").get_by_text("Draining the node")).to_be_visible()

    keys.press("u")
    keys.type("We are on it")
    tab_to(page, "Send")
    keys.press("Enter")
    expect(page.get_by_text("Said on the status page. Nobody else follows it.")).to_be_visible()

    keys.press("p")
    expect(page.locator("#engage-team")).to_be_focused()
    keys.press("Escape")
    expect(page.locator("#engage-team")).to_be_hidden()
    keys.press("h")
    expect(page.locator("#hand-to")).to_be_focused()
    keys.press("Escape")

    keys.press("f")
    expect(page.get_by_role("button", name=re.compile("^Follow"))).to_be_focused()
    with page.expect_navigation(wait_until="load"):  # keys are heard once the page's script is there
        keys.press("Enter")
    again = page.get_by_role("button", name="Unfollow", include_hidden=True)
    expect(again).to_have_count(1)  # under More, which is shut
    keys.press("f")
    expect(again).to_be_focused()
    keys.press("Escape")

    keys.press("r")
    keys.type("A full disk")
    tab_to(page, "It is over")
    keys.press("Enter")
    expect(page.locator("#live .state", has_text="Resolved")).to_be_visible()
    incident.refresh_from_db()
    assert (incident.state, incident.cause) == ("resolved", "A full disk")


def test_on_a_phone_answers_come_before_any_form(opened: Callable[..., Page], incident: Incident) -> None:
    page = opened(360, 760)
    page.goto(incident.get_absolute_url())
    tops = [page.locator(one).bounding_box() for one in ("h1", "#live", ".btn-row", "#answers", "#entries", ".inc-say")]
    placed = [one["y"] for one in tops if one]
    assert placed == sorted(placed)
    assert len(placed) == 6
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    take = page.get_by_role("button", name="I have it").bounding_box()
    assert take is not None
    assert take["y"] + take["height"] <= 760, "in reach of a thumb without scrolling"


def tab_to(page: Page, name: str) -> None:
    """Tab until the button of that name has the focus."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"twelve tabs further there is no {name!r}")
