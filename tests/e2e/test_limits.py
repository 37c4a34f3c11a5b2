"""What a browser that hangs costs: its own test, and nothing else."""

import signal
import time

import pytest
from playwright.sync_api import Browser, Error

from tests.e2e.limits import browsers, ended_after


def test_a_browser_that_hangs_is_ended_and_what_waited_for_it_goes_on(browser: Browser) -> None:
    page = browser.new_context().new_page()
    for one in browsers():
        one.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    with ended_after(1.0) as needed, pytest.raises(Error):
        page.evaluate("1 + 1")  # has no limit of its own
    page.context.close()
    assert needed.is_set()
    assert time.monotonic() - begun < 30
    assert not browser.is_connected()


def test_the_next_test_has_a_browser_that_answers(browser: Browser) -> None:
    with ended_after(60.0) as needed:
        page = browser.new_context().new_page()
        assert page.evaluate("1 + 1") == 2
        page.context.close()
    assert not needed.is_set()
