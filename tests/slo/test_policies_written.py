"""Alert policies by form and over the API."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import AuditEntry
from slo.models import AlertPolicy
from slo.windows import WORKBOOK
from tests import make, make_slo
from tests.slo.test_pages import MOST, text

pytestmark = pytest.mark.django_db
RULE = {
    "name_0": "fast", "value_0": "90", "measure_0": "ratio", "long_0": "10m", "short_0": "2m", "severity_0": "page",
    "min_bad_0": "5", "min_events_0": "20",
}  # fmt: skip


@pytest.fixture
def admin(client: Client) -> Client:
    """Katrin, who may."""
    client.force_login(make.account_of(make.person("katrin", admin=True)))
    return client


def form_of(page: Any) -> dict[str, Any]:
    return {field.html_name: field.value() for field in page.context["form"] if field.value() not in (None, "")}


def test_a_policy_says_what_its_rules_come_to(
    admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_slo.policy()
    make_slo.objective("jobs")
    with django_assert_max_num_queries(MOST):
        said = text(admin.get("/alert-policies/workbook").content)
    assert "2 % of the budget" in said
    assert "14.4" in said
    assert "90 % at lowered factors late 54 min" in said
    assert "Jobs" in said
    assert "workbook" in text(admin.get("/alert-policies").content)


def test_a_new_policy_begins_with_the_workbooks_rules(admin: Client) -> None:
    given = form_of(admin.get("/alert-policies/new")) | {"name": "mine"}
    made = admin.post("/alert-policies/new", given)
    assert made["Location"] == "/alert-policies/mine"
    assert AlertPolicy.objects.get().rules == WORKBOOK
    admin.post("/alert-policies/mine/edit", form_of(admin.get("/alert-policies/mine/edit")))
    assert AuditEntry.objects.count() == 1, "sent back as it is it changes nothing"


def test_rules_are_rows(admin: Client) -> None:
    assert admin.post("/alert-policies/new", {"name": "mine", **RULE}).status_code == 302
    assert AlertPolicy.objects.get().rules == [
        {"name": "fast", "title": "fast", "ratio": "0.9", "long": "10m", "short": "2m", "severity": "page",
         "min_bad": 5, "min_events": 20}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"long_0": "soon"}, "long_0"),
        ({"short_0": "90s"}, "short_0"),
        ({"short_0": "1h"}, "short_0"),
        ({"value_0": ""}, "value_0"),
        ({"value_0": "200"}, "value_0"),
        ({"name_0": ""}, "name_0"),
        ({"min_bad_0": "-1"}, "min_bad_0"),
        ({f"{key}_1": RULE[f"{key}_0"] for key in ("name", "value", "long", "short")}, "__all__"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_beside_it(admin: Client, changes: dict[str, str], field: str) -> None:
    page = admin.post("/alert-policies/new", {"name": "mine", **RULE, **changes})
    assert page.status_code == 400
    assert list(page.context["form"].errors) == [field]
    assert not AlertPolicy.objects.exists()


def test_one_in_use_is_not_deleted_and_one_of_that_name_not_overwritten(admin: Client) -> None:
    make_slo.objective("jobs", policy=make_slo.policy("mine"))
    assert "Objectives are judged by it" in text(admin.post("/alert-policies/mine/delete", follow=True).content)
    assert "choose another one" in text(admin.post("/alert-policies/new", {"name": "mine", **RULE}).content)
    make_slo.policy("other")
    assert admin.post("/alert-policies/other/delete").status_code == 302
    assert [one.name for one in AlertPolicy.objects.all()] == ["mine"]


def test_others_look_and_change_nothing(client: Client) -> None:
    make_slo.policy("mine")
    client.force_login(make.account_of(make.person("linh")))
    assert client.get("/alert-policies/mine").status_code == 200
    for path in ("new", "mine/edit", "mine/delete"):
        assert client.post(f"/alert-policies/{path}", {"name": "mine", **RULE}).status_code == 403
    assert AlertPolicy.objects.get().rules == WORKBOOK


def test_the_api_does_the_same(api: APIClient) -> None:
    api.force_login(make.account_of(make.person("katrin", admin=True)))
    signed = api
    rule = {"name": "fast", "ratio": "0.9", "long": "10m", "short": "2m", "severity": "page"}
    made = signed.put("/api/v1/alert-policies/mine", {"rules": [rule]}, format="json")
    assert (made.status_code, made.json()["outage_pages_after"]["0.9"]) == (201, "9m")
    assert signed.put("/api/v1/alert-policies/mine", made.json(), format="json").status_code == 200
    assert [one["name"] for one in signed.get("/api/v1/alert-policies").json()["results"]] == ["mine"]
    wrong = signed.put("/api/v1/alert-policies/mine", {"rules": [rule | {"long": "90s"}]}, format="json")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "rules")
    make_slo.objective("jobs", policy=AlertPolicy.objects.get())
    assert signed.delete("/api/v1/alert-policies/mine").status_code == 400
    assert signed.get("/api/v1/alert-policies/none").status_code == 404
