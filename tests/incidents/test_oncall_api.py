"""Schedules over HTTP: what a script can do, and what it can't."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Person, Team
from incidents.models import LayerVersion, Override
from tests import make, make_incidents

pytestmark = pytest.mark.django_db

SCHEDULES = "/api/v1/schedules"


@pytest.fixture
def ada() -> Person:
    return make.person("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    return make.team("ci", ada)


@pytest.fixture
def script(api: APIClient, team: Team) -> APIClient:
    """A token that may write the schedules of team ci."""
    return make.signed(api, make.token("read", "oncall:write", teams=[team])[1])


@pytest.fixture
def body(ada: Person, team: Team) -> dict[str, Any]:
    make.person("bo")
    rotation = {
        "people": [ada.ref, "user:default/bo"],
        "unit": "day",
        "handoff": "09:00",
        "starts_at": "2026-11-01T08:00:00Z",
    }
    return {"name": "Build & CI", "team": team.ref, "time_zone": "Europe/Berlin", "rotation": rotation}


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def test_a_schedule_is_put_once_and_read_back(script: APIClient, body: dict[str, Any]) -> None:
    first, second = script.put(f"{SCHEDULES}/ci", body), script.put(f"{SCHEDULES}/ci", body)
    assert (first.status_code, second.status_code, LayerVersion.objects.count()) == (201, 200, 1)
    read = script.get(f"{SCHEDULES}/ci").json()
    assert (read["team"], read["time_zone"], read["rotations"][0]["people"]) == (
        "group:default/ci",
        "Europe/Berlin",
        ["user:default/ada", "user:default/bo"],
    )
    assert read["on_call"]["person"] in body["rotation"]["people"]


def test_who_was_on_call_at_a_moment_can_be_asked(script: APIClient, body: dict[str, Any]) -> None:
    script.put(f"{SCHEDULES}/ci", body)
    asked = {at: script.get(f"{SCHEDULES}/ci/on-call", {"at": at}).json() for at in MOMENTS}
    assert [(found["person"], found["until"]) for found in asked.values()] == [
        (None, "2026-11-01T08:00:00Z"),
        ("user:default/ada", "2026-11-02T08:00:00Z"),
        ("user:default/bo", "2026-11-03T08:00:00Z"),
    ]


MOMENTS = ["2026-10-31T12:00:00Z", "2026-11-01T09:00:00+01:00", "2026-11-02T09:00:00+01:00"]


def test_shifts_and_gaps_of_a_period_cover_it(script: APIClient, body: dict[str, Any]) -> None:
    script.put(f"{SCHEDULES}/ci", body)
    period = {"start": "2026-10-31T08:00:00Z", "end": "2026-11-03T08:00:00Z"}
    found = script.get(f"{SCHEDULES}/ci/shifts", period).json()
    assert [(gap["start"], gap["end"]) for gap in found["gaps"]] == [("2026-10-31T08:00:00Z", "2026-11-01T08:00:00Z")]
    assert [(shift["name"], shift["start"]) for shift in found["shifts"]] == [
        ("Ada", "2026-11-01T08:00:00Z"),
        ("Bo", "2026-11-02T08:00:00Z"),
    ]


@pytest.mark.parametrize(
    "end", ["2026-10-01T00:00:00Z", "2036-10-01T00:00:00Z", "tomorrow", "9999-12-31T23:59:59-14:00"]
)
def test_a_period_that_makes_no_sense_names_the_field(script: APIClient, body: dict[str, Any], end: str) -> None:
    script.put(f"{SCHEDULES}/ci", body)
    answer = script.get(f"{SCHEDULES}/ci/shifts", {"start": "2026-10-31T08:00:00Z", "end": end})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "end")


def test_an_override_is_added_listed_and_withdrawn(script: APIClient, body: dict[str, Any]) -> None:
    script.put(f"{SCHEDULES}/ci", body)
    eve = make.person("eve")
    made = script.post(
        f"{SCHEDULES}/ci/overrides", {"person": eve.ref, "starts_at": soon(hours=1), "ends_at": soon(hours=2)}
    )
    assert made.status_code == 201
    assert [one["person"] for one in script.get(f"{SCHEDULES}/ci/overrides").json()["results"]] == [eve.ref]
    assert script.delete(f"{SCHEDULES}/ci/overrides/{made.json()['id']}").status_code == 204
    assert script.get(f"{SCHEDULES}/ci/overrides").json()["results"] == []
    assert script.delete(f"{SCHEDULES}/ci/overrides/{made.json()['id']}").status_code == 404


def test_a_token_takes_over_for_a_person_it_names(script: APIClient, body: dict[str, Any]) -> None:
    script.put(f"{SCHEDULES}/ci", body)
    eve = make.person("eve")
    assert script.post(f"{SCHEDULES}/ci/take-over", {}).json()["errors"][0]["field"] == "person"
    assert script.post(f"{SCHEDULES}/ci/take-over", {"person": eve.ref}).status_code == 201
    assert script.get(f"{SCHEDULES}/ci/on-call").json()["person"] == eve.ref
    assert script.post(f"{SCHEDULES}/ci/take-over", {"person": eve.ref}).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rotation": {"people": ["user:default/zorro"]}}, "rotation.people"),
        ({"rotation": {"people": []}}, "rotation.people"),
        ({"rotation": {"people": ["user:default/ada"], "weekday": "someday"}}, "rotation.weekday"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"team": "group:default/nobody"}, "team"),
        ({"colour": "red"}, "colour"),
        ({"name": " "}, "name"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_name_of_its_field(
    script: APIClient, body: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = script.put(f"{SCHEDULES}/ci", body | change)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])


def test_a_token_without_the_scope_or_of_another_team_writes_nothing(
    api: APIClient, body: dict[str, Any], team: Team
) -> None:
    make.signed(api, make.token("read")[1])
    assert api.put(f"{SCHEDULES}/ci", body).status_code == 403
    make.signed(api, make.token("oncall:write", teams=[make.team("other")], name="other")[1])
    assert api.put(f"{SCHEDULES}/ci", body).status_code == 403
    assert not LayerVersion.objects.exists()


def test_a_token_cannot_take_a_schedule_from_another_team(script: APIClient, api: APIClient, team: Team) -> None:
    others = make.team("others", make.person("mo"))
    theirs = make.signed(APIClient(), make.token("oncall:write", teams=[others], name="theirs")[1])
    rotation = {"people": ["user:default/mo"]}
    theirs.put(f"{SCHEDULES}/theirs", {"name": "Theirs", "team": others.ref, "rotation": rotation})
    answer = script.put(f"{SCHEDULES}/theirs", {"name": "Ours", "team": team.ref, "rotation": rotation})
    assert answer.status_code == 403
    body = {"person": None, "starts_at": soon(hours=1), "ends_at": soon(hours=2)}
    assert script.post(f"{SCHEDULES}/theirs/overrides", body).status_code == 403
    assert not Override.objects.exists()


def test_a_list_of_schedules_is_paged_and_says_who_has_each(script: APIClient, body: dict[str, Any]) -> None:
    for name in ("a", "b", "c"):
        script.put(f"{SCHEDULES}/{name}", body)
    first = script.get(SCHEDULES, {"limit": 2}).json()
    second = script.get(first["next"]).json()
    assert [row["slug"] for row in (*first["results"], *second["results"])] == ["a", "b", "c"]
    assert all(row["on_call"]["name"] for row in first["results"])


def test_a_schedule_nobody_made_is_not_found(script: APIClient) -> None:
    assert script.get(f"{SCHEDULES}/nowhere").status_code == 404
    assert script.get(f"{SCHEDULES}/nowhere/on-call").status_code == 404


def test_nobody_reads_without_signing_in(api: APIClient) -> None:
    assert api.get(SCHEDULES).status_code == 401


def test_a_schedule_of_nobody_is_for_platform_admins(script: APIClient, body: dict[str, Any], ada: Person) -> None:
    theirs_by_nobody = {**body, "team": None}
    assert script.put(f"{SCHEDULES}/shared", theirs_by_nobody).status_code == 403
    person = APIClient()
    person.force_login(make.account_of(ada))
    assert person.post(SCHEDULES, theirs_by_nobody).status_code == 403
    admin = APIClient()
    admin.force_login(make.account("root", admin=True))
    assert admin.put(f"{SCHEDULES}/shared", theirs_by_nobody).status_code == 201
    ahead = {"person": ada.ref, "starts_at": soon(hours=1), "ends_at": soon(hours=2)}
    assert person.post(f"{SCHEDULES}/shared/overrides", ahead).status_code == 403
    assert not Override.objects.exists()


def test_layers_are_put_read_added_ordered_and_ended(script: APIClient, body: dict[str, Any]) -> None:
    nights = {
        "name": "Nights",
        "people": ["user:default/bo"],
        "restrictions": [{"start": "22:00", "end": "06:00", "days": ["saturday"]}],
    }
    layers = [body.pop("rotation"), nights]
    first, second = (script.put(f"{SCHEDULES}/ci", body | {"layers": layers}) for _ in range(2))
    assert (first.status_code, second.status_code, LayerVersion.objects.count()) == (201, 200, 2)
    top = script.post(f"{SCHEDULES}/ci/layers", {"name": "Top", "people": ["group:default/ci"]})
    assert (top.status_code, top.json()["people"]) == (201, ["user:default/ada"])
    ordered = script.put(f"{SCHEDULES}/ci/layers/order", {"positions": [2, 1, 0]})
    assert [one["name"] for one in ordered.json()["results"]] == ["Top", "Nights", "Primary"]
    assert ordered.json()["results"][1]["restrictions"] == nights["restrictions"]
    assert script.delete(f"{SCHEDULES}/ci/layers/0").status_code == 204
    assert script.delete(f"{SCHEDULES}/ci/layers/0").status_code == 404
    changed = script.put(f"{SCHEDULES}/ci/layers/1", nights | {"people": ["user:default/ada"]})
    assert (changed.status_code, changed.json()["people"]) == (200, ["user:default/ada"])
    left = script.get(f"{SCHEDULES}/ci/layers").json()["results"]
    assert [one["name"] for one in left] == ["Nights", "Primary"]


def test_a_schedule_has_a_rotation_or_layers_and_a_fault_says_in_which(script: APIClient, body: dict[str, Any]) -> None:
    both = script.put(f"{SCHEDULES}/ci", body | {"layers": [body["rotation"]]})
    assert (both.status_code, both.json()["errors"][0]["field"]) == (400, "rotation")
    zorro = body["rotation"] | {"people": ["user:default/zorro"]}
    one = {key: value for key, value in body.items() if key != "rotation"} | {"layers": [body["rotation"], zorro]}
    assert script.put(f"{SCHEDULES}/ci", one).json()["errors"][0]["field"] == "layers[1].people"


def test_who_is_on_call_for_teams(api: APIClient) -> None:
    ada, team, without = make.person("ada"), make.team("covered"), make.team("without")
    schedule = make_incidents.schedule(ada, team=team)
    _, text = make.token("read")
    reader = make.signed(api, text)
    answer = reader.get("/api/v1/on-call", {"team": ["group:default/covered", without.ref]})
    covered, bare = answer.json()["results"]
    assert (covered["team"], covered["schedule"], covered["person"]) == (team.ref, schedule.slug, ada.ref)
    assert (bare["schedule"], bare["person"]) == (None, None)
    assert reader.get("/api/v1/on-call").status_code == 400
    said = "There is no team called “none” (group:default/none)."
    assert said in reader.get("/api/v1/on-call", {"team": "group:default/none"}).text
