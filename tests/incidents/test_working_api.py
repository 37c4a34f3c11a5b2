"""Working together and changes over HTTP."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from catalog.models import Component, Person
from incidents.models import Change, Follower, Incident
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db
CHANGES = "/api/v1/deployments"


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def runners(ada: Person) -> Component:
    ci = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada), make_incidents.step(ada))
    return make.component("ci-runners", owner=ci, tier=2)


@pytest.fixture
def incident(runners: Component) -> Incident:
    return make_incidents.incident(runners, now=db_now())


@pytest.fixture
def script(api: APIClient) -> APIClient:
    return make.signed(api, make.token("incidents:write", "alerts:send", name="deploys")[1])


def test_everything_the_page_can_the_api_can(script: APIClient, incident: Incident, ada: Person) -> None:
    here = f"/api/v1/incidents/{incident.number}"
    page = make_incidents.page_of(incident)
    bob = make_incidents.reachable("bob")
    until = (db_now() + timedelta(minutes=20)).isoformat()
    sent: list[tuple[str, dict[str, object], int]] = [
        ("/followers", {"person": bob.ref}, 201),
        ("/followers", {"person": bob.ref}, 200),
        ("/updates", {"state": "identified", "text": "Rolling back"}, 201),
        ("/roles", {"role": "commander", "person": bob.ref}, 200),
        ("/tasks", {"text": "Drain", "person": ada.ref}, 201),
        ("/links", {"url": "https://chat.example.org", "room": True}, 201),
        ("/severity", {"severity": "P2", "reason": "Half of it"}, 200),
        (f"/pages/{page.pk}/snooze", {"until": until}, 200),
        (f"/pages/{page.pk}/escalate", {}, 200),
        ("/acknowledge", {"person": ada.ref}, 200),
        (f"/pages/{page.pk}/hand-over", {"person": bob.ref}, 201),
        ("/engage", {"person": bob.ref}, 201),
        ("/notes", {"text": "Seen"}, 204),
    ]
    for address, body, code in sent:
        answer = script.post(here + address, body)
        assert answer.status_code == code, (address, answer.content)
    for name in ("updates", "roles", "tasks", "links", "timeline"):
        assert script.get(f"{here}/{name}").json()["results"], name
    task = script.get(f"{here}/tasks").json()["results"][0]
    assert script.patch(f"{here}/tasks/{task['id']}", {"done": True}).json()["done_at"]
    note = script.get(f"{here}/timeline?limit=500").json()["results"][-1]
    assert script.patch(f"{here}/timeline/{note['id']}", {"pinned": True}).status_code == 204
    link = script.get(f"{here}/links").json()["results"][0]
    assert script.delete(f"{here}/links/{link['id']}").status_code == 204
    assert script.delete(f"{here}/followers", {"person": bob.ref}).json() == {"person": bob.ref, "following": False}
    silent = (db_now() + timedelta(hours=2)).isoformat()
    assert script.post(f"{here}/resolve", {"cause": "x", "silent_until": silent}).status_code == 200


@pytest.mark.parametrize(
    ("address", "body", "field"),
    [
        ("updates", {"state": "fine", "text": "x"}, "state"),
        ("updates", {"state": "monitoring", "text": " "}, "text"),
        ("links", {"url": "javascript:alert(1)"}, "url"),
        ("roles", {"role": "king", "person": None}, "role"),
        ("tasks", {"text": "x", "who": "y"}, "who"),
        ("engage", {}, ""),
        ("followers", {"person": "user:default/nobody"}, "person"),
    ],
)
def test_what_is_wrong_is_named(
    script: APIClient, incident: Incident, address: str, body: dict[str, object], field: str
) -> None:
    answer = script.post(f"/api/v1/incidents/{incident.number}/{address}", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_a_token_says_who_follows_and_people_follow_for_themselves(
    script: APIClient, incident: Incident, ada: Person
) -> None:
    here = f"/api/v1/incidents/{incident.number}/followers"
    assert script.post(here).status_code == 400
    bob = APIClient()
    bob.force_login(make.account("bob"))
    assert bob.post(here, {"person": ada.ref}).status_code == 403
    assert bob.post(here).status_code == 201
    assert Follower.objects.get().person.name == "bob"


def test_others_may_not_work_on_it(incident: Incident) -> None:
    here = f"/api/v1/incidents/{incident.number}"
    guests = {
        "scope": make.signed(APIClient(), make.token("alerts:send", name="a")[1]),
        "team": make.signed(APIClient(), make.token("incidents:write", teams=[make.team("x")], name="b")[1]),
    }
    for who, guest in guests.items():
        for address, body in (("updates", {"state": "monitoring", "text": "x"}), ("tasks", {"text": "x"})):
            assert guest.post(f"{here}/{address}", body).status_code == 403, who
    assert APIClient().post(f"{here}/tasks", {"text": "x"}).status_code == 401


def test_a_change_told_twice_is_one_change(script: APIClient, runners: Component) -> None:
    body = {"component": "ci-runners", "title": "v2", "source": "argo", "external_id": "42", "url": "https://ci.org/42"}
    first, again = script.post(CHANGES, body), script.post(CHANGES, {**body, "title": "v3"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["changes"][0]["title"] == "v2"
    assert Change.objects.get().component == runners
    moment = "2026-11-20T10:00:00Z"
    unnamed = {"component": runners.ref, "title": "config", "kind": "config", "at": moment}
    assert [script.post(CHANGES, unnamed).status_code for _ in range(2)] == [201, 200]
    assert Change.objects.filter(source="deploys").count() == 1


def test_many_changes_at_once_are_all_or_nothing(script: APIClient, runners: Component) -> None:
    good = [{"component": "ci-runners", "title": f"v{n}", "external_id": str(n)} for n in (1, 2, 2)]
    assert script.post(CHANGES, {"changes": good}).json()["created"] == 2
    bad = [*good, {"component": "ghost", "title": "x"}, {"component": "ci-runners", "title": "y", "url": "ftp://x"}]
    answer = script.post(CHANGES, {"changes": bad})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "changes[4].url"
    answer = script.post(CHANGES, {"changes": bad[:4]})
    assert answer.json()["errors"][0]["field"] == "changes[3].component"
    later = (db_now() + timedelta(hours=1)).isoformat()
    future = script.post(CHANGES, {"component": "ci-runners", "title": "z", "at": later})
    assert future.json()["errors"][0]["field"] == "at"
    nothing: tuple[dict[str, list[str]], ...] = ({"changes": []}, {})
    for empty in nothing:
        assert script.post(CHANGES, empty).status_code == 400
    assert Change.objects.count() == 2


def test_a_token_of_one_team_tells_nothing_of_the_things_of_others(runners: Component) -> None:
    guest = make.signed(APIClient(), make.token("alerts:send", teams=[make.team("x")], name="x")[1])
    assert guest.post(CHANGES, {"component": "ci-runners", "title": "v2"}).status_code == 403
    other = make.signed(APIClient(), make.token("read", name="y")[1])
    assert other.post(CHANGES, {"component": "ci-runners", "title": "v2"}).status_code == 403
    assert not Change.objects.exists()


def test_changes_are_listed_by_the_page_with_filters(script: APIClient, runners: Component) -> None:
    make.component("dns")
    told = [
        {"component": name, "title": f"{name} {n}", "external_id": f"{name}{n}", "kind": kind,
         "at": f"2026-11-20T10:0{n}:00Z"}
        for name, kind in (("ci-runners", "deployment"), ("dns", "config"))
        for n in range(3)
    ]  # fmt: skip
    script.post(CHANGES, {"changes": told})
    page = script.get(CHANGES, {"limit": 4}).json()
    rest = script.get(page["next"]).json()
    assert len({one["external_id"] for one in [*page["results"], *rest["results"]]}) == 6
    for query, count in (
        ({"component": "dns"}, 3), ({"kind": "config"}, 3), ({"team": "group:default/ci"}, 3), ({"q": "dns 1"}, 1),
        ({"since": "2026-11-20T10:01:00Z", "until": "2026-11-20T10:02:00Z"}, 2), ({"source": "nobody"}, 0),
    ):  # fmt: skip
        assert len(script.get(CHANGES, query).json()["results"]) == count, query
    for query in ({"kind": "x"}, {"since": "yesterday"}):
        assert script.get(CHANGES, query).status_code == 400
    browser = APIClient()
    browser.force_login(make.account("bob"))
    text = browser.get("/deployments", {"component": "dns"}).content.decode()
    assert "dns 2" in text
    assert "ci-runners 2" not in text


def test_the_list_of_incidents_takes_the_filters_of_its_page(script: APIClient, incident: Incident) -> None:
    make_incidents.incident(make.component("shop"), now=db_now() - timedelta(days=3), source="alertmanager")
    now = db_now()
    for query, count in (
        ({"source": "alertmanager"}, 1), ({"since": (now - timedelta(days=1)).isoformat()}, 1),
        ({"until": (now - timedelta(days=1)).isoformat()}, 1), ({"component": "component:default/ci-runners"}, 1),
        ({}, 2),
    ):  # fmt: skip
        assert len(script.get("/api/v1/incidents", query).json()["results"]) == count, query
    mine = make.signed(APIClient(), make.token("read", teams=[incident.owner], name="m")[1])  # type: ignore[list-item]
    assert [i["number"] for i in mine.get("/api/v1/incidents?mine=true").json()["results"]] == [incident.number]
