"""How a body of the API may name a component, a team, a person or a schedule, and what is said of one that is none."""

import pytest
from rest_framework.test import APIClient

from incidents.models import Incident
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> APIClient:
    make.component("ci-runners", owner=make.team("build-ci"))
    make.person("linh")
    client = APIClient()
    client.force_authenticate(make.account_of(make.person("ada", admin=True)))
    return client


@pytest.mark.parametrize(
    "said", ["ci-runners", "CI-Runners", "default/ci-runners", "component:ci-runners", "component:default/ci-runners"]
)
def test_a_component_may_be_named_short_and_in_any_case(api: APIClient, said: str) -> None:
    answer = api.post("/api/v1/incidents", {"component": said, "title": "Jobs wait"}, format="json")
    assert answer.status_code == 201, answer.json()
    assert Incident.objects.get().component_ref == "component:default/ci-runners"


def test_a_slip_is_told_with_what_was_meant(api: APIClient) -> None:
    answer = api.post("/api/v1/incidents", {"component": "ci-runer", "title": "Jobs wait"}, format="json")
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("component", "does_not_exist")
    assert error["message"] == (
        "There is no component called “ci-runer” (component:default/ci-runer)."
        " Did you mean component:default/ci-runners?"
    )


@pytest.mark.parametrize("said", ["component:", "/", 7, ["ci-runners"], {}, True, "ci\x00x", "a" * 5000])
def test_what_is_no_reference_is_refused_by_its_field(api: APIClient, said: object) -> None:
    answer = api.post("/api/v1/incidents", {"component": said, "title": "Jobs wait"}, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "component"


def test_half_a_letter_is_refused_and_breaks_nothing(api: APIClient) -> None:
    body = '{"component": "ci-\\ud800", "title": "Jobs wait"}'
    assert api.generic("POST", "/api/v1/incidents", body, content_type="application/json").status_code == 400


def test_teams_people_and_schedules_are_named_alike(api: APIClient) -> None:
    made = {"name": "Build", "team": "build-ci", "time_zone": "UTC"}
    rotation = {"people": ["linh"], "unit": "week", "weekday": "monday", "handoff": "09:00"}
    answer = api.put("/api/v1/schedules/build", {**made, "rotation": rotation}, format="json")
    assert answer.status_code in {200, 201}, answer.json()
    assert answer.json()["team"] == "group:default/build-ci"
    incident = make_incidents.incident(make.component("vault"), now=db_now())
    taken = api.post(f"/api/v1/incidents/{incident.number}/acknowledge", {"person": "linh"}, format="json")
    assert taken.status_code in {200, 403}, taken.json()
    policy = api.post("/api/v1/escalation-policies", {"name": "P", "steps": [], "fallback": "nope"}, format="json")
    assert policy.status_code == 400
    assert {"field": "fallback", "code": "does_not_exist", "message": "There is nothing called 'nope'."} in (
        policy.json()["errors"]
    )
