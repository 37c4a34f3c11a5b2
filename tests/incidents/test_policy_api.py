"""Escalation policies over HTTP: what a script can do, and what it can't."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Person, Team
from incidents.models import EscalationPolicy, PolicyVersion
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db
POLICIES = "/api/v1/escalation-policies"


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    return make.team("ci", ada)


@pytest.fixture
def script(api: APIClient, team: Team) -> APIClient:
    """A token that may write the policies of team ci."""
    return make.signed(api, make.token("read", "oncall:write", "incidents:write", teams=[team])[1])


@pytest.fixture
def body(team: Team) -> dict[str, Any]:
    condition = {"zone": "Europe/Berlin", "days": ["monday"], "start": "09:00", "end": "17:00"}
    return {
        "name": "Build & CI",
        "team": team.ref,
        "steps": [
            {"targets": ["user:ada"], "delay": "5m"},
            {"targets": ["group:ci", "user:ada"], "delay": "10m", "repeat": 1, "condition": condition},
        ],
        "steps_low": [{"targets": ["group:default/ci"], "delay": "1h"}],
        "ack_timeout": "30m",
    }


def test_a_policy_is_put_once_read_back_and_put_as_it_was_read(script: APIClient, body: dict[str, Any]) -> None:
    first, second = script.put(f"{POLICIES}/ci", body), script.put(f"{POLICIES}/ci", body)
    assert (first.status_code, second.status_code, PolicyVersion.objects.count()) == (201, 200, 1)
    read = script.get(f"{POLICIES}/ci").json()
    assert (read["version"], read["uses"]["teams"], read["ack_timeout"]) == (1, ["group:default/ci"], "30m")
    assert read["steps"][1]["targets"] == ["group:default/ci", "user:default/ada"]
    assert read["words"][0] == "P1 to P3, step 1, at once: Ada"
    assert read["now"][0]["steps"][0]["asked"][0]["reached"] == ["user:default/ada"]
    assert script.put(f"{POLICIES}/ci", read).status_code == 200
    assert PolicyVersion.objects.count() == 1


def test_a_change_is_a_version_more_and_tells_what_changed(script: APIClient, body: dict[str, Any]) -> None:
    script.put(f"{POLICIES}/ci", body)
    script.put(f"{POLICIES}/ci", body | {"repeat": 2})
    newest, oldest = script.get(f"{POLICIES}/ci/versions").json()["results"]
    assert (newest["number"], newest["changes"]) == (
        2,
        [{"sign": "+", "words": "Then it starts over with step 1, 2 more times"}],
    )
    assert len(oldest["changes"]) > 3


def test_one_is_made_from_its_name_listed_and_retired(script: APIClient, body: dict[str, Any]) -> None:
    made = script.post(POLICIES, body)
    assert (made.status_code, made.json()["slug"]) == (201, "build-ci")
    assert script.post(POLICIES, body | {"slug": "build-ci"}).status_code == 409
    assert [one["slug"] for one in script.get(f"{POLICIES}?q=build").json()["results"]] == ["build-ci"]
    assert script.delete(f"{POLICIES}/build-ci").status_code == 409
    script.put("/api/v1/teams/default/ci/paging", {"policy": None, "schedule": None})
    assert script.delete(f"{POLICIES}/build-ci").status_code == 204
    assert script.get(POLICIES).json()["results"] == []
    assert len(script.get(f"{POLICIES}?retired=true").json()["results"]) == 1


def test_a_preview_says_it_in_words_and_saves_nothing(script: APIClient, body: dict[str, Any]) -> None:
    make.person("bo")
    body["steps"][0]["targets"] = ["user:bo"]
    said = script.post(f"{POLICIES}/preview", body).json()
    assert said["now"][0]["steps"][0]["nobody"] is True
    assert said["now"][0]["steps"][0]["asked"][0]["without_method"] == ["user:default/bo"]
    assert not EscalationPolicy.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [{"targets": ["user:nobody"]}]}, "steps[0].targets[0]"),
        ({"steps": [{"targets": ["nobody"]}]}, "steps[0].targets[0]"),
        ({"steps": [{"targets": ["user:ada"], "delay": "1s"}]}, "steps[0].delay"),
        ({"steps": [{"targets": ["user:ada"], "dealy": "1m"}]}, "steps[0].dealy"),
        ({"steps_low": []}, "steps_low"),
        ({"steps_low": [None]}, "steps_low[0]"),
        ({"fallback": "nope"}, "fallback"),
        ({"ack_timeout": "1s"}, "ack_timeout"),
        ({"team": "group:default/nope"}, "team"),
    ],
)
def test_what_is_wrong_is_told_by_field(
    script: APIClient, body: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    answer = script.put(f"{POLICIES}/ci", body | changes)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_policies_that_would_fall_back_in_a_ring_are_refused(script: APIClient, body: dict[str, Any]) -> None:
    for slug, fallback in (("a", None), ("b", "a"), ("c", "b")):
        assert script.put(f"{POLICIES}/{slug}", body | {"name": slug, "fallback": fallback}).status_code == 201
    answer = script.put(f"{POLICIES}/a", body | {"name": "a", "fallback": "c"})
    assert answer.json()["errors"] == [
        {
            "field": "fallback",
            "code": "ring",
            "message": "a → c → b → a would go round in a ring; fall back to a policy outside of it.",
        }
    ]
    assert script.put(f"{POLICIES}/a", body | {"name": "a", "fallback": "a"}).status_code == 400


def test_a_token_writes_for_its_own_teams_only(script: APIClient, body: dict[str, Any]) -> None:
    other = make.team("other")
    assert script.put(f"{POLICIES}/ci", body | {"team": other.ref}).status_code == 403
    assert script.put(f"{POLICIES}/ci", body | {"team": None}).status_code == 403
    theirs = make_incidents.policy(make_incidents.step(make_incidents.reachable()), team=other)
    assert script.put(f"{POLICIES}/{theirs.slug}", body).status_code == 403
    assert script.delete(f"{POLICIES}/{theirs.slug}").status_code == 403
    assert script.get(f"{POLICIES}/{theirs.slug}").status_code == 200


def test_a_list_of_many_costs_as_many_questions_as_one(
    script: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        make_incidents.policy(make_incidents.step(make_incidents.schedule(make_incidents.reachable())))
    with django_assert_max_num_queries(20):
        assert len(script.get(POLICIES).json()["results"]) == 20


def test_a_running_page_is_given_the_newer_version(script: APIClient, body: dict[str, Any], team: Team) -> None:
    script.put(f"{POLICIES}/ci", body)
    incident = make_incidents.incident(make.component(owner=team), now=db_now())
    page = make_incidents.page_of(incident)
    url = f"/api/v1/incidents/{incident.pk}/pages/{page.pk}/apply-policy"
    assert script.post(url).status_code == 409
    script.put(f"{POLICIES}/ci", body | {"repeat": 1})
    assert script.post(url).json()["step"] == 0
    page.refresh_from_db()
    assert page.generation == 1
    assert script.post(f"/api/v1/incidents/{incident.pk + 1}/pages/{page.pk}/apply-policy").status_code == 404
