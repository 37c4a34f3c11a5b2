"""A fire drill in the running demo: by the real workers into its inbox, and a report that names the hole."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.e2e.product import Product

COMPONENT = "/components/component/default/terraform-runner"
TOLD = 30_000  # milliseconds from the click to a mail, at worst
OVER = 30_000
SECOND_STEP = "kwame@acme.example"
Open = Callable[..., Page]


def test_a_drill_reaches_the_inbox_by_the_second_step_and_says_which_hour_has_nobody(
    signed_in: Callable[[str], Page], opened: Open, product: Product
) -> None:
    page = signed_in("admin")
    nobody_on_call(page, "delivery")
    page.goto(COMPONENT)
    page.get_by_role("button", name="Send a test page").click()
    page.wait_for_url("**/drills/*")
    expect(page.locator("#report")).to_contain_text(re.compile(r"Step 1 found nobody on call"), timeout=TOLD)
    expect(page.locator("#report .notice")).to_contain_text(re.compile(r"Delivery has nobody .*\d\d:\d\d"))

    inbox = signed_in("admin")
    inbox.goto(f"/demo/inbox?to={SECOND_STEP}")
    mail = inbox.locator("#mails a", has_text="TEST").first
    expect(mail).to_have_attribute("href", re.compile("/demo/inbox/"), timeout=TOLD)
    inbox.goto(str(mail.get_attribute("href")))
    phone = opened(390, 844, touch=True)
    phone.goto(str(inbox.locator("a[href*='/a/']").first.get_attribute("href")))
    phone.get_by_role("button", name="I have it").tap()

    report = page.locator("#report")
    expect(report.locator(".strip")).to_contain_text("Answered", timeout=OVER)
    line = report.locator("tbody tr", has_text="Kwame Boateng").first
    expect(line).to_contain_text("step 2")
    expect(line).to_contain_text("Sent")
    expect(report).to_contain_text(re.compile(r"Kwame Boateng\s+answered after"))


def nobody_on_call(page: Page, schedule: str) -> None:
    """A hole of a quarter of an hour from now on, said over the API as the signed-in person."""
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "portico_csrf")
    now = datetime.now(UTC)
    said = {"person": None, "starts_at": now.isoformat(), "ends_at": (now + timedelta(minutes=15)).isoformat()}
    answer = page.request.post(
        f"/api/v1/schedules/{schedule}/overrides",
        data=json.dumps(said),
        headers={"X-CSRFToken": token, "Content-Type": "application/json", "Referer": page.url},
    )
    assert answer.ok, answer.text()
