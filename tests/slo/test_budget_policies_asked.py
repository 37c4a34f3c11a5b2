"""Error-budget policies over the API and as pages: who writes them, what is refused, who goes by them."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Component, Person
from slo.models import BudgetPolicy, Objective, Standing, TeamBudgetPolicy
from tests import make, make_slo

pytestmark = pytest.mark.django_db
AT = "/api/v1/budget-policies/hold-at-zero"
BODY: dict[str, Any] = {
    "title": "Hold at zero",
    "text": "We **agreed** on <script>alert(1)</script> this.",
    "thresholds": [
        {"remaining": 0.25, "action": "Only fixes"},
        {"remaining": 0, "action": "No deployments", "holds": True},
    ],
}


@pytest.fixture
def runners() -> Component:
    return make.component("runners", owner=make.team("ci", lead=make.person("ada")))


def someone(name: str, **fields: Any) -> APIClient:
    """A browser's session of a person, new or not."""
    found = Person.objects.filter(name=name).first() or make.person(name, **fields)
    client = APIClient()
    client.force_login(make.account_of(found))
    return client


@pytest.fixture
def admin() -> APIClient:
    return someone("katrin", admin=True)


def text(page: bytes) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode())))


def test_put_twice_read_and_delete(admin: APIClient) -> None:
    assert admin.put(AT, BODY).status_code == 201
    again = admin.put(AT, BODY)
    assert again.status_code == 200
    body = again.json()
    assert [(one["remaining"], one["holds"]) for one in body["thresholds"]] == [(0.25, False), (0, True)]
    assert admin.get(AT).json() == admin.get("/api/v1/budget-policies").json()["results"][0] == body
    assert admin.put(AT, body).status_code == 200, "what was read may be sent back"
    assert AuditEntry.objects.filter(object_ref="budget-policy:hold-at-zero").count() == 1
    assert admin.delete(AT).status_code == 204
    assert admin.get(AT).status_code == admin.delete(AT).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"thresholds": []}, "thresholds"),
        ({"thresholds": [{"remaining": 0.5}]}, "thresholds[0].action"),
        ({"thresholds": [{"remaining": 1, "action": "x"}]}, "thresholds"),
        ({"thresholds": [{"remaining": "half", "action": "x"}]}, "thresholds[0].remaining"),
        ({"thresholds": [{"remaining": 0.5, "action": "x", "hold": True}]}, "thresholds[0].hold"),
        ({"threshold": []}, "threshold"),
        ({"name": "another"}, "name"),
    ],
)
def test_bad_bodies_name_their_field(admin: APIClient, change: dict[str, Any], field: str) -> None:
    response = admin.put(AT, BODY | change)
    assert response.status_code == 400
    assert field in {one["field"] for one in response.json()["errors"]}
    assert not BudgetPolicy.objects.exists()


def test_a_bad_name_is_refused(admin: APIClient) -> None:
    assert admin.put("/api/v1/budget-policies/No%20Such", BODY).status_code == 400
    assert admin.get("/api/v1/budget-policies/%00").status_code in {400, 404}


def test_only_admins_write_and_no_token_does(admin: APIClient, runners: Component) -> None:
    admin.put(AT, BODY)
    token = make.signed(APIClient(), make.token("slos:write")[1])
    for guest in (someone("ada"), someone("mallory"), token):
        assert guest.put(AT, BODY | {"title": "Mine"}).status_code == 403
        assert guest.delete(AT).status_code == 403
    assert APIClient().put(AT, BODY).status_code == 401
    assert BudgetPolicy.objects.get().title == "Hold at zero"


def test_a_team_says_itself_what_it_goes_by(admin: APIClient, runners: Component) -> None:
    admin.put(AT, BODY)
    team = "/api/v1/teams/default/ci/budget-policy"
    assert someone("mallory").put(team, {"policy": "hold-at-zero"}).status_code == 403
    ada = someone("ada")
    assert ada.put(team, {"policy": "ghost"}).status_code == 400
    assert ada.put(team, {"policy": "hold-at-zero"}).json() == {"team": "group:default/ci", "policy": "hold-at-zero"}
    assert ada.get(team).json()["policy"] == "hold-at-zero"
    assert admin.get(AT).json()["teams"] == ["group:default/ci"]
    assert ada.put(team, {"policy": ""}).json()["policy"] == ""
    assert ada.get("/api/v1/teams/default/ghost/budget-policy").status_code == 404


def test_the_pages_show_write_and_delete(admin: APIClient, runners: Component) -> None:
    katrin = Client()
    katrin.force_login(make.account_of(make.person("root", admin=True)))
    form = katrin.get("/budget-policies/new").content.decode()
    given = {
        "name": "hold-at-zero",
        "title": "Hold",
        "text": BODY["text"],
        "remaining_0": "25",
        "action_0": "Only fixes",
    }
    assert "Hold deployments" in form
    wrong = katrin.post("/budget-policies/new", given | {"action_0": ""})
    assert wrong.status_code == 400
    assert "what is to be done" in text(wrong.content)
    made = katrin.post("/budget-policies/new", given | {"remaining_1": "0", "action_1": "Stop", "holds_1": "on"})
    assert made["Location"] == "/budget-policies/hold-at-zero"
    assert katrin.post("/budget-policies/new", given).status_code == 409
    page = katrin.get("/budget-policies/hold-at-zero")
    assert "25.0 %" in text(page.content) or "25.0%" in text(page.content)
    assert "<script>alert" not in page.content.decode()
    changed = katrin.post("/budget-policies/hold-at-zero/edit", given | {"title": "Other"})
    assert changed.status_code == 302
    assert BudgetPolicy.objects.get().thresholds == [{"remaining": 0.25, "action": "Only fixes", "holds": False}]
    katrin.post("/budget-policies/hold-at-zero/team", {"team": "group:default/ci"})
    assert TeamBudgetPolicy.objects.get().policy.name == "hold-at-zero"
    assert "Other" in text(katrin.get("/budget-policies").content)
    katrin.post("/budget-policies/hold-at-zero/team", {"team": "group:default/ci", "action": "remove"})
    assert not TeamBudgetPolicy.objects.exists()
    assert katrin.post("/budget-policies/hold-at-zero/team", {"team": "\x00"}).status_code == 302
    assert katrin.post("/budget-policies/hold-at-zero/delete").status_code == 302
    assert not BudgetPolicy.objects.exists()


def test_pages_turn_away_who_must_not_write(admin: APIClient, runners: Component) -> None:
    admin.put(AT, BODY)
    mallory = Client()
    mallory.force_login(make.account_of(make.person("mallory")))
    for path in ("new", "hold-at-zero/edit", "hold-at-zero/delete", "hold-at-zero/team"):
        before = list(BudgetPolicy.objects.values())
        answer = mallory.post(f"/budget-policies/{path}", {"team": "group:default/ci", "name": "x"})
        assert answer.status_code in {302, 403}, path
        assert (list(BudgetPolicy.objects.values()), TeamBudgetPolicy.objects.exists()) == (before, False)
        assert Client().post(f"/budget-policies/{path}")["Location"].startswith("/sign-in")
    assert mallory.get("/budget-policies/hold-at-zero").status_code == 200
    assert mallory.get("/budget-policies/ghost").status_code == 404


def test_the_badge_is_on_the_objectives_page_and_on_the_components(admin: APIClient, runners: Component) -> None:
    admin.put(AT, BODY)
    made = make_slo.objective("jobs", component=runners, budget_policy=BudgetPolicy.objects.get())
    Standing.objects.filter(objective=made).update(threshold=0, remaining=-0.2, budget="exhausted")
    ada = someone("ada")
    page = text(ada.get(f"/slos/{made.pk}").content)
    assert "deployments wait" in page
    assert "No deployments" in page
    assert "Only fixes" in page
    assert "budget policy" in text(ada.get("/components/component/default/runners").content)


def test_the_form_of_an_objective_keeps_and_sets_its_policy(admin: APIClient, runners: Component) -> None:
    admin.put(AT, BODY)
    make_slo.source(name="main", is_default=True)
    made = make_slo.objective("jobs", component=runners, source=None, definition={"max_series": 77})
    ada = someone("ada")
    given = {
        "component": runners.ref, "title": "Jobs", "name": "jobs", "type": "events", "total": "jobs_total",
        "good": 'jobs_total{result="ok"}', "target": "99", "window": "30d", "policy": "workbook", "version": "1",
        "budget_policy": "hold-at-zero",
    }  # fmt: skip
    answer = ada.post(f"/slos/{made.pk}/edit", given, format="multipart")
    assert answer.status_code == 302, text(answer.content)
    saved = Objective.objects.select_related("budget_policy", "definition").get(pk=made.pk)
    assert saved.budget_policy
    assert saved.budget_policy.name == "hold-at-zero"
    assert saved.definition.max_series == 77
