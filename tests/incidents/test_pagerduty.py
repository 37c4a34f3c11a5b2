"""PagerDuty's Events API v2: its public client pointed at us, and its answers word for word in their shape."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pagerduty
import pytest
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from incidents.intake import deliveries
from incidents.models import Alert, Delivery, Incident
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.fakes.tls import Fronted, tls_in_front_of

URL = "/api/v1/events/pagerduty/v2/enqueue"


def take_all() -> None:
    """Until nothing waits."""
    while deliveries.process_due(now=db_now()):
        pass


@pytest.fixture
def fronted(live_server: LiveServer, tmp_path: Path) -> Iterator[Fronted]:
    """Their client speaks TLS only."""
    with tls_in_front_of(live_server.url, tmp_path) as found:
        yield found


def client_of(fronted: Fronted, key: str) -> pagerduty.EventsApiV2Client:
    return pagerduty.EventsApiV2Client(key, base_url=f"{fronted.url}/api/v1/events/pagerduty", verify=fronted.trust)


def event(key: str, action: str = "trigger", **fields: Any) -> dict[str, Any]:
    payload = {"summary": "Disk full", "source": "db-1", "severity": "critical", **fields.pop("payload", {})}
    return {"routing_key": key, "event_action": action, "payload": payload, **fields}


@pytest.mark.django_db(transaction=True)
def test_the_public_client_triggers_acknowledges_and_resolves(fronted: Fronted) -> None:
    runners = make.component("ci-runners", tier=2)
    row, key = make_incidents.integration("pagerduty")
    client = client_of(fronted, key)
    dedup = client.trigger(
        "Disk full",
        "db-1",
        severity="critical",
        payload={"component": "ci-runners", "group": "prod", "class": "disk"},
        custom_details={"free": "0 %"},
        links=[{"href": "https://runbooks.example.org/disk", "text": "Runbook"}],
        images=[{"src": "https://graphs.example.org/disk.png", "alt": "Disk"}],
    )
    take_all()
    incident = Incident.objects.get()
    assert (incident.component, incident.severity, incident.title) == (runners, 2, "Disk full")
    alert = Alert.objects.get()
    assert (alert.key, alert.details["custom_details"]) == (f"integration-{row.pk}:{dedup}", {"free": "0 %"})
    assert [link["title"] for link in alert.links] == ["Runbook", "Disk"]
    assert client.acknowledge(dedup) == dedup
    take_all()
    incident.refresh_from_db()
    assert incident.state == "triggered"  # nobody is named: paging goes on
    assert "Acknowledged at the source" in incident.timeline.latest("pk").words
    client.resolve(dedup)
    take_all()
    incident.refresh_from_db()
    assert incident.state == "resolved"
    assert Delivery.objects.filter(state="done").count() == 3


@pytest.mark.django_db(transaction=True)
def test_the_public_client_is_told_what_is_wrong(fronted: Fronted) -> None:
    _, key = make_incidents.integration("pagerduty")
    with pytest.raises(pagerduty.HttpError):
        client_of(fronted, "0" * 32).trigger("x", "y")
    with pytest.raises(pagerduty.HttpError):
        client_of(fronted, key).trigger("x", "y", severity="odd")
    assert Delivery.objects.get().state == "rejected"


@pytest.mark.django_db
def test_answers_are_shaped_as_pagerdutys(api: APIClient) -> None:
    _, key = make_incidents.integration("pagerduty")
    answer = api.post(URL, event(key, dedup_key="disk/db-1"))
    assert (answer.status_code, answer.json()) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "disk/db-1"},
    )
    made_up = api.post(URL, event(key)).json()["dedup_key"]
    assert len(made_up) == 32
    refused = api.post(URL, event(key, payload={"severity": "odd", "summary": " "}))
    assert (refused.status_code, refused.json()) == (
        400,
        {
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": [
                "'payload.summary' is missing or blank",
                "'payload.severity' must be one of critical, error, warning, info",
            ],
        },
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"event_action": "explode"}, "event_action"),
        ({"event_action": ["trigger"]}, "event_action"),
        ({"event_action": "resolve"}, "dedup_key"),
        ({"event_action": "acknowledge", "dedup_key": ""}, "dedup_key"),
        ({"dedup_key": "x" * 256}, "dedup_key"),
        ({"dedup_key": 7}, "dedup_key"),
        ({"payload": None}, "payload"),
        ({"links": "x"}, "links"),
        ({"images": [7]}, "images"),
    ],
)
def test_a_malformed_event_is_kept_and_says_why(api: APIClient, change: dict[str, Any], word: str) -> None:
    _, key = make_incidents.integration("pagerduty")
    answer = api.post(URL, event(key) | change)
    assert (answer.status_code, f"'{word}" in answer.json()["errors"][0]) == (400, True)
    kept = Delivery.objects.get()
    assert (kept.state, key in kept.raw) == ("rejected", False)


@pytest.mark.django_db
def test_the_key_is_not_kept_with_the_event(api: APIClient) -> None:
    _, key = make_incidents.integration("pagerduty")
    api.post(URL, event(key))
    assert key not in Delivery.objects.get().raw


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b'{"routing_key": 7}', b'{"routing_key": "wrong"}', b"\xff"])
def test_without_a_known_key_nothing_is_kept(api: APIClient, body: bytes) -> None:
    answer = api.post(URL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["status"]) == (400, "invalid event")
    assert not Delivery.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("severity", "incident"), [("critical", 2), ("error", 2), ("warning", 4), ("info", 5)])
def test_its_severities_are_pages_tickets_and_information(api: APIClient, severity: str, incident: int) -> None:
    _, key = make_incidents.integration("pagerduty")
    api.post(URL, event(key, payload={"severity": severity}))
    take_all()
    assert Incident.objects.get().severity == incident


@pytest.mark.django_db
def test_an_acknowledgement_that_names_somebody_is_theirs(api: APIClient) -> None:
    ada = make_incidents.reachable("ada")
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada))
    make.component("ci-runners", owner=team)
    _, key = make_incidents.integration("pagerduty")
    api.post(URL, event(key, dedup_key="d", payload={"component": "ci-runners"}))
    named = {"custom_details": {"acknowledged_by": "ADA@example.org"}}
    api.post(URL, event(key, "acknowledge", dedup_key="d", payload=named))
    take_all()
    incident = Incident.objects.get()
    assert (incident.state, incident.acknowledged_by) == ("acknowledged", ada)
    assert "acknowledged by Ada" in Delivery.objects.latest("pk").outcome


@pytest.mark.django_db
def test_acknowledging_what_is_not_open_says_so(api: APIClient) -> None:
    _, key = make_incidents.integration("pagerduty")
    api.post(URL, event(key, "acknowledge", dedup_key="d"))
    take_all()
    assert Delivery.objects.get().outcome == "nothing was open under this key"


@pytest.mark.django_db
def test_half_a_surrogate_pair_is_no_fault_of_ours() -> None:
    _, key = make_incidents.integration("pagerduty")

    def sent(said: dict[str, Any]) -> Any:
        return APIClient().generic("POST", URL, json.dumps(said), content_type="application/json")

    unknown, odd = sent(event("\ud800")), sent(event(key, dedup_key="q\ud800"))
    assert (unknown.status_code, unknown.json()["errors"]) == (
        400, ["'routing_key' is missing, not known, or was revoked"],
    )  # fmt: skip
    assert (odd.status_code, odd.json()["dedup_key"]) == (202, "q?")
    take_all()
    assert Alert.objects.get().cleared_at is None
    assert sent(event(key, "resolve", dedup_key=odd.json()["dedup_key"])).status_code == 202
    take_all()
    assert Alert.objects.get().cleared_at is not None
