"""Locations over HTTP: written by whom, with which faults, and what is told of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Claim, Component, Location, Team
from catalog.operations.refreshing import refresh_due
from portal.lib.crypto import unseal
from tests import make
from tests.catalog.manifest_files import component, location, stream
from tests.fakes.repository import Repository

pytestmark = pytest.mark.django_db
HERE = "/api/v1/locations/default/platform"
TARGET = "https://git.example.org/acme/platform/raw/main/catalog-info.yaml"
Call = Callable[[APIClient], int]
WRITES: dict[str, Call] = {
    "put": lambda api: api.put(HERE, {"targets": [TARGET], "title": "New", "team": "build-ci"}).status_code,
    "patch": lambda api: api.patch(HERE, {"title": "New"}).status_code,
    "delete": lambda api: api.delete(HERE).status_code,
    "refresh": lambda api: api.post(f"{HERE}/refresh").status_code,
    "webhook": lambda api: api.post(f"{HERE}/webhook").status_code,
    "no webhook": lambda api: api.delete(f"{HERE}/webhook").status_code,
    "preview": lambda api: (
        api.post(
            "/api/v1/locations/preview",
            {"name": "platform", "targets": ["https://nowhere.invalid/x"], "team": "build-ci"},
        ).status_code
    ),
}
GOOD = {200, 201, 202, 204}


class World:
    """Build & CI's location; Ada is in that team, Mallory in another, Root is a platform admin."""

    def __init__(self) -> None:
        self.ada, self.mallory, self.root = make.person("ada"), make.person("mallory"), make.person("root", admin=True)
        self.build, self.networking = make.team("build-ci", self.ada), make.team("networking", self.mallory)
        self.location = make.location("platform", TARGET, team=self.build, hook_sealed="x")


@pytest.fixture
def world() -> World:
    """See `World`."""
    return World()


@pytest.fixture
def repository() -> Iterator[Repository]:
    """A server of files."""
    with Repository.running() as made:
        yield made


def as_token(*scopes: str, teams: tuple[Team, ...] = ()) -> APIClient:
    return make.signed(APIClient(), make.token(*(scopes or ("components:write",)), teams=teams)[1])


def as_person(person: Any) -> APIClient:
    api = APIClient()
    api.force_login(make.account_of(person))
    return api


@pytest.mark.parametrize("write", WRITES)
def test_who_may_not_write_changes_nothing(world: World, write: str) -> None:
    assert WRITES[write](APIClient()) == 401
    assert WRITES[write](make.signed(APIClient(), "portico_guessed")) == 401
    assert WRITES[write](as_token("read", "slos:write")) == 403
    assert WRITES[write](as_token(teams=(world.networking,))) == 403
    assert WRITES[write](as_person(world.mallory)) == 403
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("write", WRITES)
def test_the_team_its_token_an_admin_and_an_unlimited_token_may_write(world: World, write: str) -> None:
    for api in (as_person(world.ada), as_token(teams=(world.build,)), as_person(world.root), as_token()):
        Location.objects.update(retired_at=None)
        assert WRITES[write](api) in GOOD


@pytest.mark.parametrize("write", [name for name in WRITES if name not in ("put", "preview")])
def test_a_location_that_no_team_limits_is_for_those_whom_no_team_limits(world: World, write: str) -> None:
    Location.objects.update(team=None, limited=False)
    assert WRITES[write](as_person(world.ada)) == 403
    assert WRITES[write](as_token(teams=(world.build,))) == 403
    assert WRITES[write](as_token()) in GOOD


def test_a_location_whose_team_is_gone_stays_limited_and_is_for_admins_to_mend(world: World) -> None:
    world.build.memberships.all().delete()
    Team.objects.filter(pk=world.build.pk).delete()
    assert as_person(world.ada).patch(HERE, {"title": "Mine"}).status_code == 403
    assert as_person(world.root).patch(HERE, {"title": "Mended"}).status_code == 200
    row = Location.objects.get()
    assert (row.limited, row.team) == (True, None)
    assert as_person(world.root).patch(HERE, {"team": ""}).json()["limited"] is False


def test_a_member_neither_makes_one_for_everybody_nor_takes_or_gives_one_away_nor_reads_directories(
    world: World, settings: make.Settings
) -> None:
    settings.PORTAL_LOCATION_ROOTS = ("/srv",)
    ada, mallory = as_person(world.ada), as_person(world.mallory)
    new = "/api/v1/locations/default/new"
    assert ada.put(new, {"targets": [TARGET]}).status_code == 403
    assert ada.put(new, {"targets": [TARGET], "team": "networking"}).status_code == 403
    assert ada.put(new, {"targets": ["/srv"], "type": "directory", "team": "build-ci"}).status_code == 403
    assert mallory.put(HERE, {"targets": [TARGET], "team": "networking"}).status_code == 403
    assert ada.patch(HERE, {"team": "networking"}).status_code == 403
    assert ada.patch(HERE, {"team": ""}).status_code == 403
    assert Location.objects.get().team == world.build
    assert as_person(world.root).put(new, {"targets": ["/srv"], "type": "directory"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"targets"}),
        ({"targets": ["catalog-info.yaml"]}, {"targets[0]"}),
        ({"targets": [TARGET, "ftp://x/y"]}, {"targets[1]"}),
        ({"targets": ["https://user:pw@git.example.org/x"]}, {"targets[0]"}),
        ({"targets": ["https://github.com/acme/x/tree/main"]}, {"targets[0]"}),
        ({"targets": ["https://[::1/x"]}, {"targets[0]"}),
        ({"targets": ["https://x.org:99999/"]}, {"targets[0]"}),
        ({"targets": [TARGET], "every": "soon"}, {"every"}),
        ({"targets": [TARGET], "every": "1s"}, {"every"}),
        ({"targets": [TARGET], "every": "9999999999999999999w"}, {"every"}),
        ({"targets": [TARGET], "team": "ghosts"}, {"team"}),
        ({"targets": [TARGET], "type": "s3"}, {"type"}),
        ({"targets": ["relative"], "type": "directory"}, {"targets[0]"}),
        ({"targets": ["/srv/../etc"], "type": "directory"}, {"targets[0]"}),
        ({"targets": [TARGET], "auth_header": "Host", "auth": "x"}, {"auth_header"}),
        ({"targets": [TARGET], "auth_header": "X-A\r\nB", "auth": "x"}, {"auth_header"}),
        ({"targets": [TARGET], "auth_header": "Authorization", "auth": "a\r\nX: b"}, {"auth"}),
        ({"targets": [TARGET], "auth": "x"}, {"auth_header"}),
        ({"targets": [TARGET], "tags": ["UPPER"]}, {"tags[0]"}),
        ({"targets": [TARGET], "targts": []}, {"targts"}),
    ],
)
def test_a_fault_names_its_field_and_nothing_is_written(body: dict[str, Any], fields: set[str]) -> None:
    answer = as_token().put("/api/v1/locations/default/new", body)
    assert answer.status_code == 400, answer.json()
    assert {error["field"] for error in answer.json()["errors"]} == fields
    assert not Location.objects.exists()


def test_putting_is_idempotent_and_guarded(world: World) -> None:
    api, here = as_token(), "/api/v1/locations/default/new"
    body = {"targets": [TARGET], "every": "15m", "prunes": True}
    made = api.put(here, body)
    assert (made.status_code, made["ETag"]) == (201, '"1"')
    again = api.put(here, body)
    assert (again.status_code, again.json()["changed"]) == (200, False)
    assert api.put(here, {**body, "every": "1h"}, headers={"If-Match": '"7"'}).status_code == 412
    back = api.get(here).json()
    assert api.put(here, back).json()["changed"] is False
    assert (back["every"], back["prunes"], back["type"]) == ("15m", True, "url")


def test_what_signs_in_is_sealed_never_told_and_not_for_another_server(world: World) -> None:
    api = as_token()
    signs = {"auth_header": "Authorization", "auth": "Bearer s3cret"}
    said = api.patch(HERE, signs)
    assert "s3cret" not in said.content.decode()
    assert "s3cret" not in str(list(AuditEntry.objects.values_list("diff", flat=True)))
    row = Location.objects.get()
    assert ("s3cret" in row.auth_sealed, unseal(row.auth_sealed)) == (False, "Bearer s3cret")
    stolen = api.patch(HERE, {"targets": ["https://evil.example.org/x.yaml"]})
    assert (stolen.status_code, stolen.json()["errors"][0]["field"]) == (400, "auth")
    assert api.patch(HERE, {"targets": [TARGET + "?x"]}).status_code == 200
    moved = api.patch(HERE, {"targets": ["https://evil.example.org/x.yaml"], "auth_header": ""})
    assert (moved.status_code, moved.json()["has_auth"]) == (200, False)


def test_a_preview_says_what_would_come_in_and_writes_nothing(world: World, repository: Repository) -> None:
    top = repository.put("/all.yaml", stream(component("a"), component("-x"), location("l", "./gone.yaml")))
    answer = as_person(world.ada).post("/api/v1/locations/preview", {"targets": [top], "team": "build-ci"})
    said = answer.json()
    assert (answer.status_code, said["created"], said["failed"]) == (200, 1, 1)
    assert [bool(file["error"]) for file in said["files"]] == [False, True]
    assert said["files"][0]["problems"][0]["line"] == 13
    assert not Component.objects.exists()
    assert not Claim.objects.exists()
    assert Location.objects.count() == 1


def test_a_preview_is_held_to_the_team_too(world: World, repository: Repository) -> None:
    make.component("vpn", owner=world.networking)
    top = repository.put("/a.yaml", component("vpn"))
    said = as_person(world.ada).post("/api/v1/locations/preview", {"targets": [top], "team": "build-ci"}).json()
    assert (said["updated"], said["failed"]) == (0, 1)


def test_files_and_orphans_are_listed_page_by_page(world: World, repository: Repository) -> None:
    top = repository.put("/all.yaml", location("all", *(f"./{n}.yaml" for n in range(5))))
    for n in range(5):
        repository.put(f"/{n}.yaml", component(f"c{n}"))
    api = as_token()
    api.patch(HERE, {"targets": [top]})
    now = Location.objects.get().due_at
    assert now
    refresh_due(now=now, clock=lambda: now)
    first = api.get(f"{HERE}/files?limit=4").json()
    rest = api.get(first["next"]).json()
    assert [len(first["results"]), len(rest["results"]), rest["next"]] == [4, 2, None]
    assert {one["created"] for one in first["results"]} == {1}
    Claim.objects.update(orphaned_at=now)
    orphans = api.get(f"{HERE}/orphans?limit=3").json()
    assert [(one["ref"], one["there"]) for one in orphans["results"][:2]] == [
        ("component:default/c0", True),
        ("component:default/c1", True),
    ]
    assert orphans["next"]


def test_a_location_may_be_applied_and_exported_like_any_document(world: World) -> None:
    api = as_token()
    text = location("shared", TARGET)
    answer = api.post("/api/v1/apply", text, content_type="application/yaml")
    assert (answer.status_code, answer.json()["created"]) == (200, 1), answer.json()
    assert Location.objects.get(name="shared").targets == [TARGET]
    bad = api.post("/api/v1/apply", location("bad", "./relative.yaml"), content_type="application/yaml").json()
    assert "whole address" in bad["documents"][0]["problems"][0]["message"]
    exported = b"".join(api.get("/api/v1/catalog-info.yaml")).decode()
    assert exported.count("kind: Location") == 2


@pytest.mark.parametrize("path", ["", "/default/platform", "/default/platform/files", "/default/platform/orphans"])
def test_reading_needs_somebody_known_and_nothing_more(world: World, path: str) -> None:
    assert APIClient().get(f"/api/v1/locations{path}").status_code == 401
    assert as_token("alerts:send").get(f"/api/v1/locations{path}").status_code == 200


@pytest.mark.parametrize("path", ["", "/files", "/orphans"])
def test_a_location_that_is_not_there_is_404(world: World, path: str) -> None:
    assert as_token().get(f"/api/v1/locations/default/nothing{path}").status_code == 404
