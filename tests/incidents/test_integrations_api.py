"""Integrations and deliveries over HTTP: what the pages do, a program can do too."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from incidents.intake import deliveries
from incidents.models import Delivery, Integration
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.make_incidents import am_alert, am_message

pytestmark = pytest.mark.django_db
URL = "/api/v1/integrations"


@pytest.fixture
def ci(api: APIClient) -> APIClient:
    """A token of the team CI that may write incidents."""
    return make.signed(api, make.token("incidents:write", teams=[make.team("ci")])[1])


def made(ci: APIClient, **fields: Any) -> dict[str, Any]:
    body = {"name": "Prometheus", "kind": "alertmanager", "team": "group:default/ci", **fields}
    answer = ci.post(URL, body)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_made_listed_read_changed_retired(ci: APIClient) -> None:
    new = made(ci, settings={"grouping": ["cluster"]})
    pk = new["integration"]["id"]
    assert new["key"] in new["recipes"][0]["text"]
    listed = ci.get(URL, {"team": "group:default/ci", "kind": "alertmanager"}).json()["results"]
    assert [(one["id"], one["settings"]["grouping"], len(one["keys"])) for one in listed] == [(pk, ["cluster"], 1)]
    assert new["key"] not in str(listed)
    changed = ci.patch(f"{URL}/{pk}", {"name": "Prometheus eu", "settings": {"grouping": "none"}}).json()
    assert (changed["name"], changed["settings"]["grouping"]) == ("Prometheus eu", "none")
    assert ci.delete(f"{URL}/{pk}").json()["retired_at"]
    assert ci.get(URL).json()["results"] == []
    assert [one["id"] for one in ci.get(URL, {"retired": "true"}).json()["results"]] == [pk]
    assert ci.patch(f"{URL}/{pk}", {"name": "x"}).status_code == 409


def test_keys_are_rotated_and_revoked(ci: APIClient, api: APIClient) -> None:
    new = made(ci)
    pk = new["integration"]["id"]
    until = (db_now() + timedelta(days=1)).isoformat()
    rotated = ci.post(f"{URL}/{pk}/keys", {"old_until": until})
    assert rotated.status_code == 201
    newest, oldest = rotated.json()["integration"]["keys"]
    assert (newest["expires_at"], bool(oldest["expires_at"]), oldest["good"]) == (None, True, True)
    assert ci.delete(f"{URL}/{pk}/keys/{oldest['id']}").status_code == 204
    for key, status in ((new["key"], 404), (rotated.json()["key"], 202)):
        assert APIClient().post(f"/api/v1/alerts/alertmanager/{key}", am_message()).status_code == status
    assert ci.delete(f"{URL}/{pk}/keys/9999999").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "alertmanager"}, "name"),
        ({"name": "x", "kind": "pigeon"}, "kind"),
        ({"name": "x", "kind": "own", "team": "group:default/ghost"}, "team"),
        ({"name": "x", "kind": "own", "team": "group:default/ci", "settings": {"a": 1}}, "settings.a"),
        ({"name": "x", "kind": "generic", "team": "group:default/ci"}, "settings.mapping.key"),
        ({"name": "x", "kind": "own", "tame": "y"}, "tame"),
    ],
)
def test_what_is_wrong_is_named(ci: APIClient, body: dict[str, Any], field: str) -> None:
    answer = ci.post(URL, body)
    assert (answer.status_code, field in [error["field"] for error in answer.json()["errors"]]) == (400, True)
    assert not Integration.objects.exists()


def test_others_are_kept_out(ci: APIClient) -> None:
    pk = made(ci)["integration"]["id"]
    other = make.signed(APIClient(), make.token("incidents:write", teams=[make.team("network")])[1])
    reader = make.signed(APIClient(), make.token("read")[1])
    for client in (other, reader):
        assert client.get(f"{URL}/{pk}").status_code == 200
        assert client.patch(f"{URL}/{pk}", {"name": "x"}).status_code == 403
        assert client.delete(f"{URL}/{pk}").status_code == 403
        assert client.post(f"{URL}/{pk}/keys", {}).status_code == 403
    assert APIClient().get(URL).status_code == 401
    assert ci.post(URL, {"name": "x", "kind": "own"}).status_code == 403


def test_a_preview_over_http(ci: APIClient) -> None:
    body = {"kind": "generic", "settings": {"mapping": {"key": "/id"}}, "sample": {"id": 7}}
    seen = ci.post(f"{URL}/preview", body).json()
    assert ([one["key"] for one in seen["alerts"]], seen["errors"]) == (["7"], [])
    assert ci.post(f"{URL}/preview", body | {"sample": "{"}).json()["errors"][0]["code"] == "malformed"
    assert ci.post(f"{URL}/preview", body | {"settings": {}}).status_code == 400
    assert not Delivery.objects.exists()


def test_deliveries_are_listed_filtered_read_and_replayed(ci: APIClient) -> None:
    key = made(ci)["key"]
    sender = APIClient()
    sender.post(f"/api/v1/alerts/alertmanager/{key}", am_message(am_alert("A"), am_alert("B")))
    sender.post(f"/api/v1/alerts/alertmanager/{key}", {"alerts": 7})
    while deliveries.process_due(now=db_now()):
        pass
    rejected, whole = ci.get("/api/v1/deliveries").json()["results"]
    assert (rejected["state"], whole["state"], whole["parts"], whole["parts_waiting"]) == ("rejected", "done", 2, 0)
    for filters, found in (
        ({"state": "rejected"}, [rejected["id"]]),
        ({"outcome": "opened"}, [whole["id"]]),
        ({"integration": str(whole["integration"]), "limit": "1"}, [rejected["id"]]),
        ({"until": "2000-01-01"}, []),
    ):
        assert [one["id"] for one in ci.get("/api/v1/deliveries", filters).json()["results"]] == found, filters
    for filters in ({"state": "x"}, {"outcome": "x"}, {"integration": "x"}, {"since": "yesterday"}):
        assert ci.get("/api/v1/deliveries", filters).status_code == 400
    assert '"alertname":"A"' in ci.get(f"/api/v1/deliveries/{whole['id']}").json()["body"]
    parts = ci.get(f"/api/v1/deliveries/{whole['id']}/parts").json()["results"]
    assert [one["outcome"].split()[0] for one in parts] == ["opened", "opened"]
    again = ci.post(f"/api/v1/deliveries/{whole['id']}/replay")
    assert (again.status_code, again.json()["replay_of"]) == (202, whole["id"])
    assert ci.post(f"/api/v1/deliveries/{rejected['id']}/replay").status_code == 400
    assert ci.get("/api/v1/deliveries/999999999").status_code == 404


def test_a_heartbeat_tells_how_it_does(ci: APIClient) -> None:
    new = made(ci, kind="heartbeat", settings={"every": "1h"})
    assert new["integration"]["heartbeat"]["state"] == "waiting"
    APIClient().post(f"/api/v1/heartbeats/{new['key']}")
    beat = ci.get(f"{URL}/{new['integration']['id']}").json()["heartbeat"]
    assert (beat["state"], bool(beat["due_at"])) == ("alive", True)


def test_lists_cost_the_same_however_long(ci: APIClient, django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        _, key = make_incidents.integration()
        APIClient().post(f"/api/v1/alerts/alertmanager/{key}", am_message())
    while deliveries.process_due(now=db_now()):
        pass
    for url in (URL, "/api/v1/deliveries"):
        with django_assert_max_num_queries(6):
            assert len(ci.get(url).json()["results"]) == 20
