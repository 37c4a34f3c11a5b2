"""Every page that the demo leads to, for each of its four roles: links that hold, and pages that all can read.

Links are followed by plain HTTP, hundreds in the time that a browser takes for ten. The browser then looks once at each
kind of page, as the role that was shown most of it.
"""

import random
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.demo.mail import Mailbox
from tests.crawling import EACH, ROLES, Visit, crawl_all, looks
from tests.e2e.conftest import watch
from tests.e2e.looking import context_of, looked_at
from tests.e2e.product import Product
from tests.effort import EFFORT

ANSWERS = (
    ("/slos/new?preset=github-actions-jobs&component=component:default/ci-runners", "Preview"),
    ("/slos/1/edit", "Preview"),
    ("/slos/1/backtest", "Try it"),
)
"""Pages that say something only once they were asked, and the button that does so."""


def share(visits: list[Visit]) -> list[Visit]:
    """A third, others on every run; with all effort each. A browser takes seconds for two looks at one page."""
    wanted = len(visits) if EFFORT >= 1 else -(-len(visits) // 3)
    return sorted(random.sample(visits, wanted), key=lambda visit: visit.address)


@pytest.fixture(scope="module")
def visits(product: Product) -> list[Visit]:
    """What all four roles were answered; among it a mail in its frame, whatever ran before."""
    return crawl_all(product.url, each=EACH if EFFORT >= 1 else 1, also=[f"/demo/inbox/{letter_to(product)}/html"])


def letter_to(product: Product) -> str:
    """The key of a mail that arrived and has styles of its own, as mails have."""
    box, to = Mailbox(product.folder / "demo" / "mail"), "letters@portico.demo"
    message = EmailMessage()
    message["Subject"], message["From"] = "A letter", "somebody@portico.demo"
    message.set_content('<!doctype html><html><body style="color: navy"><p>Read me.</p></body></html>', subtype="html")
    box.keep(bytes(message), to=[to])
    return box.newest(limit=1, to=to)[0].key


def test_every_link_of_every_role_leads_somewhere(visits: list[Visit]) -> None:
    followed = {role: sum(visit.role == role for visit in visits) for role in ROLES}
    assert min(followed.values()) > 120, followed
    faults = [str(visit) for visit in visits if visit.faults]
    assert not faults, "\n".join([f"{len(faults)} of {followed}", *faults])
    mails = [visit for visit in visits if visit.look == "demo/inbox/<slug:key>/html"]
    assert mails
    assert not any(visit.is_page for visit in mails), "a mail in its frame is not a page of ours"


@pytest.mark.parametrize("role", ROLES)
def test_every_kind_of_page_is_quiet_and_can_be_read_on_a_wall_and_on_a_phone(
    browser: Browser, product: Product, visits: list[Visit], faults: list[str], role: str
) -> None:
    context = context_of(browser, product.url, role)
    page = context.new_page()
    watch(page, faults)
    for visit in share(list(looks(visits))):
        if visit.role == role:
            page.goto(visit.address)
            faults += [f"{visit.address}: {one}" for one in looked_at(page)]
    if role == "admin":
        faults += [f"{address}, asked: {one}" for address, button in ANSWERS for one in asked(page, address, button)]
    context.close()
    assert not faults, "\n".join(faults)


def asked(page: Page, address: str, button: str) -> list[str]:
    """What is wrong with a page that has its answer."""
    page.goto(address)
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("h1")).to_have_count(1)
    return looked_at(page)
