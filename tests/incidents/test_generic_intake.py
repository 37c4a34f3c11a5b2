"""Any JSON by a mapping, Portico's own on a key, and the preview of what would be read."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from incidents.intake import deliveries
from incidents.intake.previewing import preview
from incidents.models import Alert, Delivery, Incident
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from tests import make, make_incidents

pytestmark = pytest.mark.django_db
MAPPING = {
    "key": "/check/id",
    "summary": "/check/name",
    "component": "/tags/service",
    "severity": "/level",
    "status": "/state",
    "links": ["/urls/0", "/dashboard"],
    "labels": {"region": "/tags/region"},
    "severities": {"sev1": "page", "sev3": "ticket"},
    "statuses": {"fine again": "resolved"},
}
BODY: dict[str, Any] = {
    "check": {"id": 4711, "name": "Queue grows"},
    "tags": {"service": "ci-runners", "region": "eu"},
    "level": "SEV1",
    "state": "broken",
    "urls": ["https://x.example.org"],
}


def take_all() -> None:
    """Until nothing waits."""
    while deliveries.process_due(now=db_now()):
        pass


def post(api: APIClient, key: str, body: Any) -> Any:
    return api.post(f"/api/v1/alerts/generic/{key}", body, format="json")


def test_it_is_read_by_pointers_and_words_are_translated(api: APIClient) -> None:
    runners = make.component("ci-runners")
    row, key = make_incidents.integration("generic", mapping=MAPPING)
    assert post(api, key, BODY).status_code == 202
    take_all()
    alert = Alert.objects.get()
    assert (alert.key, alert.summary, alert.rule, alert.component) == (
        f"integration-{row.pk}:4711", "Queue grows", "page", runners,
    )  # fmt: skip
    assert [link["url"] for link in alert.links] == ["https://x.example.org"]
    post(api, key, BODY | {"state": "Fine again"})
    take_all()
    assert Incident.objects.get().state == "resolved"


def test_many_alerts_in_one_request(api: APIClient) -> None:
    _, key = make_incidents.integration("generic", mapping={"items": "/alerts", "key": "/id", "summary": "/t"})
    assert post(api, key, {"alerts": [{"id": n, "t": f"T{n}"} for n in range(3)]}).status_code == 202
    take_all()
    assert sorted(Incident.objects.values_list("title", flat=True)) == ["T0", "T1", "T2"]


@pytest.mark.parametrize(
    ("mapping", "body", "field"),
    [
        ({"key": "/id"}, {}, "/id"),
        ({"key": "/id"}, {"id": ""}, "/id"),
        ({"key": "/id"}, {"id": {}}, "/id"),
        ({"key": "/id"}, [], "/id"),
        ({"key": "/id"}, 7, "/id"),
        ({"summary": "/t"}, {"id": 7}, "/t"),
        ({"items": "/a", "key": "/id"}, {"id": 7}, "/a"),
        ({"items": "/a", "key": "/id"}, {"a": [{"id": 1}, {}]}, "/a/1/id"),
    ],
)
def test_a_pointer_that_finds_nothing_is_named_and_the_request_kept(
    api: APIClient, mapping: dict[str, Any], body: Any, field: str
) -> None:
    _, key = make_incidents.integration("generic", mapping=mapping)
    answer = post(api, key, body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert Delivery.objects.get().state == "rejected"


def test_long_keys_stay_apart(api: APIClient) -> None:
    _, key = make_incidents.integration("generic", mapping={"key": "/id"})
    for end in "ab":
        post(api, key, {"id": "x" * 1000 + end})
    take_all()
    assert Alert.objects.count() == 2


def test_porticos_own_json_on_a_key(api: APIClient) -> None:
    runners = make.component("ci-runners")
    _, key = make_incidents.integration("own")
    url = f"/api/v1/alerts/own/{key}"
    assert api.post(url, {"key": "disk", "component": "ci-runners", "severity": "ticket"}).status_code == 202
    take_all()
    assert (Incident.objects.get().component, Incident.objects.get().severity) == (runners, 4)
    assert api.post(url, {"summary": "no key"}).json()["errors"][0]["field"] == "key"
    api.post(url, {"key": "disk", "status": "resolved"})
    take_all()
    assert Incident.objects.get().state == "resolved"


def test_a_preview_shows_what_would_be_read_and_keeps_nothing(api: APIClient) -> None:
    make.component("ci-runners", owner=make.team("build-ci"))
    seen = preview(kind="generic", settings={"mapping": MAPPING}, sample=BODY)
    assert (seen.count, seen.errors) == (1, ())
    only = seen.alerts[0]
    assert (only.key, only.summary, only.rule, only.component, only.known, only.owner) == (
        "4711", "Queue grows", "page", "component:default/ci-runners", True, "Build Ci",
    )  # fmt: skip
    assert (only.status, only.found_by) == ("firing", "label component=ci-runners")
    assert not Delivery.objects.exists()


def test_a_preview_names_what_is_wrong_with_the_sample_and_with_the_settings() -> None:
    assert [e.field for e in preview(kind="generic", settings={"mapping": MAPPING}, sample={}).errors] == ["/check/id"]
    assert "no JSON" in preview(kind="generic", settings={"mapping": MAPPING}, sample="{").errors[0].message
    with pytest.raises(Invalid):
        preview(kind="generic", settings={"mapping": {}}, sample="{}")


def test_a_preview_of_alertmanager_tells_every_alert() -> None:
    message = make_incidents.am_message(make_incidents.am_alert("A"), make_incidents.am_alert("B"))
    seen = preview(kind="alertmanager", settings={"grouping": ["alertname"]}, sample=message)
    told = [(one.summary, one.group) for one in seen.alerts]
    assert told == [("A happened", "alertname=A"), ("B happened", "alertname=B")]
