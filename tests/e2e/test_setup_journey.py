"""A new team: from an empty portal to the first drill that reaches a phone, by nothing but the checklist.

Real are the product as `bin/up --without-demo` starts it, the Prometheus it brings along (which scrapes the portal and
an exporter of CI runners), and a mail server, which stands for the phone. What is read on the way is measured: every
line of a page once, for nobody reads the same words again on the next page.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.demo.run import targets
from portal.run.ports import free_port
from tests.e2e.conftest import REPORT_CSP, watch
from tests.e2e.product import Product, running_product
from tests.e2e.steps import DESK, PHONE, eventually, look
from tests.fakes.smtp import MailSink

WORDS_A_MINUTE = 200
TEN_MINUTES = 10.0
STEPS = 9
CATALOG = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: ci-runners, title: CI runners, annotations: {portico/tier: "1"}}
spec: {type: runner, lifecycle: production, owner: build-ci}
"""
PIECES = """first => {
  const main = document.querySelector("main");
  const words = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  const found = [];
  const range = document.createRange();
  while (words.nextNode()) {
    const part = words.currentNode.parentElement;
    if (!part.checkVisibility() || part.closest("select, svg, datalist, .visually-hidden")) continue;
    range.selectNodeContents(words.currentNode);
    const [seen] = range.getClientRects();
    if (seen && (!first || seen.top < innerHeight)) found.push(words.currentNode.textContent.trim());
  }
  return found;
}"""
"""What is to be read on a page, or on its `first` screen; numbers, charts and folded parts are no words."""
WORD = re.compile(r"[^\W\d_]{2,}")


class Reader:
    """Somebody who reads each page they come to, and types what they are asked for; `minutes` is how long it took."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.known: set[str] = set()
        self.words = self.typed = 0
        self.by_page: dict[str, int] = {}

    def read(self, *, said: str = "", first: bool = False) -> None:
        """What on the page was not read before; of one that only shows what was done, the `first` screen."""
        look(self.page, said=said)
        pieces = set(self.page.evaluate(PIECES, first)) - self.known
        self.known |= pieces
        words = sum(len(WORD.findall(piece)) for piece in pieces)
        self.words += words
        where = self.page.url.partition("//")[2].partition("/")[2]
        self.by_page[where] = self.by_page.get(where, 0) + words

    def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        self.page.get_by_label(label, exact=True).first.fill(text)
        self.typed += len(text.split())

    def press(self, name: str) -> None:
        """Press a button, and wait for the page that answers."""
        with self.page.expect_event("load"):
            self.page.get_by_role("button", name=name, exact=True).first.click()

    @property
    def minutes(self) -> float:
        """Reading at 200 words a minute."""
        return self.words / WORDS_A_MINUTE

    def checklist(self, *done: str) -> None:
        """Back to the checklist by the sidebar, where these steps are ticked off."""
        self.page.locator("#nav").get_by_role("link", name="Home", exact=True).click()
        self.page.locator("#nav").get_by_role("link", name="Set up", exact=True).click()
        expect(self.page.get_by_role("heading", name="Set up", exact=True)).to_be_visible()
        for key in done:
            expect(self.page.locator(f"#{key}")).to_contain_text("done")
        self.read()

    def step(self, key: str) -> None:
        """Follow the button of a step."""
        self.page.locator(f"#{key}").get_by_role("link").last.click()


@pytest.fixture(scope="module")
def phone() -> Iterator[MailSink]:
    """Where a page rings."""
    with MailSink.running() as sink:
        yield sink


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, phone: MailSink) -> Iterator[Product]:
    """An empty portal, whose Prometheus finds CI runners to scrape."""
    folder = tmp_path_factory.mktemp("empty")
    port = free_port(f"runners{folder}")
    found = folder / "data" / "prometheus" / "targets" / "runners.json"
    found.parent.mkdir(parents=True)
    found.write_text(json.dumps(targets(f"127.0.0.1:{port}")))
    command = [sys.executable, "-m", "portal.demo.simulator", "--port", str(port), "--state", str(folder / "state")]
    env = {**os.environ, "PORTAL_DEMO_TOKEN": "nobody-breaks-it"}
    exporter = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with running_product(folder, demo=False, env={"EMAIL_URL": phone.url}) as running:
            yield running
    finally:
        exporter.terminate()
        exporter.wait()


def test_a_new_team_sets_up_from_empty_to_a_drill_that_reaches_a_phone(
    browser: Browser, empty: Product, phone: MailSink
) -> None:
    faults: list[str] = []
    context = browser.new_context(base_url=empty.url, viewport={"width": DESK, "height": 900})
    context.set_default_timeout(15_000)
    context.add_init_script(REPORT_CSP)
    page = context.new_page()
    watch(page, faults)
    me = Reader(page)

    name, password = (empty.folder / "first-sign-in").read_text().split()
    page.goto("/")
    me.read()
    me.fill("Username", name)
    me.fill("Password", password)
    me.press("Sign in")
    expect(page.get_by_role("heading", name="Set up, step by step")).to_be_visible()
    me.read(said="A team")

    me.step("team")
    me.read()
    me.fill("Title", "Build & CI")
    expect(page.get_by_label("Name made from the title", exact=True)).to_have_value("build-ci")
    me.press("Create")
    me.read(said="Build & CI", first=True)
    me.checklist("team")

    page.locator("#component").get_by_role("link", name="Paste YAML").click()
    me.read()
    me.fill("catalog-info.yaml", CATALOG)
    me.press("Check")
    me.read(said="created")
    me.press("Apply")
    me.checklist("team", "component")

    me.step("source")
    me.read()
    me.press("Test")
    me.read(said="It answers")
    me.checklist()
    me.step("objective")
    me.read(said="their metrics are there")
    page.get_by_role("link", name="Jobs succeed").first.click()
    me.read()
    me.fill("Title", "Jobs succeed")
    me.press("Preview")
    me.read()
    me.press("Save")
    me.read(said="Jobs succeed", first=True)
    me.checklist("objective")

    me.step("contact")
    me.read()
    page.get_by_role("link", name="E-mail").click()
    me.read()
    me.fill("Address", "me@example.org")
    me.press("Add and send a code")
    me.fill("Code for me@example.org", re.findall(r"\d{6}", message(phone, "code"))[0])
    me.press("Confirm")
    me.press("Page me now")
    message(phone, "test")
    me.read(said="Confirmed", first=True)
    me.checklist("contact")

    me.step("schedule")
    me.read()
    me.press("Preview")
    me.read(said="nothing is saved yet")
    me.press("Save the schedule")
    me.read(first=True)
    me.checklist("schedule")

    me.step("policy")
    me.read()
    me.press("Preview")
    me.read(said="This is what the policy will say")
    me.press("Save the policy")
    me.read(first=True)
    me.checklist("policy")

    me.step("catch-all")
    me.read()
    page.get_by_label("Policy").select_option(index=1)
    me.press("Save")
    me.checklist("catch-all")
    ticked = page.locator("#source", has_text="done")
    eventually(page, lambda: ticked, within=90, what="the data source was asked", product=empty)

    me.press("Send a test page")
    page.wait_for_url("**/drills/*")
    rings = message(phone, "fire drill")
    me.read(said="Drill of CI runners")
    ringing = browser.new_context(viewport={"width": PHONE, "height": 740}, has_touch=True, is_mobile=True).new_page()
    watch(ringing, faults)
    ringing.goto(re.findall(r"\S+/a/\S+", rings)[0])
    look(ringing, said="TEST")
    ringing.get_by_role("button", name="I have it").tap()
    expect(ringing.get_by_text("You have it.")).to_be_visible()
    ringing.context.close()
    eventually(page, lambda: page.get_by_text("Answered", exact=True).first, within=30, what="a report", product=empty)
    me.read()
    me.checklist("drill")
    expect(page.get_by_text(f"{STEPS} of {STEPS} done")).to_be_visible()
    expect(page.get_by_text("All is set up.")).to_be_visible()
    page.goto("/")
    expect(page.get_by_text(re.compile(f"of {STEPS} done"))).to_have_count(0)

    told = f"{me.words} words in {me.minutes:.1f} min, and {me.typed} words typed: {me.by_page}"
    print(told)
    assert me.minutes < TEN_MINUTES, told
    context.close()
    assert not faults, "\n".join(["the browser complained:", *faults])


def message(phone: MailSink, about: str, *, within: float = 30.0) -> str:
    """The text of a message with `about` in its subject; waits for it."""
    patience = time.monotonic() + within
    while time.monotonic() < patience:
        for one in phone.messages:
            if about in str(one["Subject"]).lower() and (body := one.get_body(("plain",))):
                return str(body.get_content())
        time.sleep(0.1)
    raise AssertionError(f"no message about {about}: {[str(one['Subject']) for one in phone.messages]}")
