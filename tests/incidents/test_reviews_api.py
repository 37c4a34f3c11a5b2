"""Reviews and action items over HTTP, as a script and as people use them."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from incidents.models import ActionItem, Review
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.incidents.review_world import DAY, MINUTE, TOLD, World

pytestmark = pytest.mark.django_db
HERE = "/api/v1/reviews"
ITEMS = "/api/v1/action-items"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def script(world: World) -> APIClient:
    """A token of the owner's team."""
    return make.signed(APIClient(), make.token("incidents:write", "read", teams=[world.team])[1])


def test_a_script_begins_writes_publishes_and_takes_back(world: World, script: APIClient) -> None:
    incident = world.incident(at=db_now() - 60 * MINUTE)
    begun = script.post(HERE, {"incident": incident.pk}, format="json")
    assert (begun.status_code, begun.json()["version"], begun["ETag"]) == (201, 1, '"1"')
    assert script.post(HERE, {"incident": incident.pk}, format="json").status_code == 200
    one = f"{HERE}/{incident.pk}"
    saved = script.patch(one, {**TOLD, "version": 1}, format="json")
    assert (saved.status_code, saved.json()["sections"]["summary"]) == (200, TOLD["summary"])
    late = script.patch(one, {"impact": "x"}, format="json", HTTP_IF_MATCH='"1"')
    assert late.status_code == 409
    assert "saved version 2 meanwhile" in late.json()["detail"]
    assert script.patch(one, {"impact": "All of CI"}, format="json", HTTP_IF_MATCH=saved["ETag"]).status_code == 200
    assert script.post(f"{one}/publish", {}, format="json").json()["state"] == "published"
    assert script.patch(one, {"impact": "x", "version": 4}, format="json").status_code == 409
    assert script.post(f"{one}/unpublish", {"reason": "A name"}, format="json").json()["state"] == "draft"
    versions = script.get(f"{one}/versions").json()["results"]
    assert [(v["number"], v["kind"]) for v in versions][:2] == [(5, "unpublished"), (4, "published")]
    whole = script.get(one).json()
    assert whole["facts"]["time_to_acknowledge"] == "2m"
    assert whole["facts"]["time_to_restore"] == "30m"
    assert whole["facts"]["paged"][0]["taken_by"] == world.ada.ref
    markdown = script.get(f"{one}/markdown")
    assert markdown["Content-Type"].startswith("text/markdown")
    assert TOLD["causes"] in markdown.content.decode()
    assert [row["incident"] for row in script.get(HERE, {"state": "draft"}).json()["results"]] == [incident.pk]
    assert script.get(HERE, {"severity": "P5"}).json()["results"] == []


def test_a_script_writes_items_down_changes_and_ends_them(world: World, script: APIClient) -> None:
    review = world.review(world.incident(at=db_now() - 60 * MINUTE), now=db_now())
    make_incidents.objective(world.runners, "ci-wait")
    body = {
        "review": review.pk, "title": "Drain first", "owner": world.bob.ref,
        "due_on": (db_now() + 9 * DAY).date().isoformat(), "component": world.runners.ref, "objectives": ["ci-wait"],
    }  # fmt: skip
    made = script.post(ITEMS, body, format="json")
    assert (made.status_code, made.json()["objectives"], made.json()["state"]) == (201, ["ci-wait"], "open")
    one = f"{ITEMS}/{made.json()['id']}"
    assert script.patch(one, {"title": "Drain before"}, format="json").json()["title"] == "Drain before"
    done = script.patch(one, {"state": "done", "outcome": "It drains"}, format="json").json()
    assert (done["state"], done["outcome"]) == ("done", "It drains")
    assert done["outcome_measured"]["incidents_before"] == 1
    assert done["outcome_measured"]["objectives"] == [{"objective": "ci-wait", "before": None, "after": None}]
    assert script.patch(one, {"title": "x"}, format="json").status_code == 409
    assert script.patch(one, {"state": "open"}, format="json").json()["outcome_measured"] is None
    for query, count in (
        ({"state": "open"}, 1), ({"overdue": "true"}, 0), ({"overdue": "false"}, 1), ({"owner": world.bob.ref}, 1),
        ({"objective": "ci-wait"}, 1), ({"objective": "other"}, 0), ({"review": str(review.pk)}, 1),
        ({"team": world.team.ref}, 1), ({"component": "ci-runners"}, 1), ({"q": "drain"}, 1),
    ):  # fmt: skip
        assert len(script.get(ITEMS, query).json()["results"]) == count, query


@pytest.mark.parametrize(
    ("method", "address", "body", "field"),
    [
        ("patch", HERE + "/{n}", {"summary": "x"}, "version"),
        ("patch", HERE + "/{n}", {"version": 1, "sumary": "x"}, "sumary"),
        ("post", HERE + "/{n}/publish", {}, "summary"),
        ("post", HERE + "/{n}/unpublish", {}, "reason"),
        ("post", HERE, {"incident": "x"}, "incident"),
        ("post", HERE, {"incident": 4711}, "incident"),
        ("post", ITEMS, {"review": 4711, "title": "x", "owner": "user:default/ada", "due_on": "2030-01-01"}, "review"),
        ("get", HERE + "?state=nice", None, "state"),
        ("get", HERE + "?severity=9", None, "severity"),
        ("get", ITEMS + "?state=nice", None, "state"),
        ("get", ITEMS + "?review=x", None, "review"),
        ("post", ITEMS, {"review": 1, "title": "x", "due_on": "2030-01-01"}, "owner"),
        ("post", ITEMS, {"review": "{n}", "title": "x", "owner": "user:default/ada", "due_on": "2020-01-01"}, "due_on"),
        ("patch", ITEMS + "/{item}", {"owner": "user:default/nobody"}, "owner"),
        ("patch", ITEMS + "/{item}", {"state": "dropped"}, "outcome"),
        ("patch", ITEMS + "/{item}", {"state": "done", "title": "x"}, ""),
    ],
)
def test_what_is_wrong_is_named(
    world: World, script: APIClient, method: str, address: str, body: dict[str, Any] | None, field: str
) -> None:
    review = world.review(world.incident(at=db_now() - 60 * MINUTE), now=db_now())
    names = {"n": review.pk, "item": world.item(review, now=db_now()).pk}
    said = {key: value.format(**names) if isinstance(value, str) else value for key, value in (body or {}).items()}
    answer = getattr(script, method)(address.format(**names), said or None, format="json")
    assert answer.status_code == 400, answer.content
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_what_is_not_there_is_not_found(script: APIClient) -> None:
    for url in (f"{HERE}/4711", f"{HERE}/4711/versions", f"{HERE}/4711/markdown", f"{ITEMS}/4711"):
        assert script.get(url).status_code == 404


def test_outsiders_read_where_they_may_and_write_nothing(world: World) -> None:
    review = world.review(world.incident(at=db_now() - 60 * MINUTE), now=db_now())
    item = world.item(review, now=db_now())
    due = (db_now() + DAY).date().isoformat()
    writes: list[tuple[str, str, dict[str, Any]]] = [
        ("post", HERE, {"incident": review.pk}),
        ("patch", f"{HERE}/{review.pk}", {"version": 1, "summary": "x"}),
        ("post", f"{HERE}/{review.pk}/publish", {}),
        ("post", f"{HERE}/{review.pk}/unpublish", {"reason": "x"}),
        ("post", ITEMS, {"review": review.pk, "title": "x", "owner": world.bob.ref, "due_on": due}),
        ("patch", f"{ITEMS}/{item.pk}", {"state": "done"}),
    ]
    bob = APIClient()
    bob.force_login(make.account_of(world.bob))
    elsewhere = make.team("elsewhere")
    guests = {
        "nobody": (APIClient(), 401),
        "made up": (make.signed(APIClient(), "portico_guessed"), 401),
        "wrong scope": (make.signed(APIClient(), make.token("read", "alerts:send")[1]), 403),
        "other team": (make.signed(APIClient(), make.token("incidents:write", teams=[elsewhere], name="e")[1]), 403),
        "other member": (bob, 403),
    }
    for who, (guest, code) in guests.items():
        for method, url, body in writes:
            assert getattr(guest, method)(url, body, format="json").status_code == code, (who, method, url)
    assert (Review.objects.get().version, ActionItem.objects.get().state) == (1, "open")
    assert bob.get(f"{HERE}/{review.pk}").status_code == 200
    assert APIClient().get(HERE).status_code == 401
