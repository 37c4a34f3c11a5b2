"""Incidents over HTTP: who may say that somebody has it."""

import pytest
from rest_framework.test import APIClient

from incidents.models import Incident
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    linh = make.person("linh")
    return make_incidents.incident(make.component("runners", owner=make.team("ci", linh)))


def test_nobody_acknowledges_in_the_name_of_another(api: APIClient, incident: Incident) -> None:
    admin = make.account("root", admin=True)
    api.force_login(admin)
    here = f"/api/v1/incidents/{incident.number}/acknowledge"
    assert api.post(here, {"person": "user:default/linh"}).status_code == 403
    incident.refresh_from_db()
    assert incident.acknowledged_by is None
    assert api.post(here).json()["acknowledged_by"] == "user:default/root"


def test_a_token_names_the_person_it_acts_for(api: APIClient, incident: Incident) -> None:
    script = make.signed(api, make.token("incidents:write")[1])
    here = f"/api/v1/incidents/{incident.number}/acknowledge"
    assert script.post(here).status_code == 400
    assert script.post(here, {"person": "user:default/linh"}).json()["acknowledged_by"] == "user:default/linh"


def test_a_token_of_one_team_declares_nothing_on_the_components_of_others(api: APIClient) -> None:
    mine = make.component("mine", owner=make.team("mine"))
    theirs = make.component("theirs", owner=make.team("theirs"))
    script = make.signed(api, make.token("incidents:write", teams=[mine.owner] if mine.owner else [])[1])
    assert script.post("/api/v1/incidents", {"title": "x", "component": theirs.ref}).status_code == 403
    assert script.post("/api/v1/incidents", {"title": "x", "component": mine.ref}).status_code == 201
    assert Incident.objects.count() == 1
