"""Who may write what: the owner's team may, a teammate may, an outsider never."""

from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Component, Person, Team
from tests import make

pytestmark = pytest.mark.django_db
COMPONENT = "/api/v1/components/component/default/ci-runners"
TEAM = "/api/v1/teams/default/build-ci"
OTHER = "/api/v1/teams/default/networking"
BEN = "/api/v1/people/default/ben"
Call = Callable[[APIClient], int]

WRITES: dict[str, Call] = {
    "put component": lambda api: api.put(COMPONENT, {"owner": "build-ci", "title": "New"}).status_code,
    "patch component": lambda api: api.patch(COMPONENT, {"title": "New"}).status_code,
    "retire component": lambda api: api.delete(COMPONENT).status_code,
    "put team": lambda api: api.put(TEAM, {"title": "New"}).status_code,
    "patch team": lambda api: api.patch(TEAM, {"title": "New"}).status_code,
    "retire team": lambda api: api.delete(TEAM).status_code,
    "put person": lambda api: api.put(BEN, {"display_name": "New"}).status_code,
}


class World:
    """Build & CI owns ci-runners; Ada is in it, Mallory is in Networking, Root is a platform admin."""

    def __init__(self) -> None:
        self.ada, self.mallory = make.person("ada"), make.person("mallory")
        self.ben, self.root = make.person("ben"), make.person("root", admin=True)
        self.build, self.networking = make.team("build-ci", self.ada), make.team("networking", self.mallory)
        self.runners = make.component("ci-runners", owner=self.build)


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


@pytest.mark.parametrize("write", WRITES)
def test_nobody_writes_without_signing_in(world: World, write: str) -> None:
    assert WRITES[write](APIClient()) == 401
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("write", WRITES)
def test_a_made_up_token_is_401(world: World, write: str) -> None:
    assert WRITES[write](make.signed(APIClient(), "portico_guessed")) == 401


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("scope", ["read", "slos:write", "alerts:send", "incidents:write", "oncall:write"])
def test_a_token_without_the_scope_is_403(world: World, write: str, scope: str) -> None:
    assert WRITES[write](as_token(scope)) == 403
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("write", WRITES)
def test_a_token_of_another_team_is_403(world: World, write: str) -> None:
    assert WRITES[write](as_token("components:write", teams=(world.networking,))) == 403
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("write", WRITES)
def test_somebody_of_another_team_is_403(world: World, write: str) -> None:
    assert WRITES[write](as_person(world.mallory)) == 403
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("write", WRITES)
def test_a_platform_admin_may_write_everything(world: World, write: str) -> None:
    assert WRITES[write](as_person(world.root)) in {200, 201}
    assert AuditEntry.objects.get().actor_ref == "user:default/root"


@pytest.mark.parametrize("write", WRITES)
def test_a_token_that_no_team_limits_may_write_everything(world: World, write: str) -> None:
    assert WRITES[write](as_token("components:write")) in {200, 201}


@pytest.mark.parametrize("write", [name for name in WRITES if "person" not in name])
def test_a_member_and_a_token_of_the_team_may_write_what_is_theirs(world: World, write: str) -> None:
    assert WRITES[write](as_person(world.ada)) == 200
    world.runners.refresh_from_db()
    assert WRITES[write](as_token("components:write", teams=(world.build,))) == 200


def test_everybody_may_write_about_themselves(world: World) -> None:
    assert WRITES["put person"](as_person(world.ben)) == 200


def test_a_team_can_neither_take_a_component_nor_give_one_away(world: World) -> None:
    taker = as_token("components:write", teams=(world.networking,))
    giver = as_token("components:write", teams=(world.build,))
    assert taker.patch(COMPONENT, {"owner": "networking"}).status_code == 403
    assert giver.patch(COMPONENT, {"owner": "networking"}).status_code == 403
    both = as_token("components:write", teams=(world.networking, world.build))
    assert both.patch(COMPONENT, {"owner": "networking"}).status_code == 200


def test_what_nobody_owns_may_be_claimed_but_not_just_written(world: World) -> None:
    make.component("orphan")
    here = "/api/v1/components/component/default/orphan"
    mallory = as_person(world.mallory)
    refused = mallory.patch(here, {"title": "Mine?"})
    assert refused.status_code == 403
    assert "name one of your own teams" in refused.json()["detail"]
    assert mallory.patch(here, {"owner": "ghosts"}).status_code == 403
    assert mallory.patch(here, {"owner": "networking"}).status_code == 200


def test_a_new_component_needs_an_owner_of_ones_own(world: World) -> None:
    here = "/api/v1/components/component/default/vpn"
    mallory = as_person(world.mallory)
    assert mallory.put(here, {}).status_code == 403
    assert mallory.put(here, {"owner": "build-ci"}).status_code == 403
    assert not Component.objects.filter(name="vpn").exists()
    assert mallory.put(here, {"owner": "networking"}).status_code == 201


def test_anybody_signed_in_may_make_a_team_as_its_lead_but_a_limited_token_may_not(world: World) -> None:
    here = "/api/v1/teams/default/newcomers"
    ben = as_person(world.ben)
    assert ben.put(here, {}).status_code == 403
    assert ben.put(here, {"members": [{"person": "ada", "role": "lead"}]}).status_code == 403
    assert as_token("components:write", teams=(world.build,)).put(here, {}).status_code == 403
    assert ben.put(here, {"members": [{"person": "ben", "role": "lead"}]}).status_code == 201


def test_nobody_becomes_a_platform_admin_by_saying_so(world: World) -> None:
    answer = as_person(world.ben).put(BEN, {"platform_admin": True})
    assert answer.status_code == 200
    assert answer.json()["platform_admin"] is False


@pytest.mark.parametrize("path", ["components", "teams", "people", "me", "components/component/default/ci-runners"])
def test_reading_needs_somebody_known_and_nothing_more(world: World, path: str) -> None:
    assert APIClient().get(f"/api/v1/{path}").status_code == 401
    assert as_token("alerts:send", teams=(world.networking,)).get(f"/api/v1/{path}").status_code == 200
    assert as_person(world.mallory).get(f"/api/v1/{path}").status_code == 200


def test_a_token_says_who_it_is_and_what_it_may(world: World) -> None:
    said = as_token("components:write", "read", teams=(world.build,)).get("/api/v1/me").json()
    assert (said["ref"], said["person"], said["teams"], said["everywhere"]) == (
        "token:ci",
        None,
        ["group:default/build-ci"],
        False,
    )


def test_an_account_that_is_nobody_may_read_but_is_told_why_it_cannot_write(world: World, client: Client) -> None:
    stranger = make.account("stranger")
    Person.objects.filter(account=stranger).update(account=None)
    api = APIClient()
    api.force_login(stranger)
    assert api.get("/api/v1/components").status_code == 200
    answer = api.patch(COMPONENT, {"title": "New"})
    assert (answer.status_code, "belongs to nobody" in answer.json()["detail"]) == (401, True)


def test_machines_that_watch_us_need_no_sign_in(client: Client, db: None) -> None:
    assert [client.get(path).status_code for path in ("/healthz", "/metrics")] == [200, 200]


def test_somebody_who_left_writes_nothing_though_their_session_lives_on(client: Client) -> None:
    ada = make.person("ada")
    runners = make.component("ci-runners", owner=make.team("build-ci", lead=ada))
    client.force_login(make.account_of(ada))
    Person.objects.filter(pk=ada.pk).update(retired_at=make.NOW)  # as where an account can't be closed
    path = "/api/v1/components/component/default/ci-runners"
    assert client.patch(path, {"title": "Mine"}, content_type="application/json").status_code == 401
    client.post("/components/component/default/ci-runners/retire")
    runners.refresh_from_db()
    assert (runners.title, runners.retired_at) == ("", None)
