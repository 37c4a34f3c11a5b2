"""What readers keep for themselves: stars, what they looked at, saved views. And many components changed at once."""

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from rest_framework.test import APIClient

from catalog import queries
from catalog.models import AuditEntry, Component, Person, SavedView, Star, Team, Visit
from catalog.operations import remember_visit
from catalog.operations.reading import KEPT_VISITS
from portal.pages import remembered
from tests import make

pytestmark = pytest.mark.django_db
RUNNERS = "component:default/ci-runners"
STAR = f"/api/v1/me/stars/{RUNNERS}"
VIEWS = "/api/v1/me/views"


class World:
    """Build & CI (Ada, Ben) owns ci-runners; Mallory is in Networking; Root is a platform admin."""

    def __init__(self) -> None:
        self.ada, self.ben, self.mallory = make.person("ada"), make.person("ben"), make.person("mallory")
        self.root = make.person("root", admin=True)
        self.build = make.team("build-ci", self.ada, self.ben)
        self.networking = make.team("networking", self.mallory)
        self.runners = make.component("ci-runners", owner=self.build)


@pytest.fixture
def world() -> World:
    """See `World`."""
    return World()


def api_of(person: Person) -> APIClient:
    """A client signed in as them."""
    api = APIClient()
    api.force_login(make.account_of(person))
    return api


def web_of(person: Person) -> Client:
    """A browser signed in as them."""
    web = Client()
    web.force_login(make.account_of(person))
    return web


# Stars ----------------------------------------------------------------------------------------------------------------


def test_a_star_twice_is_once_and_taking_it_away_twice_too(world: World) -> None:
    ada = api_of(world.ada)
    assert ada.put(STAR).status_code == 201
    assert ada.put(STAR.upper().replace("/API/V1/ME/STARS/", "/api/v1/me/stars/")).status_code == 200
    assert [one["ref"] for one in ada.get("/api/v1/me/stars").json()["results"]] == [RUNNERS]
    assert ada.delete(STAR).status_code == 204
    assert ada.delete(STAR).status_code == 204
    assert not Star.objects.exists()


@pytest.mark.parametrize("ref", ["group:default/build-ci", "user:default/ada", RUNNERS])
def test_things_of_every_kind_may_be_starred(world: World, ref: str) -> None:
    assert api_of(world.ada).put(f"/api/v1/me/stars/{ref}").status_code == 201


@pytest.mark.parametrize("ref", ["component:default/nothing", "nothing", "planet:default/x", ":/", "é" * 300])
def test_what_is_not_there_gets_no_star(world: World, ref: str) -> None:
    assert api_of(world.ada).put(f"/api/v1/me/stars/{ref}").status_code == 404


def test_stars_are_nobody_elses(world: World) -> None:
    api_of(world.ada).put(STAR)
    ben = api_of(world.ben)
    assert ben.get("/api/v1/me/stars").json()["results"] == []
    ben.delete(STAR)
    assert Star.objects.count() == 1


def test_a_token_has_no_stars_and_no_views(world: World) -> None:
    machine = make.signed(APIClient(), make.token("components:write")[1])
    calls = [
        machine.put(STAR), machine.delete(STAR), machine.get("/api/v1/me/stars"), machine.get(VIEWS),
        machine.post(VIEWS, {"name": "x"}), machine.delete(f"{VIEWS}/1"),
    ]  # fmt: skip
    assert {answer.status_code for answer in calls} == {403}


@pytest.mark.parametrize("path", [STAR, "/api/v1/me/stars", VIEWS])
def test_strangers_have_none(path: str) -> None:
    assert APIClient().get(path).status_code == 401


def test_the_button_stars_and_the_sidebar_shows_it_with_its_health(world: World) -> None:
    web = web_of(world.ada)
    page = world.runners.get_absolute_url()
    assert 'aria-pressed="false"' in web.get(page).content.decode()
    answer = web.post("/stars", {"ref": RUNNERS}, headers={"Referer": f"http://testserver{page}"})
    assert answer["Location"].endswith(page)
    starred = web.get(page).content.decode()
    assert 'aria-pressed="true"' in starred
    assert "Starred" in starred.partition('<main id="main"')[0]
    assert [line.component.name for line in web.get("/catalog?starred=1").context["lines"]] == ["ci-runners"]
    web.post("/stars", {"ref": RUNNERS, "starred": "1"})
    assert not Star.objects.exists()


def test_the_button_leads_nowhere_else(world: World) -> None:
    answer = web_of(world.ada).post("/stars", {"ref": RUNNERS}, headers={"Referer": "https://evil.example/x"})
    assert answer["Location"] == "/"


# Visits ---------------------------------------------------------------------------------------------------------------


def test_a_page_that_was_opened_is_remembered_newest_first(world: World) -> None:
    web = web_of(world.ada)
    for path in ("/components/component/default/ci-runners", "/teams/default/build-ci", "/people/default/ben"):
        assert web.get(path).status_code == 200
    seen = list(queries.visits_of(world.ada).values_list("ref", "title"))
    assert seen == [
        ("user:default/ben", "Ben"), ("group:default/build-ci", "Build Ci"), (RUNNERS, "ci-runners"),
    ]  # fmt: skip


def test_only_the_newest_few_are_kept_and_each_thing_once(world: World) -> None:
    things = [make.component(f"c{n}") for n in range(KEPT_VISITS + 5)]
    for n, thing in enumerate([*things, things[-1]]):
        at = make.NOW + timedelta(minutes=2 * n)
        remember_visit(person=world.ada, ref=thing.ref, url=thing.get_absolute_url(), now=at)
    seen = list(queries.visits_of(world.ada).values_list("ref", flat=True))
    assert seen == [thing.ref for thing in reversed(things[5:])]


def test_looking_again_within_a_minute_writes_nothing(world: World) -> None:
    for seconds in (0, 30):
        at = make.NOW + timedelta(seconds=seconds)
        remember_visit(person=world.ada, ref=RUNNERS, url="/x", now=at)
    assert Visit.objects.get().at == make.NOW


def test_what_is_not_there_or_strangers_see_is_not_remembered(world: World, settings: make.Settings) -> None:
    settings.PORTAL_ANONYMOUS_READ = True
    Client().get("/components/component/default/ci-runners")
    web_of(world.ada).get("/components/component/default/nothing")
    remember_visit(person=world.ada, ref="planet:default/x", url="/x")
    assert not Visit.objects.exists()


def test_a_page_stands_where_nothing_can_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise DatabaseError("cannot execute INSERT in a read-only transaction")

    monkeypatch.setattr(remembered, "remember_visit", fail)
    assert web_of(world.ada).get("/components/component/default/ci-runners").status_code == 200


# Views ----------------------------------------------------------------------------------------------------------------


def test_a_view_is_saved_changed_shown_as_a_tab_and_deleted(world: World) -> None:
    ada = api_of(world.ada)
    made = ada.post(VIEWS, {"name": "Worst", "query": "?health=bad&cursor=x&q="})
    assert (made.status_code, made.json()["query"], made.json()["mine"]) == (201, "health=bad", True)
    assert ada.post(VIEWS, {"name": "Worst", "query": "health=bad&tier=1"}).status_code == 200
    assert ada.get(VIEWS).json()["results"][0]["query"] == "health=bad&tier=1"
    page = web_of(world.ada).get("/catalog?tier=1&health=bad")
    active = [tab.title for tab in page.context["tabs"] if tab.active]
    assert active == ["Worst"]
    assert "Delete view" in page.content.decode()
    assert ada.delete(f"{VIEWS}/{made.json()['id']}").status_code == 204
    assert not SavedView.objects.exists()


def test_a_view_shared_with_a_team_is_seen_by_it_and_by_nobody_else_and_is_in_the_log(world: World) -> None:
    made = api_of(world.ada).post(VIEWS, {"name": "Ours", "query": "tier=1", "team": world.build.ref})
    assert made.status_code == 201
    assert [one["mine"] for one in api_of(world.ben).get(VIEWS).json()["results"]] == [False]
    assert api_of(world.mallory).get(VIEWS).json()["results"] == []
    assert AuditEntry.objects.get().action == "view.save"
    one = f"{VIEWS}/{made.json()['id']}"
    assert api_of(world.mallory).delete(one).status_code == 404
    assert api_of(world.ben).delete(one).status_code == 403
    assert api_of(world.root).delete(one).status_code == 204
    assert AuditEntry.objects.filter(action="view.delete").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"query": "tier=1"}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "x", "query": "tier=9"}, "tier"),
        ({"name": "x", "query": "owner=:"}, "owner"),
        ({"name": "x", "team": "group:default/nothing"}, "team"),
        ({"name": "x", "nmae": "y"}, "nmae"),
    ],
)
def test_a_view_that_makes_no_sense_is_refused_by_its_field(world: World, body: dict[str, str], field: str) -> None:
    answer = api_of(world.ada).post(VIEWS, body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 40, "²"])
def test_a_view_of_no_number_is_a_problem_like_any_other(world: World, number: str) -> None:
    answer = api_of(world.ada).delete(f"{VIEWS}/{number}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_nobody_shares_with_a_team_of_others(world: World) -> None:
    answer = api_of(world.mallory).post(VIEWS, {"name": "x", "team": world.build.ref})
    assert (answer.status_code, SavedView.objects.exists()) == (403, False)


def test_the_form_saves_and_says_what_is_wrong(world: World) -> None:
    web = web_of(world.ada)
    assert web.post("/catalog/views", {"name": "Mine", "query": "tier=1"})["Location"] == "/catalog?tier=1"
    answer = web.post("/catalog/views", {"name": "", "query": "tier=1"}, follow=True)
    assert "Name the view" in answer.content.decode()
    mallory = web_of(world.mallory)
    assert mallory.post(f"/catalog/views/{SavedView.objects.get().pk}/delete").status_code == 404
    assert web.post(f"/catalog/views/{SavedView.objects.get().pk}/delete").status_code == 302
    assert not SavedView.objects.exists()


def test_a_saved_view_that_nothing_knows_any_more_takes_no_page_down(world: World) -> None:
    SavedView.objects.create(person=world.ada, name="Old", query="tier=7", created_at=make.NOW)
    assert web_of(world.ada).get("/catalog").status_code == 200


# Many at once ---------------------------------------------------------------------------------------------------------

BULK = "/catalog/bulk"
CHANGES: dict[str, tuple[dict[str, str], Callable[[Component], object], object]] = {
    "owner": ({"action": "owner", "owner": "group:default/build-ci"}, lambda c: c.owner_ref, "group:default/build-ci"),
    "tag": ({"action": "tag", "tag": "linux"}, lambda c: sorted(c.tags), ["go", "linux"]),
    "tier": ({"action": "tier", "tier": "1"}, lambda c: c.tier, 1),
    "enter": ({"tag": "linux", "owner": "", "tier": ""}, lambda c: sorted(c.tags), ["go", "linux"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_ones_own_changes_and_the_rest_is_refused_with_its_reason(world: World, change: str) -> None:
    asked, value, expected = CHANGES[change]
    mine = make.component("mine", owner=world.build if change != "owner" else None, tags=["go"])
    theirs = make.component("theirs", owner=world.networking, tags=["go"])
    sent = {"ref": [mine.ref, theirs.ref, "component:default/nothing"], **asked}
    page = web_of(world.ada).post(BULK, sent, follow=True)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert value(mine) == expected
    assert theirs.version == 1
    said = page.content.decode()
    assert "1 component changed: mine" in said
    assert "theirs. Only members of the owner team" in said
    assert "There is no component called “nothing” (component:default/nothing)." in said
    assert list(AuditEntry.objects.values_list("object_ref", "actor_ref")) == [(mine.ref, "user:default/ada")]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"action": "tag", "tag": "linux"}, "Tick the components"),
        ({"ref": RUNNERS, "action": "tag"}, "Type the tag"),
        ({"ref": RUNNERS, "action": "tag", "tag": "Not A Tag"}, "use 1 to 63 lower-case"),
        ({"ref": RUNNERS, "action": "tier", "tier": "9"}, "Choose the tier"),
        ({"ref": RUNNERS, "action": "owner"}, "Choose the new owner"),
        ({"ref": RUNNERS, "action": "explode"}, "Choose what to change"),
        ({"ref": [f"component:default/c{n}" for n in range(201)], "action": "tier", "tier": "1"}, "at most 200"),
    ],
)
def test_a_form_that_is_not_whole_changes_nothing_and_says_what_is_missing(
    world: World, sent: dict[str, object], said: str
) -> None:
    assert said in web_of(world.ada).post(BULK, sent, follow=True).content.decode()
    world.runners.refresh_from_db()
    assert world.runners.version == 1


def test_what_is_ones_own_is_confirmed_and_the_rest_is_refused(world: World) -> None:
    theirs = make.component("theirs", owner=world.networking)
    page = web_of(world.ada).post(BULK, {"ref": [RUNNERS, theirs.ref], "action": "confirm"}, follow=True)
    world.runners.refresh_from_db()
    theirs.refresh_from_db()
    assert (world.runners.confirmed_at is not None, theirs.confirmed_at) == (True, None)
    said = page.content.decode()
    assert "1 component confirmed: ci-runners" in said
    assert "1 component not confirmed: theirs" in said


def test_saying_it_again_changes_nothing(world: World) -> None:
    web = web_of(world.ada)
    for _ in range(2):
        page = web.post(BULK, {"ref": RUNNERS, "action": "tier", "tier": "2"}, follow=True)
    assert "1 component needed no change" in page.content.decode()


@pytest.mark.parametrize("path", [BULK, "/catalog/views", "/catalog/views/1/delete", "/stars"])
def test_a_stranger_changes_nothing_and_a_link_neither(world: World, path: str) -> None:
    assert Client().post(path, {"ref": RUNNERS}).status_code == 302
    assert web_of(world.ada).get(path).status_code == 405
    assert not Star.objects.exists()


def test_somebody_without_a_team_is_offered_no_boxes(browser_of_ada: Client) -> None:
    make.component("x")
    assert 'name="ref" value=' not in browser_of_ada.get("/catalog").content.decode()


def test_the_list_is_exported_as_it_is_filtered(world: World) -> None:
    make.component("=evil", title="=1+1", owner=world.networking, tags=["a", "b"])
    answer = web_of(world.ada).get("/catalog/export.csv?owner=networking")
    body = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [(row["name"], row["title"], row["owner"], row["tags"], row["health"]) for row in rows] == [
        ("'=evil", "'=1+1", "group:default/networking", "a b", "none")
    ]
    assert "attachment" in answer["Content-Disposition"]
    assert Client().get("/catalog/export.csv").status_code == 302


def test_export_and_tabs_follow_the_filters(world: World) -> None:
    page = web_of(world.ada).get("/catalog?tier=1&owner=&tag=").content.decode()
    assert "/catalog/export.csv?tier=1" in page
    assert "/api/v1/catalog-info.yaml?tier=1" in page


@pytest.mark.parametrize(
    "asked",
    ["q=ci", "tier=1", "type=service", "owner=none", "system=none", "tag=a", "kind=component", "lifecycle=production",
     "health=bad", "starred=1", "retired=1", "owner=build-ci&sort=name&cursor=&q="],
)  # fmt: skip
def test_what_the_list_is_narrowed_by_its_yaml_takes(world: World, asked: str) -> None:
    client = web_of(world.ada)
    page = html.unescape(client.get(f"/catalog?{asked}").content.decode())
    link = re.search(r'href="(/api/v1/catalog-info\.yaml[^"]*)"', page)
    assert link
    assert "sort" not in link[1]
    answer = client.get(link[1])
    assert answer.status_code == 200, link[1]


def test_a_team_of_another_is_not_among_the_owners_offered(world: World) -> None:
    assert list(web_of(world.ada).get("/catalog").context["my_teams"]) == [Team.objects.get(name="build-ci")]
