"""Stored deliveries: kept before they are answered, taken once, in order, and what fails is kept too."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import ApiToken
from incidents.intake import deliveries, own
from incidents.intake.batch import Batch
from incidents.models import Alert, Delivery, Incident
from portal.lib.errors import Invalid
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def token() -> ApiToken:
    return make.token("alerts:send")[0]


def send(token: ApiToken, **body: object) -> Delivery:
    return deliveries.accept(
        body={"key": "disk", "summary": "Disk full", **body}, by=Actor(token=token, via="api"), now=NOW
    )


def test_a_delivery_is_stored_and_the_sweep_makes_an_incident_of_it(token: ApiToken) -> None:
    component = make.component("runners", tier=1)
    stored = send(token, component="runners", severity="page", links=[{"url": "https://ci.example.org", "title": "CI"}])
    assert not Incident.objects.exists()
    assert deliveries.process_due(now=NOW) == 1
    stored.refresh_from_db()
    incident = Incident.objects.get()
    assert (incident.component, incident.severity, incident.title) == (component, 1, "Disk full")
    assert (stored.state, stored.outcome, stored.alert) == ("done", f"opened {incident.label}", Alert.objects.get())


def test_the_opening_keeps_when_the_delivery_was_accepted(token: ApiToken) -> None:
    stored = send(token)
    deliveries.process_due(now=NOW + timedelta(seconds=40))
    opening = Incident.objects.get().timeline.get(kind="opened")
    assert opening.data == {"accepted_at": stored.received_at.isoformat()}


def test_a_delivery_is_taken_once(token: ApiToken) -> None:
    send(token)
    assert [deliveries.process_due(now=NOW) for _ in "12"] == [1, 0]


def test_firing_and_resolved_of_one_key_are_taken_in_order_of_arrival(token: ApiToken) -> None:
    send(token, status="firing")
    send(token, status="resolved")
    assert [deliveries.process_due(now=NOW) for _ in "12"] == [2, 0]
    assert Incident.objects.get().state == "resolved"


def test_two_senders_cannot_clear_each_others_alerts(token: ApiToken) -> None:
    send(token)
    send(make.token("alerts:send", name="other")[0], status="resolved")
    deliveries.process_due(now=NOW)
    assert Incident.objects.get().is_open


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], ""),
        ({}, "key"),
        ({"key": 7}, "key"),
        ({"key": "a\x00b"}, "key"),
        ({"key": "k", "summary": "s" * 301}, "summary"),
        ({"key": "k", "severity": "loud"}, "severity"),
        ({"key": "k", "status": "maybe"}, "status"),
        ({"key": "k", "links": ["x"]}, "links"),
        ({"key": "k", "links": [{"url": "javascript:x"}]}, "links"),
    ],
)
def test_a_malformed_delivery_names_the_field_and_is_kept(token: ApiToken, body: object, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        deliveries.accept(body=body, by=Actor(token=token, via="api"), now=NOW)
    assert [error.field for error in caught.value.errors] == [field]
    assert Delivery.objects.get().state == Delivery.State.REJECTED


def test_a_delivery_that_fails_is_pushed_back_and_holds_up_no_other(
    token: ApiToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = send(token, key="bad"), send(token, key="good")
    sound = own.read

    def fails_on_bad(body: object) -> own.OwnAlert:
        alert = sound(body)
        if alert.key == "bad":
            raise RuntimeError("a bug")
        return alert

    monkeypatch.setattr(own, "read", fails_on_bad)
    assert deliveries.process_due(now=NOW) == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.due_at, good.state) == ("stored", NOW + timedelta(seconds=5), "done")
    monkeypatch.undo()
    assert deliveries.process_due(now=NOW + timedelta(seconds=5)) == 1


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("runners", "component:default/runners"),
        ("ops/runners", "component:ops/runners"),
        ("Resource:Default/DB", "resource:default/db"),
        ("", ""),
    ],
)
def test_components_may_be_named_short(text: str, ref: str) -> None:
    assert own.full_ref(text) == ref


def test_over_http_it_is_kept_and_answered_at_once(api: APIClient) -> None:
    _, text = make.token("alerts:send")
    answer = make.signed(api, text).post("/api/v1/alerts", {"key": "disk", "component": "runners"})
    assert answer.status_code == 202
    stored = Delivery.objects.get()
    assert (answer.json()["delivery"], stored.state, stored.key) == (
        stored.pk,
        "stored",
        f"token-{stored.token_id}:disk",
    )


def test_over_http_a_malformed_one_names_the_field(api: APIClient) -> None:
    answer = make.signed(api, make.token("alerts:send")[1]).post("/api/v1/alerts", {"summary": "no key"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "key")


@pytest.mark.parametrize(
    ("body", "sent", "status"),
    [
        (b'{"key": "disk"', {}, 400),
        (b"\xff\xfe", {}, 400),
        (b'{"key": "\\u0000"}', {}, 400),
        (b'{"key": "disk"}', {"HTTP_CONTENT_ENCODING": "gzip"}, 415),
        (b"key=disk", {"content_type": "application/x-www-form-urlencoded"}, 415),
    ],
    ids=["half", "no-utf8", "nul", "packed", "form"],
)
def test_over_http_what_can_not_be_read_is_kept_with_the_reason(body: bytes, sent: dict[str, str], status: int) -> None:
    _, text = make.token("alerts:send")
    asked: dict[str, Any] = {"content_type": "application/json", "HTTP_AUTHORIZATION": f"Bearer {text}", **sent}
    answer = Client().post("/api/v1/alerts", body, **asked)
    kept = Delivery.objects.get()
    assert (answer.status_code, kept.state, kept.taken_at is None) == (status, "rejected", False)
    assert kept.raw == body.decode("utf-8", "replace")
    assert kept.outcome


def test_over_http_what_is_too_large_is_kept_without_its_body() -> None:
    _, text = make.token("alerts:send")
    body = b'{"key": "' + b"x" * 6_000_000 + b'"}'
    answer = Client().post("/api/v1/alerts", body, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {text}")
    kept = Delivery.objects.get()
    assert (answer.status_code, kept.state, kept.raw) == (413, "rejected", "")
    assert kept.outcome


def test_over_http_a_token_that_may_not_send_alerts_leaves_nothing_behind() -> None:
    _, text = make.token("components:write")
    Client().post("/api/v1/alerts", b"{", content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {text}")
    assert not Delivery.objects.exists()


def test_nobody_a_stranger_and_a_token_without_the_scope_are_kept_out(api: APIClient) -> None:
    assert api.post("/api/v1/alerts", {"key": "k"}).status_code == 401
    assert make.signed(api, "portico_unknown").post("/api/v1/alerts", {"key": "k"}).status_code == 401
    assert make.signed(api, make.token("read")[1]).post("/api/v1/alerts", {"key": "k"}).status_code == 403
    assert not Delivery.objects.exists()


def test_a_token_limited_to_a_team_sends_no_alerts_for_anothers_component(api: APIClient) -> None:
    make.component("dns", owner=make.team("network"))
    _, text = make.token("alerts:send", teams=[make.team("ci")])
    assert make.signed(api, text).post("/api/v1/alerts", {"key": "k", "component": "dns"}).status_code == 403


def test_an_accepted_alert_that_can_never_be_taken_pages_the_catch_all(
    token: ApiToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_incidents.catch_all(make_incidents.reachable("root"))
    stored = send(token)

    def broken(row: Delivery, batch: Batch) -> tuple[Alert | None, str]:
        raise RuntimeError("a bug")

    monkeypatch.setitem(deliveries.TAKERS, stored.kind, broken)
    now = NOW
    for _ in range(deliveries.TRIES + 1):
        assert not Incident.objects.exists()
        deliveries.process_due(now=now)
        now += timedelta(hours=1)
    stored.refresh_from_db()
    assert stored.state == Delivery.State.REJECTED
    incident = Incident.objects.get()
    assert f"delivery {stored.pk}" in incident.title
    assert make_incidents.page_of(incident, "catch-all").is_untaken
    assert stored.alert == Alert.objects.get()


def test_what_spoils_a_whole_batch_is_found_and_pushed_back(token: ApiToken, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = send(token, key="bad"), send(token, key="good")
    sound = Batch.look_ahead

    def spoilt(self: Batch, rows: Sequence[Delivery]) -> None:
        if any(row.pk == bad.pk for row in rows):
            Delivery.objects.create(received_at=NOW, due_at=NOW, kind="x" * 30)  # a transaction that can't go on
        sound(self, rows)

    monkeypatch.setattr(Batch, "look_ahead", spoilt)
    assert deliveries.process_due(now=NOW) == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.attempts, good.state) == ("stored", 1, "done")
    monkeypatch.undo()
    assert deliveries.process_due(now=bad.due_at) == 1
