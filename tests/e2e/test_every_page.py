"""Every page that the demo leads to: nothing to complain about, and no wider than a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

PAGES = (
    "/",
    "/catalog",
    "/components/component/default/ci-runners",
    "/teams/default/build-ci",
    "/people/default/linh",
    "/slos",
    "/slos/1",
    "/slos/new",
    "/slos/1/backtest",
    "/slos/new?preset=argo-cd-syncs",
    "/settings/sources",
    "/alert-policies",
    "/alert-policies/workbook",
    "/budget-policies",
    "/incidents",
    "/incidents/declare",
    "/on-call",
    "/reviews",
    "/reviews/actions",
    "/docs",
    "/demo/break",
    "/demo/inbox",
)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_loads_without_complaint_and_fits_a_phone(signed_in: Callable[[str], Page], address: str) -> None:
    page = signed_in("linh")
    page.goto(address, wait_until="networkidle")
    assert page.locator("h1").count() == 1
    page.set_viewport_size({"width": 360, "height": 740})
    page.reload(wait_until="networkidle")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360, f"{address} is {wide} px wide"
