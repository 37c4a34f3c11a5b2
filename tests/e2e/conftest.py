"""A browser that forgives nothing, and the product it looks at."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Response, expect

from portal.demo import PASSWORD
from tests.e2e.limits import ended_after
from tests.e2e.product import Product, shared_product

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--metrics-recording-only",
)
# the browser says of a blocked script or style only on its console; said this way, it can't be missed
REPORT_CSP = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
  `CSP: ${event.violatedDirective} blocked ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`));
"""
PATIENCE = 30_000  # milliseconds for what a page does by itself; two cores are shared with the product and other tests
expect.set_options(timeout=PATIENCE)
A_TEST = 420.0  # seconds, its products' start included; the longest took 100 beside all others on two cores
CLOSING = 60.0  # seconds for a whole browser at the end
Open = Callable[..., Page]
SignedIn = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is marked, and left out where there is no browser."""
    for item in items:
        if "tests/e2e/" in item.nodeid:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.slow)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no chromium on PATH; bin/test installs it"))


@pytest.fixture(scope="session", autouse=True)
def database_beside_the_browser() -> Iterator[None]:
    """Playwright keeps a loop running in this thread, which Django takes for asynchronous code, to the very end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The distribution's Chromium, which calls nobody."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(QUIET)}


@pytest.fixture(scope="session")
def launched() -> Iterator[list[Browser]]:
    """The browsers of this process; the last is the one in use."""
    made: list[Browser] = []
    yield made
    with ended_after(CLOSING):
        for one in made:
            one.close()


@pytest.fixture
def browser(launch_browser: Callable[[], Browser], launched: list[Browser]) -> Browser:
    """The one that all tests of a process share, and another one if it died or had to be ended."""
    if not launched or not launched[-1].is_connected():
        launched.append(launch_browser())
    return launched[-1]


@pytest.fixture(autouse=True)
def no_test_waits_forever() -> Iterator[None]:
    """A browser that hangs fails its own test, and neither those after it nor the whole run."""
    with ended_after(A_TEST) as needed:
        yield
    assert not needed.is_set(), f"the browser was ended: the test took more than {A_TEST:.0f} s"


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Product]:
    """One running product for all browser tests, at the quick pace, whichever process they run in."""
    alone = worker_id == "master"
    folder = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent
    (folder / "product").mkdir(exist_ok=True)
    with shared_product(folder / "product", pace="quick") as running:
        yield running


@pytest.fixture
def faults() -> list[str]:
    """What the browser complained about so far; `opened` fails the test when there is anything at its end."""
    return []


@pytest.fixture
def opened(browser: Browser, product: Product, faults: list[str]) -> Iterator[Open]:
    """`opened()` is a page in a browser of its own (cookies and all); `width` and `height` as wanted."""
    contexts: list[BrowserContext] = []

    def new(width: int = 1440, height: int = 900, *, touch: bool = False) -> Page:
        context = browser.new_context(
            base_url=product.url, viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(REPORT_CSP)
        page = context.new_page()
        watch(page, faults)
        return page

    yield new
    for context in contexts:
        context.close()
    assert not faults, "\n".join(["the browser complained:", *faults, product.said()])


@pytest.fixture(scope="session")
def keys() -> dict[str, list[Any]]:
    """The cookies of who signed in before; a password is checked slowly on purpose."""
    return {}


@pytest.fixture
def signed_in(opened: Open, keys: dict[str, list[Any]]) -> SignedIn:
    """`signed_in("linh")` is a page of somebody who signed in as people do, the first time; sizes as for `opened`."""

    def sign_in(name: str, width: int = 1440, height: int = 900, *, touch: bool = False) -> Page:
        page = opened(width, height, touch=touch)
        if name in keys:
            page.context.add_cookies(keys[name])
            return page
        page.goto("/sign-in?next=/demo/break")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/demo/break")
        keys[name] = list(page.context.cookies())
        return page

    return sign_in


def watch(page: Page, faults: list[str]) -> None:
    """Keep what the browser complains about on `page`."""

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"{page.url}: console: {message.text}")

    def broke(error: Error) -> None:
        faults.append(f"{page.url}: {error}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            faults.append(f"{page.url}: {response.status} for {response.url}")

    page.on("console", console)
    page.on("pageerror", broke)
    page.on("response", answered)
