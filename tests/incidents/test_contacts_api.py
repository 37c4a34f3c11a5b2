"""Contact methods, rules, hours, inbox and attempts over HTTP."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Person
from incidents.models import InboxMessage, Notification
from incidents.operations.telling import tell
from incidents.paging import advance_due, deliver_due
from tests import make, make_incidents
from tests.fakes.smtp import MailSink
from tests.fakes.webhook import WebhookSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
ADA = "/api/v1/people/default/ada"


@pytest.fixture
def ada() -> Person:
    return make.person("ada")


@pytest.fixture
def as_ada(ada: Person, api: APIClient) -> APIClient:
    api.force_login(make.account_of(ada))
    return api


def test_the_whole_way_over_http(as_ada: APIClient) -> None:
    channels = {one["channel"]: one for one in as_ada.get("/api/v1/contact-channels").json()["results"]}
    assert [field["name"] for field in channels["ntfy"]["fields"]] == ["server", "topic", "token"]
    with WebhookSink.running() as hook:
        answer = as_ada.post(
            f"{ADA}/contact-methods", {"channel": "webhook", "fields": {"url": hook.url}, "label": "Bot"}, format="json"
        )
        assert answer.status_code == 201
        made = answer.json()
        assert len(made["secret"]) > 30
        deliver_due()
        one = f"{ADA}/contact-methods/{made['id']}"
        wrong = as_ada.post(f"{one}/confirm", {"code": "x"}, format="json")
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "code")
        code = hook.received[0].body["code"]
        assert as_ada.post(f"{one}/confirm", {"code": code}, format="json").json()["confirmed_at"] is not None
        assert as_ada.post(f"{one}/code").status_code == 409
        assert as_ada.post(f"{one}/test").json()["state"] == "pending"
        assert as_ada.post(f"{one}/test").status_code == 429
        deliver_due()
        told = as_ada.get(one).json()
        assert (told["trial"]["state"], told["trial"]["receipt"]) == ("sent", "200 OK")
        assert "secret" not in told
    put = as_ada.put(
        f"{ADA}/contact-rules/high", {"rules": [{"method": made["id"], "after_minutes": 2}]}, format="json"
    )
    assert put.json()["words"] == "After 2 min by Webhook (Bot)."
    assert as_ada.get(f"{ADA}/contact-rules/high").json() == put.json()
    assert as_ada.get(f"{ADA}/contact-rules/medium").status_code == 404
    changed = as_ada.patch(one, {"label": "Robot", "position": 0}, format="json").json()
    assert changed["label"] == "Robot"
    assert as_ada.delete(one).status_code == 409, "it is the last confirmed one"
    assert as_ada.delete(f"{one}?sure=true").status_code == 204
    assert as_ada.get(one).status_code == 404


def test_working_hours_over_http(as_ada: APIClient) -> None:
    said = {"time_zone": "Europe/Berlin", "days": ["monday"], "start": "09:00:00", "end": "17:00:00"}
    assert as_ada.get(f"{ADA}/working-hours").status_code == 204
    assert as_ada.put(f"{ADA}/working-hours", said, format="json").json() == said
    assert as_ada.put(f"{ADA}/working-hours", {**said, "time_zone": "x"}, format="json").status_code == 400
    assert as_ada.delete(f"{ADA}/working-hours").status_code == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channel": "pigeon", "fields": {}}, "channel"),
        ({"channel": "email", "fields": {"address": "x"}}, "address"),
        ({"channel": "email", "fields": {"address": "a@b.org\nBcc: c@d.org"}}, "address"),
        ({"channel": "webhook", "fields": {"url": "http://192.168.1.1/"}}, "url"),
        ({"channel": "email"}, "fields"),
        ({"channel": "email", "fields": {"address": "a@b.org", "x": "y"}}, "x"),
    ],
)
def test_a_bad_body_is_refused_at_its_field(as_ada: APIClient, body: dict[str, object], field: str) -> None:
    answer = as_ada.post(f"{ADA}/contact-methods", body, format="json")
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


def test_others_neither_see_nor_change_how_somebody_is_told(ada: Person, api: APIClient) -> None:
    method = make_incidents.method(ada)
    one = f"{ADA}/contact-methods/{method.pk}"
    hours = {"time_zone": "UTC", "days": ["monday"], "start": "09:00", "end": "10:00"}
    asked = [
        ("get", f"{ADA}/contact-methods", {}), ("post", f"{ADA}/contact-methods", {"channel": "email", "fields": {}}),
        ("get", one, {}), ("patch", one, {"label": "x"}), ("delete", f"{one}?sure=true", {}),
        ("post", f"{one}/code", {}), ("post", f"{one}/confirm", {"code": "1"}), ("post", f"{one}/test", {}),
        ("get", f"{ADA}/contact-rules/high", {}), ("put", f"{ADA}/contact-rules/high", {"rules": []}),
        ("get", f"{ADA}/working-hours", {}), ("put", f"{ADA}/working-hours", hours),
        ("delete", f"{ADA}/working-hours", {}), ("post", f"{ADA}/hand-on", {}), ("get", f"{ADA}/messages", {}),
    ]  # fmt: skip
    team = make.team("ci")
    _, of_team = make.token("read", "oncall:write", teams=[team], name="limited")
    _, read_only = make.token("read", name="reader")
    api.force_login(make.account("mallory"))
    for method_name, path, body in asked:
        assert getattr(api, method_name)(path, body, format="json").status_code == 403, path
    api.logout()
    for text in (of_team, read_only):
        make.signed(api, text)
        for method_name, path, body in asked:
            assert getattr(api, method_name)(path, body, format="json").status_code == 403, path
    api.credentials()
    for method_name, path, body in asked:
        assert getattr(api, method_name)(path, body, format="json").status_code == 401, path
    # my own address with somebody else's number
    mallory = Person.objects.get(name="mallory")
    api.force_login(make.account_of(mallory))
    assert api.get(f"/api/v1/people/default/mallory/contact-methods/{method.pk}").status_code == 404
    method.refresh_from_db()
    assert (method.removed_at, method.label) == (None, "")


def test_the_inbox_over_http(ada: Person, as_ada: APIClient) -> None:
    linh = make.person("linh")
    for number in range(3):
        tell(person=ada, subject=f"News {number}", text="t", key=str(number), now=NOW)
    tell(person=linh, subject="Theirs", text="t", key="x", now=NOW)
    found = as_ada.get("/api/v1/me/inbox?limit=2").json()
    assert [one["subject"] for one in found["results"]] == ["News 2", "News 1"]
    assert found["next"] is not None
    pk = found["results"][0]["id"]
    assert as_ada.post(f"/api/v1/me/inbox/{pk}/read").json()["read_at"] is not None
    assert len(as_ada.get("/api/v1/me/inbox?unread=true").json()["results"]) == 2
    theirs = InboxMessage.objects.get(person=linh)
    assert as_ada.post(f"/api/v1/me/inbox/{theirs.pk}/read").status_code == 404
    assert as_ada.post("/api/v1/me/inbox/read").status_code == 204
    assert as_ada.get("/api/v1/me/inbox?unread=true").json()["results"] == []
    theirs.refresh_from_db()
    assert theirs.read_at is None
    _, text = make.token("read")
    as_ada.logout()
    assert make.signed(as_ada, text).get("/api/v1/me/inbox").status_code == 403


def test_attempts_are_told_to_everybody_and_addresses_to_few(ada: Person, as_ada: APIClient, mailbox: MailSink) -> None:
    make_incidents.method(ada)
    make_incidents.method(ada, "https://hooks.example.org/very/secret/path", channel="webhook", order=1)
    mailbox.refuse = "550 no such mailbox ada@example.org"
    team = make_incidents.paged(make.team(), make_incidents.step(ada))
    incident = make_incidents.incident(make.component(owner=team, tier=1))
    advance_due(now=NOW)
    Notification.objects.filter(channel="webhook").update(state="pending")
    deliver_due(clock=lambda: NOW)
    path = f"/api/v1/incidents/{incident.number}/attempts"
    mine = as_ada.get(path).json()["results"]
    assert (mine[0]["address"], mine[0]["outcome"], mine[0]["number"]) == ("ada@example.org", "permanent", 1)
    as_ada.force_login(make.account("mallory"))
    theirs = as_ada.get(path).json()["results"]
    assert [one["address"] for one in theirs] == ["a…@example.org", "hooks.example.org"]
    assert "ada@example.org" not in str(theirs)
    messages = as_ada.get(f"{ADA}/messages")
    assert messages.status_code == 403


def test_who_cannot_be_paged_is_for_platform_admins(ada: Person, api: APIClient) -> None:
    make_incidents.schedule(ada)
    api.force_login(make.account("root", admin=True))
    assert api.get("/api/v1/people/unreachable").json()["results"] == [{"person": ada.ref, "on_call": True}]
    assert len(api.get("/api/v1/people/unreachable?among=all").json()["results"]) == 2
    api.force_login(make.account_of(ada))
    assert api.get("/api/v1/people/unreachable").status_code == 403


@pytest.mark.parametrize(
    ("key", "kind", "step"),
    [
        ("7-31-0-0.2.0-5", "page", "step 3"),
        ("7-31-0-1.0.1-5", "page", "step 1, round 2, try 2"),
        ("7-31-0-ask-1764.250-5", "ask", ""),
        ("item-8", "told", ""),
    ],
)
def test_a_page_in_the_inbox_says_by_which_step_it_came(key: str, kind: str, step: str) -> None:
    assert InboxMessage(key=key, kind=kind).step == step
