"""The loop, from a broken platform to a resolved incident, played by people in browsers and by nothing else.

Real are Prometheus, the workers, the beat and the mail server. At the quick pace (see portal/demo/platform/pace.yaml)
windows are 2 and 1 minutes and steps 10 seconds; the waits below are what that takes at worst, and half of it more.
"""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.product import Product

HISTORY_READ = 150.0  # seconds; promised: two minutes
BREACH = 150.0  # the queue grows over its limit, its minute ends, it is counted and evaluated
TOLD = 30.0
ESCALATED = 45.0
CLEARED = 240.0  # the queue empties, a good minute ends, and the rule stays under its factor for a minute
OBJECTIVE = "Build queue stays short"
SECOND = "ada@acme.example"
Open = Callable[..., Page]


def test_a_stall_is_seen_paged_escalated_taken_by_the_second_person_and_ends(
    signed_in: Callable[[str], Page], opened: Open, product: Product
) -> None:
    page = signed_in("katrin")
    objective = budget_from_history(page)
    break_it(page, "CI runners stall")

    page.goto(objective)
    eventually(
        page, lambda: page.get_by_text("Firing").first, within=BREACH, what="the objective burns", product=product
    )
    incident = follow_to_incident(page, product)
    first = mail_to(page, "linh@acme.example", within=TOLD, product=product)
    expect(page.locator(".rows li")).to_have_count(1)  # nobody else was told yet, and nobody twice
    second = mail_to(page, SECOND, within=ESCALATED, product=product)
    assert first != second

    acknowledge_on_a_phone(opened, link_in(page, second))
    page.goto(incident)
    expect(page.locator("#live").get_by_text("Ada Okafor").first).to_be_visible()

    repair(page)
    page.goto(incident)
    eventually(
        page,
        lambda: page.locator("#live .state", has_text="Resolved").first,
        within=CLEARED,
        what="it resolves",
        product=product,
    )
    tells_the_whole_story(page)
    page.goto(objective)
    expect(page.get_by_text("firing → inactive").first).to_be_visible()
    page.goto("/demo/inbox?to=mateusz@acme.example")
    expect(page.get_by_text("No mail yet.")).to_be_visible()  # the third step was never taken


def budget_from_history(page: Page) -> str:
    """Every objective has a budget from its history soon after the start; the address of the one to break."""
    page.goto("/slos")
    rows = page.locator("tbody tr", has=page.locator("a.plain"))
    expect(rows).to_have_count(27)
    patience = time.monotonic() + HISTORY_READ
    lost = "Labels are printed"  # it sees nothing, as the demo's story has it
    while left := [
        row for row in rows.all_inner_texts() if re.search("no data|reading", row, re.I) and lost not in row
    ]:
        assert time.monotonic() < patience, f"no budget from history yet: {left}"
        page.wait_for_timeout(2000)
        page.reload()
    page.get_by_role("link", name=re.compile(OBJECTIVE)).first.click()
    expect(page.get_by_role("heading", name=OBJECTIVE)).to_be_visible()
    expect(page.get_by_text(re.compile(r"of [\d,]+ known minutes|of [\d,]+ events"))).to_be_visible()
    return page.url


def break_it(page: Page, title: str) -> None:
    """Press the button of a scenario."""
    page.goto("/demo")
    card = page.locator("section.card", has=page.get_by_role("heading", name=title))
    card.get_by_role("button", name=title).click()
    expect(card.get_by_text("Broken")).to_be_visible()


def repair(page: Page) -> None:
    """Press the one button that repairs everything."""
    page.goto("/demo")
    page.get_by_role("button", name="Repair everything").click()
    expect(page.get_by_role("button", name="Repair everything")).to_have_count(0)


def follow_to_incident(page: Page, product: Product) -> str:
    """From the objective to the incident that it opened, P1 because many teams wait; its address."""
    eventually(
        page,
        lambda: page.get_by_role("link", name="Open the incident"),
        within=TOLD,
        what="an incident opens",
        product=product,
    )
    page.get_by_role("link", name="Open the incident").click()
    expect(page.locator(".sev").first).to_have_text("P1")
    expect(page.get_by_text("Build & CI").first).to_be_visible()
    return page.url


def mail_to(page: Page, address: str, *, within: float, product: Product) -> str:
    """Wait for the first mail to somebody; the inbox refreshes itself. The address of the message."""
    page.goto(f"/demo/inbox?to={address}")
    newest = page.locator("#mails a").last
    try:
        expect(newest).to_have_attribute("href", re.compile("/demo/inbox/"), timeout=within * 1000)
    except AssertionError as nothing:
        raise AssertionError(f"no mail to {address} within {within:.0f} s\n{product.said()}") from nothing
    return str(newest.get_attribute("href"))


def link_in(page: Page, mail: str) -> str:
    """The acknowledge link of a message."""
    page.goto(mail)
    return str(page.locator("a[href*='/a/']").first.get_attribute("href"))


def acknowledge_on_a_phone(opened: Open, link: str) -> None:
    """Open the link as a phone does, signed in as nobody, and press the one button there is."""
    phone = opened(390, 844, touch=True)
    phone.goto(link)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="I have it").tap()
    expect(phone.get_by_text("You have it.")).to_be_visible()


def tells_the_whole_story(page: Page) -> None:
    """The timeline has every turn, in order."""
    story = page.locator("ol.tl")
    for turn in ("Linh Tran", "Ada Okafor", "Resolved"):
        expect(story).to_contain_text(
            turn, ignore_case=True
        )  # it refreshes itself, a moment after the head of the page


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
