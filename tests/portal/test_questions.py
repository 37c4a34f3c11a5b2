"""Query strings of the API: a name, a cursor or a count that nobody meant is refused, by every list."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver
from rest_framework.test import APIClient

from catalog.api.asked import taken
from catalog.models import Component
from incidents.models import TimelineEntry
from portal.urls import api as addresses_of_api
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db
HERE = "/api/v1/components"
MADE_UP = ["abcd", "!", base64.b64encode(b"x=1").decode(), base64.b64encode(b"o=0").decode(), "cD0x-"]


def reading(
    patterns: list[URLPattern | URLResolver] = addresses_of_api, before: str = "/api/v1/"
) -> Iterator[tuple[str, Any]]:
    """Addresses that the API reads at, with their views."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from reading(one.url_patterns, before + str(one.pattern))
        elif hasattr(getattr(one.callback, "cls", None), "get") and str(one.pattern) != "schema":
            yield before + str(one.pattern), one.callback.cls  # type: ignore[attr-defined]


ALL = dict(reading())
PAGED = [address for address, view in ALL.items() if {"cursor", "limit"} <= taken(view, "get")]


@pytest.fixture
def root(api: APIClient) -> APIClient:
    """Somebody who may read everything, where something is at each address."""
    ada = make_incidents.reachable("platform", admin=True)
    team = make.team("platform", lead=ada)
    component = make.component("platform", owner=team)
    make.system("platform", owner=team)
    make.domain("platform", owner=team)
    make.location("platform", "https://example.org/a.yaml")
    make_slo.objective("platform", component=component)
    api.force_login(make.account_of(ada))
    return api


def filled(address: str) -> str:
    """With names in place of parameters."""
    more = {
        "str:kind": "component", "str:namespace": "default", "str:name": "platform", "int:number": "1", "int:pk": "1",
        "slug:slug": "platform", "slug:name": "platform", "path:ref": "component:default/platform", "str:key": "k",
        "str:urgency": "high", "int:position": "0",
    }  # fmt: skip
    for name, value in more.items():
        address = address.replace(f"<{name}>", value)
    return address


def faults(answer: Any) -> tuple[int, str, list[tuple[str, str]]]:
    said = answer.json()
    return answer.status_code, answer["Content-Type"], [(one["field"], one["code"]) for one in said.get("errors", ())]


def test_there_are_lists() -> None:
    assert len(ALL) > 100
    assert len(PAGED) > 35


def test_no_address_answers_to_a_name_it_does_not_know(root: APIClient) -> None:
    wrong = []
    for address in ALL:
        plain, odd = root.get(filled(address)), root.get(filled(address), {"ownr": "x"})
        if plain.status_code < 400 and faults(odd) != (
            400,
            "application/problem+json",
            [("ownr", "unknown_parameter")],
        ):
            wrong.append((address, odd.status_code))
    assert not wrong


@pytest.mark.parametrize("question", [{"limit": "501"}, *({"cursor": one} for one in MADE_UP)])
def test_no_list_answers_to_a_count_or_a_cursor_that_is_made_up(root: APIClient, question: dict[str, str]) -> None:
    (name,) = question
    wrong = []
    for address in PAGED:
        plain, odd = root.get(filled(address)), root.get(filled(address), question)
        if plain.status_code < 400 and (odd.status_code, [one["field"] for one in odd.json()["errors"]]) != (
            400,
            [name],
        ):
            wrong.append((address, odd.content))
    assert not wrong


def test_what_was_meant_is_said(root: APIClient) -> None:
    said = root.get(HERE, {"onwer": "x", "q": "y"}).json()
    assert said["detail"] == "onwer: Unknown parameter; did you mean 'owner'?"
    assert "known are component, cursor, limit, state, team." in root.get("/api/v1/drills?xyz=1").json()["detail"]
    assert root.get(f"{HERE}/component/default/platform?x=1").json()["detail"].endswith("; there are none here.")


def test_who_may_not_read_is_told_that_first(root: APIClient) -> None:
    assert APIClient().get("/api/v1/incidents", {"x": "1"}).status_code == 401
    assert root.get(f"{HERE}/component/default/nothing?x=1").status_code == 404


def test_a_slip_in_an_option_writes_nothing(root: APIClient) -> None:
    head = "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
    text = f"{head}metadata: {{name: a}}\nspec: {{type: a, lifecycle: b, owner: c}}"
    answer = root.generic("POST", "/api/v1/apply?dryrun=true", text, content_type="application/yaml")
    assert faults(answer)[2] == [("dryrun", "unknown_parameter")]
    assert "did you mean 'dry_run'?" in answer.json()["detail"]
    assert root.delete("/api/v1/components/component/default/platform?hrad=true").status_code == 400
    assert Component.objects.filter(retired_at=None).count() == 1


def test_all_pages_of_a_list_are_reached_both_ways(root: APIClient) -> None:
    for number in range(7):
        make.component(f"c{number}")
    at: str | None = f"{HERE}?limit=3&kind=component"
    met, last = [], ""
    while at:
        page = root.get(at).json()
        met += [one["name"] for one in page["results"]]
        at, last = page["next"], at
    assert met == [*(f"c{number}" for number in range(7)), "platform"]
    assert [one["name"] for one in root.get(root.get(last).json()["previous"]).json()["results"]] == ["c3", "c4", "c5"]


def test_more_than_a_thousand_of_one_moment_are_reached(root: APIClient) -> None:
    names = [f"note {n}" for n in range(1_200)]
    incident = make_incidents.incident(Component.objects.get(name="platform"))
    TimelineEntry.objects.bulk_create(
        TimelineEntry(incident=incident, kind="note", words=name, at=make.NOW) for name in names
    )
    at: str | None = f"/api/v1/incidents/{incident.number}/timeline?limit=500"
    met: list[str] = []
    while at and len(met) < 3_000:
        page = root.get(at).json()
        met += [one["words"] for one in page["results"]]
        at = page["next"]
    assert [word for word in met if word.startswith("note")] == names
