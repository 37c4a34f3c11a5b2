"""Maintenance windows: who may plan, what is refused, what holds when, and that the past stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.access import Actor, NotYourTeam, WrongScope
from catalog.models import AuditEntry, Component, MaintenanceWindow, Person, Team
from catalog.operations.windows import (
    WindowBegun,
    WindowSpec,
    WindowWithdrawn,
    change_window,
    declare_window,
    withdraw_window,
)
from catalog.queries.windows import windows_at, windows_between
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from tests import make

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = make.NOW
API = "/api/v1/maintenance-windows"


class World:
    """Build & CI owns ci-runners and cache; Ada is in it, Mallory is in Networking, which owns the vpn."""

    def __init__(self) -> None:
        self.ada, self.mallory, self.root = make.person("ada"), make.person("mallory"), make.person("root", admin=True)
        self.build, self.networking = make.team("build-ci", self.ada), make.team("networking", self.mallory)
        self.runners = make.component("ci-runners", owner=self.build)
        self.cache, self.vpn = make.component("cache", owner=self.build), make.component("vpn", owner=self.networking)


@pytest.fixture
def world() -> World:
    """See `World`."""
    return World()


def plan(target: Component | Team, by: Person, **said: Any) -> MaintenanceWindow:
    spec = WindowSpec(**{"title": "New kernel", "starts_at": NOW + HOUR, "ends_at": NOW + 2 * HOUR, **said})
    return declare_window(spec=spec, target=target, actor=Actor(person=by), now=NOW)


def held(world: World, at: datetime, **flags: bool) -> dict[str, int]:
    parts = (world.runners, world.cache, world.vpn)
    found = windows_at([part.pk for part in parts], at, **flags)
    return {part.name: len(found[part.pk]) for part in parts if part.pk in found}


def test_a_window_holds_from_its_start_to_its_end(world: World) -> None:
    plan(world.runners, world.ada)
    assert held(world, NOW + HOUR - timedelta(microseconds=1)) == {}
    assert held(world, NOW + HOUR) == {"ci-runners": 1}
    assert held(world, NOW + 2 * HOUR) == {}


def test_a_teams_window_reaches_all_it_owns(world: World) -> None:
    plan(world.build, world.ada)
    plan(world.runners, world.ada, rrule="FREQ=DAILY")
    assert held(world, NOW + HOUR) == {"ci-runners": 2, "cache": 1}
    assert held(world, NOW + DAY + HOUR) == {"ci-runners": 1}


def test_what_holds_pages_and_what_leaves_the_budget_are_asked_apart(world: World) -> None:
    plan(world.runners, world.ada, holds_pages=True, excludes_budget=False)
    plan(world.cache, world.ada, holds_pages=False, excludes_budget=True)
    assert held(world, NOW + HOUR, holds_pages=True) == {"ci-runners": 1}
    assert held(world, NOW + HOUR, excludes_budget=True) == {"cache": 1}
    assert held(world, NOW + HOUR, holds_pages=False, excludes_budget=False) == {}


def test_between_two_moments_every_occurrence_is_told_in_order(world: World) -> None:
    plan(world.runners, world.ada, rrule="FREQ=DAILY")
    plan(world.build, world.ada, starts_at=NOW + DAY, ends_at=NOW + DAY + HOUR)
    found = windows_between([world.runners.pk], NOW, NOW + 3 * DAY)[world.runners.pk]
    assert [one.start - NOW for one in found] == [HOUR, DAY, DAY + HOUR, 2 * DAY + HOUR]


def test_few_queries_however_many_ids(world: World, django_assert_num_queries: Any) -> None:
    for number in range(20):
        plan(make.component(f"c-{number}", owner=world.build), world.ada, rrule="FREQ=DAILY")
    ids = list(Component.objects.values_list("pk", flat=True))
    with django_assert_num_queries(2):
        assert len(windows_at(ids, NOW + DAY + HOUR)) == 20


def test_a_withdrawn_window_counts_until_then(world: World) -> None:
    row = plan(world.runners, world.ada, rrule="FREQ=DAILY")
    then = NOW + DAY + HOUR + timedelta(minutes=20)
    withdraw_window(window_id=row.pk, actor=Actor(person=world.ada), now=then)
    found = windows_between([world.runners.pk], NOW, NOW + 9 * DAY)[world.runners.pk]
    assert [(one.start, one.end) for one in found] == [(NOW + HOUR, NOW + 2 * HOUR), (NOW + DAY + HOUR, then)]
    with pytest.raises(WindowWithdrawn):
        change_window(window_id=row.pk, changes={"title": "x"}, actor=Actor(person=world.ada), now=then)


def test_what_has_begun_keeps_its_past(world: World) -> None:
    once, daily = plan(world.runners, world.ada), plan(world.cache, world.ada, rrule="FREQ=DAILY")
    inside, ada = NOW + HOUR + timedelta(minutes=5), Actor(person=world.ada)

    def change(row: MaintenanceWindow, **changes: Any) -> None:
        change_window(window_id=row.pk, changes=changes, actor=ada, now=inside)

    change(once, title="Longer", ends_at=NOW + 3 * HOUR)
    change(daily, title="Nightly")
    for row, changes in (
        (once, {"starts_at": NOW}),
        (once, {"ends_at": inside - timedelta(minutes=1)}),
        (once, {"excludes_budget": True}),
        (daily, {"ends_at": NOW + 3 * HOUR}),
        (daily, {"rrule": "FREQ=WEEKLY"}),
    ):
        with pytest.raises(WindowBegun):
            change(row, **changes)
    once.refresh_from_db()
    assert (once.title, once.ends_at) == ("Longer", NOW + 3 * HOUR)


def test_a_repeated_window_begins_at_a_whole_second(world: World) -> None:
    start = NOW + HOUR + timedelta(microseconds=123_456)
    row = plan(world.runners, world.ada, starts_at=start, ends_at=start + HOUR, rrule="FREQ=DAILY")
    assert (row.starts_at, row.ends_at) == (NOW + HOUR, NOW + 2 * HOUR)


def test_who_may_plan(world: World) -> None:
    plan(world.vpn, world.root)
    orphan = make.component("orphan")
    for target, by in ((world.vpn, world.ada), (world.networking, world.ada), (orphan, world.ada)):
        with pytest.raises(NotYourTeam):
            plan(target, by)
    plan(orphan, world.root)
    spec = WindowSpec(title="t", starts_at=NOW, ends_at=NOW + HOUR)
    mine, _ = make.token("components:write", teams=[world.build])
    declare_window(spec=spec, target=world.runners, actor=Actor(token=mine), now=NOW)
    with pytest.raises(NotYourTeam):
        declare_window(spec=spec, target=world.vpn, actor=Actor(token=mine), now=NOW)
    with pytest.raises(WrongScope):
        declare_window(spec=spec, target=world.vpn, actor=Actor(token=make.token("read")[0]), now=NOW)


def test_every_write_is_in_the_log_of_its_team(world: World) -> None:
    row, ada = plan(world.runners, world.ada), Actor(person=world.ada)
    change_window(window_id=row.pk, changes={"title": "Older kernel"}, actor=ada, now=NOW)
    change_window(window_id=row.pk, changes={"title": "Older kernel"}, actor=ada, now=NOW)
    withdraw_window(window_id=row.pk, actor=ada, now=NOW)
    withdraw_window(window_id=row.pk, actor=ada, now=NOW)
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == ["window.declare", "window.update", "window.withdraw"]
    assert {entry.owner_ref for entry in entries} == {world.build.ref}
    assert entries[1].diff == {"title": ["New kernel", "Older kernel"]}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "a" * 201}, "title"),
        ({"ends_at": NOW + HOUR}, "ends_at"),
        ({"starts_at": NOW - 2 * HOUR, "ends_at": NOW - HOUR}, "ends_at"),
        ({"ends_at": NOW + 400 * DAY}, "ends_at"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"rrule": "FREQ=SECONDLY"}, "rrule"),
        ({"rrule": "FREQ=DAILY", "ends_at": NOW + 3 * DAY}, "rrule"),
        ({"rrule": "FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 300)}, "rrule"),
    ],
)
def test_what_is_wrong_is_named(world: World, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        plan(world.runners, world.ada, **said)
    assert [error.field for error in refused.value.errors] == [field]
    assert not MaintenanceWindow.objects.exists()


def test_the_api_plans_lists_changes_and_withdraws(world: World) -> None:
    api = make.signed(APIClient(), make.token("components:write", teams=[world.build])[1])
    start = (db_now() + DAY).replace(microsecond=0)
    body = {"title": "New kernel", "starts_at": start.isoformat(), "ends_at": (start + HOUR).isoformat()}
    made = api.post(
        API, {**body, "component": "ci-runners", "rrule": "RRULE:FREQ=WEEKLY", "time_zone": "Europe/Berlin"}
    )
    assert (made.status_code, made.json()["rrule"]) == (201, "FREQ=WEEKLY")
    assert datetime.fromisoformat(made.json()["next"]["start"]) == start
    here = f"{API}/{made.json()['id']}"
    assert api.get(here).json() == made.json()
    assert api.patch(here, {**made.json(), "title": "Another"}).json()["title"] == "Another"
    assert [row["title"] for row in api.get(API, {"team": "build-ci"}).json()["results"]] == ["Another"]
    assert api.get(API, {"team": "networking"}).json()["results"] == []
    assert api.delete(here).json()["withdrawn_at"]
    assert api.get(API).json()["results"] == []
    assert len(api.get(API, {"state": "past", "component": "ci-runners"}).json()["results"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "component"),
        ({"component": "ci-runners", "team": "build-ci"}, "component"),
        ({"component": "a:b:c/"}, "component"),
        ({"team": "build-ci", "rule": "x"}, "rule"),
        ({"team": "build-ci", "starts_at": "soon"}, "starts_at"),
    ],
)
def test_the_api_names_what_is_wrong(world: World, body: dict[str, str], field: str) -> None:
    api = make.signed(APIClient(), make.token("components:write")[1])
    whole = {"title": "t", "starts_at": "2030-01-01T00:00Z", "ends_at": "2030-01-01T01:00Z", **body}
    answer = api.post(API, whole)
    assert answer.status_code == 400
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert api.get(API, {"state": "x"}).status_code == 400
    assert api.get(f"{API}/999").status_code == 404


def test_people_plan_by_a_form_in_their_zone_and_the_component_says_so_while_it_runs(world: World) -> None:
    Person.objects.filter(pk=world.ada.pk).update(time_zone="Asia/Kolkata")
    client = Client()
    client.force_login(make.account_of(Person.objects.get(pk=world.ada.pk)))
    page = client.get("/components/component/default/ci-runners").content.decode()
    assert "/maintenance/new?component=component%3Adefault%2Fci-runners" in page or "/maintenance/new?component" in page
    here = "/maintenance/new?component=component:default/ci-runners"
    assert 'value="Asia/Kolkata"' in client.get(here).content.decode()
    said = {"title": "New kernel", "starts_at": "2026-01-01T10:00", "ends_at": "2099-01-01T10:00", "repeats": ""}
    wrong = client.post(here, {**said, "time_zone": "Asia/Kolkata", "holds_pages": "on"})
    assert (wrong.status_code, "at most a year" in wrong.content.decode()) == (400, True)
    start = (db_now() - HOUR).astimezone(UTC)
    times = {"starts_at": f"{start:%Y-%m-%dT%H:%M}", "ends_at": f"{start + 2 * HOUR:%Y-%m-%dT%H:%M}"}
    done = client.post(here, {**said, **times, "time_zone": "UTC", "holds_pages": "on"})
    assert done.status_code == 302
    row = MaintenanceWindow.objects.get()
    assert (row.starts_at, row.holds_pages, row.excludes_budget) == (
        start.replace(second=0, microsecond=0),
        True,
        False,
    )
    shown = client.get("/components/component/default/ci-runners").content.decode()
    assert "Maintenance: New kernel" in shown
    assert "holds pages" in shown
    listed = client.get("/maintenance").content.decode()
    assert 'id="h-now"' in listed
    edited = client.get(f"/maintenance/{row.pk}/edit").content.decode()
    assert times["starts_at"] in edited
    client.post(
        f"/maintenance/{row.pk}/edit", {**said, **times, "title": "Renamed", "time_zone": "UTC", "holds_pages": "on"}
    )
    row.refresh_from_db()
    assert row.title == "Renamed"
    client.post(f"/maintenance/{row.pk}/withdraw")
    assert "Renamed" in client.get("/maintenance?show=past").content.decode()
    assert "Maintenance: " not in client.get("/components/component/default/ci-runners").content.decode()


def test_the_list_is_paged_and_filtered(world: World) -> None:
    for number in range(55):
        plan(world.runners, world.ada, title=f"w-{number:02}", ends_at=NOW + 300 * DAY)
    plan(world.networking, world.mallory, title="net", starts_at=NOW + HOUR, ends_at=NOW + 300 * DAY)
    client = Client()
    client.force_login(make.account_of(world.ada))
    first = client.get("/maintenance?team=group:default/build-ci").content.decode()
    assert ('rel="next"' in first, ">net<" in first) == (True, False)
    assert ">net<" in client.get("/maintenance?team=group:default/networking").content.decode()


def test_what_comes_next_is_listed_first_also_of_what_began_long_ago(world: World, client: Client) -> None:
    now = db_now()
    weekly = {"starts_at": now - 50 * DAY + HOUR, "ends_at": now - 50 * DAY + 2 * HOUR, "rrule": "FREQ=WEEKLY"}
    plan(world.vpn, world.mallory, title="Weekly, in six days", **weekly)
    plan(world.runners, world.ada, title="Once, in three days", starts_at=now + 3 * DAY, ends_at=now + 3 * DAY + HOUR)
    client.force_login(make.account_of(world.ada))
    titles = [line.window.title for line in client.get("/maintenance").context["lines"]]
    assert titles == ["Once, in three days", "Weekly, in six days"]


def test_planning_asks_first_on_what(world: World, client: Client) -> None:
    client.force_login(make.account_of(world.ada))
    page = client.get("/maintenance/new").content.decode()
    assert '<optgroup label="' in page
    assert (f'value="{world.runners.ref}"' in page, world.networking.ref in page) == (True, False)
    asked = client.post("/maintenance/new", {"of": world.runners.ref}, follow=True)
    assert "Plan maintenance of" in asked.content.decode()
    assert client.get("/maintenance/new", {"team": world.runners.owner.ref}).status_code == 200  # type: ignore[union-attr]
    assert client.post("/maintenance/new", {"of": world.networking.ref}).status_code == 400


def test_whoever_may_plan_nothing_is_told_who_may(client: Client) -> None:
    client.force_login(make.account("zoe"))
    page = client.get("/maintenance/new", follow=True)
    assert page.redirect_chain == [("/maintenance", 302)]
    assert "by members of the team that owns it" in page.content.decode()
