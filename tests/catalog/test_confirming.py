"""Confirming: a team's word about what it owns, twice a year."""

from datetime import timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog import queries
from catalog.access import Actor, NotYourTeam, system
from catalog.models import AuditEntry, Component, Person, Score, Team
from catalog.operations import confirm_components, confirm_team
from catalog.scorecard import NEVER
from portal.lib.clock import db_now
from tests import make, make_trust
from tests.make import NOW

pytestmark = pytest.mark.django_db
CONFIRM = "/api/v1/components/confirm"
BODY: dict[str, list[str]] = {"refs": ["component:default/ci-runners"]}


class World:
    """Build & CI, led by Ada, owns ci-runners and k8s; Mallory is in Networking."""

    def __init__(self) -> None:
        self.ada, self.mallory = make.person("ada"), make.person("mallory")
        self.build, self.networking = make.team("build-ci", lead=self.ada), make.team("networking", self.mallory)
        self.runners = make.component("ci-runners", owner=self.build, now=make_trust.LONG_AGO)
        self.k8s = make.component("k8s", owner=self.build, now=make_trust.LONG_AGO)


@pytest.fixture
def world() -> World:
    """See `World`."""
    return World()


def as_person(person: Person) -> APIClient:
    """A client signed in as them."""
    api = APIClient()
    api.force_login(make.account_of(person))
    return api


def as_token(*scopes: str, teams: tuple[Team, ...] = ()) -> APIClient:
    """A client with a token."""
    return make.signed(APIClient(), make.token(*scopes, teams=teams)[1])


@pytest.mark.parametrize("body", [BODY, {"team": "build-ci"}])
def test_only_the_owner_team_and_platform_admins_confirm(world: World, body: object) -> None:
    assert APIClient().post(CONFIRM, body).status_code == 401
    assert as_person(world.mallory).post(CONFIRM, body).status_code == 403
    assert as_token("read", "slos:write").post(CONFIRM, body).status_code == 403
    assert as_token("components:write", teams=(world.networking,)).post(CONFIRM, body).status_code == 403
    assert not AuditEntry.objects.exists()
    assert as_person(world.ada).post(CONFIRM, body).status_code == 200
    assert as_person(make.person("root", admin=True)).post(CONFIRM, body).status_code == 200
    assert as_token("components:write", teams=(world.build,)).post(CONFIRM, body).status_code == 200


def test_confirming_is_kept_and_changes_neither_version_nor_anything_else(world: World) -> None:
    Score.objects.create(component=world.runners, level=0, passed=0, failed=0, unknown=0, at=NOW, changed_at=NOW)
    confirm_components(refs=["COMPONENT:default/ci-runners"], actor=system("test"), now=NOW)
    world.runners.refresh_from_db()
    assert (world.runners.confirmed_at, world.runners.version) == (NOW, 1)
    assert world.runners.updated_at == make_trust.LONG_AGO
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_ref) == ("component.confirm", "component:default/ci-runners")
    assert entry.diff["confirmed_at"] == [None, NOW.isoformat()]
    assert Score.objects.get().at == NEVER


def test_all_of_a_team_is_confirmed_at_once_and_the_team_remembers_it(world: World) -> None:
    answer = as_person(world.ada).post(CONFIRM, {"team": "build-ci"}).json()
    assert answer["confirmed"] == ["component:default/ci-runners", "component:default/k8s"]
    world.build.refresh_from_db()
    assert world.build.confirmed_at is not None
    assert AuditEntry.objects.filter(action="team.confirm").count() == 1
    assert not queries.due_for_confirmation(db_now()).exists()


def test_it_is_all_of_them_or_none(world: World) -> None:
    other = make.component("dns", owner=world.networking)
    refs = [*BODY["refs"], other.ref]
    assert as_person(world.ada).post(CONFIRM, {"refs": refs}).status_code == 403
    missing = as_person(world.ada).post(CONFIRM, {"refs": [*BODY["refs"], "component:default/none"]})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (400, "refs")
    assert not Component.objects.exclude(confirmed_at=None).exists()


@pytest.mark.parametrize(
    "body",
    [{}, {"refs": []}, {"refs": ["a:/"]}, {"refs": ["x"], "team": "y"}, {"team": "a:/"}, {"ref": "x"}, {"refs": "x"}],
)
def test_a_wrong_body_is_told_its_field(world: World, body: dict[str, object]) -> None:
    answer = as_person(world.ada).post(CONFIRM, body)
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_a_team_that_is_not_there_is_404(world: World) -> None:
    assert as_person(world.ada).post(CONFIRM, {"team": "ghosts"}).status_code == 404


def test_what_nobody_owns_is_confirmed_by_platform_admins_alone(world: World) -> None:
    orphan = make.component("orphan")
    assert as_person(world.ada).post(CONFIRM, {"refs": [orphan.ref]}).status_code == 403
    assert as_person(make.person("root", admin=True)).post(CONFIRM, {"refs": [orphan.ref]}).status_code == 200


def test_due_is_what_was_last_confirmed_half_a_year_ago_by_teams_that_are_there(world: World) -> None:
    Component.objects.filter(pk=world.k8s.pk).update(confirmed_at=NOW - timedelta(days=183))
    make.component("fresh", owner=world.build)
    make.component("left", owner=make.team("old", retired_at=NOW), now=make_trust.LONG_AGO)
    make.component("orphan", now=make_trust.LONG_AGO)
    assert [one.name for one in queries.due_for_confirmation(NOW)] == ["ci-runners", "k8s"]
    assert queries.due_of([world.build, world.networking], now=NOW) == {world.build.pk: 2}


def test_the_team_page_asks_those_who_can_answer_and_one_button_does(world: World, client: Client) -> None:
    client.force_login(make.account_of(world.mallory))
    assert "are right" not in client.get("/teams/default/build-ci").content.decode()
    assert client.post("/teams/default/build-ci/confirm").status_code == 403
    client.force_login(make.account_of(world.ada))
    assert "All 2 are right" in client.get("/teams/default/build-ci").content.decode()
    assert "2 components of Build Ci to confirm" in client.get("/").content.decode()
    assert client.post("/teams/default/build-ci/confirm").status_code == 302
    assert "are right" not in client.get("/teams/default/build-ci").content.decode()
    assert "to confirm" not in client.get("/").content.decode()


def test_home_asks_leads_and_nobody_else(world: World, client: Client) -> None:
    ben = make.person("ben")
    make.member(world.build, ben)
    client.force_login(make.account_of(ben))
    assert "to confirm" not in client.get("/").content.decode()


def test_the_component_says_for_how_long_nobody_confirmed_it(world: World, client: Client) -> None:
    client.force_login(make.account_of(world.ada))
    here = world.runners.get_absolute_url()
    assert "not confirmed for 6 months" in client.get(here).content.decode()
    assert client.post(f"{here}/confirm").status_code == 302
    page = client.get(here).content.decode()
    assert ("not confirmed for" in page, "confirmed <time" in page) == (False, True)
    client.force_login(make.account_of(world.mallory))
    assert client.post(f"{here}/confirm").status_code == 403


def test_an_operation_names_what_is_not_ones_own(world: World) -> None:
    with pytest.raises(NotYourTeam, match="component:default/ci-runners"):
        confirm_components(refs=["component:default/ci-runners"], actor=Actor(person=world.mallory), now=NOW)
    with pytest.raises(NotYourTeam):
        confirm_team(ref="group:default/build-ci", actor=Actor(person=world.mallory), now=NOW)
