"""Incidents over HTTP: who may say that somebody has it."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Person
from incidents.models import Incident
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    linh = make.person("linh")
    ci = make.team("ci", linh)
    make_incidents.paged(ci, make_incidents.step(linh))
    return make_incidents.incident(make.component("runners", owner=ci))


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


def test_who_acknowledges_takes_it_from_nobody_unless_that_is_said(api: APIClient, incident: Incident) -> None:
    make.person("ben")
    script = make.signed(api, make.token("incidents:write")[1])
    here = f"/api/v1/incidents/{incident.number}/acknowledge"
    assert script.post(here, {"person": "linh"}, format="json").status_code == 200
    assert script.post(here, {"person": "linh"}, format="json").status_code == 200, "who has it has it"
    refused = script.post(here, {"person": "ben"}, format="json")
    said = refused.json()
    assert (refused.status_code, said["errors"][0]["field"]) == (409, "take_over")
    assert ("Linh has it already" in said["detail"], '"take_over": true' in said["errors"][0]["message"]) == (
        True,
        True,
    )
    assert [one.acknowledged_by for one in incident.pages.all()] == [Person.objects.get(name="linh")]
    taken = script.post(here, {"person": "ben", "take_over": True}, format="json")
    assert [one["acknowledged_by"] for one in taken.json()["pages"]] == ["user:default/ben"]


def test_a_token_of_one_team_says_nothing_on_the_incidents_of_others(api: APIClient, incident: Incident) -> None:
    linh, here = "user:default/linh", f"/api/v1/incidents/{incident.number}"
    theirs = make.token("incidents:write", teams=[make.team("others")])[1]
    script = make.signed(api, theirs)
    answers = [
        script.post(f"{here}/notes", {"text": "x"}),
        script.post(f"{here}/followers", {"person": linh}),
        script.delete(f"{here}/followers", {"person": linh}),
    ]
    assert [one.status_code for one in answers] == [403, 403, 403]
    assert not incident.followers.exists()
    own = make.signed(APIClient(), make.token("incidents:write", teams=[incident.owner] if incident.owner else [])[1])
    assert own.post(f"{here}/notes", {"text": "x"}).status_code == 204
    assert own.post(f"{here}/followers", {"person": linh}).status_code == 201


def test_people_follow_and_note_whatever_their_team_is(api: APIClient, incident: Incident) -> None:
    api.force_login(make.account_of(make.person("passer-by")))
    here = f"/api/v1/incidents/{incident.number}"
    assert api.post(f"{here}/notes", {"text": "x"}).status_code == 204
    assert api.post(f"{here}/followers").status_code == 201
