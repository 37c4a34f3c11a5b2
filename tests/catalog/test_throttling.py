"""Too many requests are 429 with Retry-After; alerts never are."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from portal.lib import rates
from tests import make

pytestmark = pytest.mark.django_db
COMPONENT = "/api/v1/components/component/default/ci"


@pytest.fixture(autouse=True)
def fresh(settings: make.Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A minute that does not end in the middle of a test, and counts of its own."""
    monkeypatch.setattr("portal.lib.rates.time.time", lambda: 1_000_000_020.0)
    settings.PORTAL_API_WRITES_PER_MINUTE, settings.PORTAL_API_READS_PER_MINUTE = 2, 3
    settings.PORTAL_API_ANONYMOUS_PER_MINUTE = 2
    rates._counts.clear()
    cache.clear()
    yield
    rates._counts.clear()
    cache.clear()


def client(*scopes: str) -> APIClient:
    return make.signed(APIClient(), make.token(*scopes)[1])


def codes(api: APIClient, times: int, path: str = "/api/v1/me", method: str = "get", body: Any = None) -> list[int]:
    return [getattr(api, method)(path, body).status_code for _ in range(times)]


def test_reads_and_writes_of_a_token_are_counted_apart() -> None:
    api = client("components:write")
    assert codes(api, 4) == [200, 200, 200, 429]
    assert codes(api, 3, COMPONENT, "put", {}) == [201, 200, 429]
    assert codes(client("read"), 1) == [200]


def test_the_refusal_says_when_to_come_back() -> None:
    api = client("read")
    codes(api, 3)
    answer = api.get("/api/v1/me")
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
    assert answer["Retry-After"] == str(60 - 1_000_000_020 % 60)
    assert answer.json()["status"] == 429


def test_two_browsers_of_one_account_share_its_limit() -> None:
    account, browsers = make.account("ada"), (APIClient(), APIClient())
    for browser in browsers:
        browser.force_login(account)
    assert [codes(browser, 2) for browser in browsers] == [[200, 200], [200, 429]]


def test_alerts_are_never_turned_away() -> None:
    api = client("alerts:send")
    assert set(codes(api, 20, "/api/v1/alerts", "post", {"key": "k", "summary": "s"})) == {202}


def test_somebody_nobody_knows_is_counted_by_address_and_shuts_out_no_neighbour() -> None:
    assert codes(make.signed(APIClient(), "portico_guessed"), 3) == [401, 401, 429]
    assert codes(APIClient(), 1) == [429]
    assert codes(client("read"), 1) == [200]
    assert APIClient().get("/api/v1/me", REMOTE_ADDR="10.1.1.1").status_code == 401


def test_zero_switches_a_limit_off(settings: make.Settings) -> None:
    settings.PORTAL_API_READS_PER_MINUTE = 0
    assert set(codes(client("read"), 10)) == {200}


def test_a_turned_away_post_is_not_kept_under_its_key() -> None:
    api = client("incidents:write")
    body = {"title": "t"}
    for key in ("a", "b"):
        api.post("/api/v1/incidents", body, HTTP_IDEMPOTENCY_KEY=key)
    assert api.post("/api/v1/incidents", body, HTTP_IDEMPOTENCY_KEY="c").status_code == 429
    rates._counts.clear()
    assert api.post("/api/v1/incidents", body, HTTP_IDEMPOTENCY_KEY="c").status_code == 201


def test_shared_counts_go_through_the_cache_and_a_broken_cache_takes_nothing_down(
    settings: make.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PORTAL_SHARED_RATES = True
    api = client("read")
    assert codes(api, 2) == [200, 200]
    rates._counts.clear()  # as another process
    assert codes(api, 2) == [200, 429]
    monkeypatch.setattr("portal.lib.rates.cache.add", lambda *_: 1 / 0)
    assert codes(api, 1) == [200]


def test_the_description_of_the_api_tells_both() -> None:
    schema: Any = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    posts = {path: one["post"] for path, one in schema["paths"].items() if "post" in one}
    for path, post in posts.items():
        assert "Idempotency-Key" in {parameter["name"] for parameter in post["parameters"]}, path
        assert {"400", "409", "422"} <= post["responses"].keys(), path
    assert "429" in schema["paths"]["/api/v1/me"]["get"]["responses"]
    assert "429" not in posts["/api/v1/alerts"]["responses"]
