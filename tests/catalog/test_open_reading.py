"""PORTAL_ANONYMOUS_READ: the catalog and how it is are for everybody; how to reach people and who did what are not."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import Component
from catalog.operations import patch_component
from portal.urls import api
from tests import make

pytestmark = pytest.mark.django_db
OPEN_ADDRESSES = {
    "analytics-action-items", "analytics-escalations", "analytics-incidents", "api-schema", "catalog-info",
    "blast-radius", "campaign", "campaigns", "component", "components", "domain", "domains", "facets", "gate",
    "on-call", "platform", "queue", "queue-counts", "relations", "scorecard", "scorecard-history", "scorecards",
    "scorecards-fleet", "search", "slo-status", "slos", "status", "system", "systems", "team", "teams", "window",
    "windows",
}  # fmt: skip
"""Of the API, by name: what tells whose things are and how they are."""
CLOSED_PAGES = (
    "/changes", "/changes.csv", "/changes.jsonl", "/people", "/invitations", "/settings/tokens", "/imports",
    "/settings/sources", "/alert-policies", "/alert-policies/x", "/budget-policies", "/budget-policies/x",
    "/slos/exclusions", "/incidents/1", "/incidents/1/live", "/incidents/1/entries",
)  # fmt: skip
OPEN_PAGES = (
    "/", "/catalog", "/teams", "/systems", "/domains", "/components/component/default/ci-runners",
    "/teams/default/build-ci", "/people/default/ada", "/systems/default/ci", "/search?q=ada", "/incidents",
    "/catalog/queue", "/slos", "/on-call",
)  # fmt: skip
TABS = ("changes", "yaml", "relations", "overview")


@pytest.fixture(autouse=True)
def world(settings: make.Settings) -> Component:
    """Ada leads Build & CI, which can be written to, and has just changed what it owns."""
    settings.PORTAL_ANONYMOUS_READ = True
    ada = make.person("ada", display_name="Ada Okafor", email="ada@secret.example")
    team = make.team("build-ci", lead=ada, email="team@secret.example")
    make.system("ci", owner=team)
    runners = make.component("ci-runners", owner=team, tier=1)
    changes = {"title": "Was it Ada"}
    patch_component(ref=runners.ref, changes=changes, actor=Actor(person=ada), now=make.NOW)
    return runners


def _views(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, object]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _views(one.url_patterns)
        elif one.name:
            yield one.name, one.callback


def test_an_address_of_the_api_is_closed_unless_it_says_otherwise() -> None:
    opened = {name for name, view in _views(api) if getattr(getattr(view, "cls", None), "open_to_readers", False)}
    assert opened | {"api-schema"} == OPEN_ADDRESSES


@pytest.mark.parametrize("page", CLOSED_PAGES)
def test_what_is_not_for_everybody_asks_to_sign_in(client: Client, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in?")


@pytest.mark.parametrize("page", OPEN_PAGES)
def test_a_page_for_everybody_tells_no_address(client: Client, page: str) -> None:
    for tab in TABS:
        answer = client.get(page + ("&" if "?" in page else "?") + f"tab={tab}")
        assert answer.status_code == 200
        said = answer.content.decode()
        assert "secret.example" not in said
        assert "component.update" not in said
        assert "Recent changes" not in said


def test_whoever_is_signed_in_is_told(client: Client) -> None:
    client.force_login(make.account("reader"))
    for page in ("/teams/default/build-ci", "/people/default/ada", "/components/component/default/ci-runners"):
        said = client.get(page).content.decode()
        assert "secret.example" in said
    assert "Recent changes" in said


@pytest.mark.parametrize(
    "path",
    ["changes", "people", "people/default/ada", "locations", "sources", "invitations", "incidents", "me/views",
     "me/stars", "me"],
)  # fmt: skip
def test_the_api_tells_a_stranger_nothing_of_people_and_settings(path: str) -> None:
    assert APIClient().get(f"/api/v1/{path}").status_code == 401


def test_a_team_is_told_without_its_address() -> None:
    nobody, somebody = APIClient(), APIClient()
    somebody.force_login(make.account("reader"))
    for path in ("teams", "teams/default/build-ci"):
        assert b"secret.example" not in nobody.get(f"/api/v1/{path}").content
        assert b"secret.example" in somebody.get(f"/api/v1/{path}").content


def test_nobody_is_found_by_an_address(client: Client) -> None:
    for text in ("ada@secret.example", "ada"):
        found = APIClient().get("/api/v1/search", {"q": text}).json()["results"]
        assert not [one for one in found if one["kind"] == "person"]
    assert APIClient().get("/api/v1/search", {"q": "ada", "kind": "person"}).status_code == 400
    assert "people/default/ada" not in client.get("/search?q=secret").content.decode()


def test_a_backstage_without_a_token_reads_components_and_nobody_s_address() -> None:
    answer = APIClient().get("/api/v1/catalog-info.yaml")
    assert answer.status_code == 200
    said = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "name: ci-runners" in said
    assert "secret.example" not in said
    assert "kind: User" not in said
