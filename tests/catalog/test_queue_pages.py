"""Needs care in a browser and over HTTP: who may put what right, and who never."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Component, Dependency, Person
from tests import make, make_trust

pytestmark = pytest.mark.django_db
QUEUE, FIX = "/catalog/queue", "/catalog/queue/fix"


@pytest.fixture
def ada() -> Person:
    """A member of Build & CI."""
    person = make.person("ada")
    make_trust.kept_team("build-ci", person)
    return person


@pytest.fixture
def mallory() -> Person:
    """A member of another team."""
    person = make.person("mallory")
    make_trust.kept_team("networking", person)
    return person


def signed_in(client: Client, person: Person) -> Client:
    """`client` as them."""
    client.force_login(make.account_of(person))
    return client


def rotten(owner: Person) -> dict[str, Component]:
    """One component of Ada's team for each fix that is only the owner's."""
    team = owner.teams.get()
    made = {
        "confirm": make.component("old", owner=team, now=make_trust.LONG_AGO),
        "remove": make.component("dangles", owner=team),
        "keep": make.component("dropped", owner=team),
        "revive": make.component("retired", owner=team, retired_at=make.NOW),
    }
    make.dependency(made["remove"], "component:default/nothing")
    make_trust.claim(made["keep"].ref, orphaned_at=make.NOW)
    make.dependency(make.component("user", owner=team), made["revive"])
    return made


def press(client: Client, fix: str, key: str, value: str = "") -> int:
    """The answer to pressing a row's button."""
    return client.post(FIX, {"one": f"{fix} {key} {value}".strip()}).status_code


def keys(client: Client, query: str = "") -> dict[str, str]:
    """By fix the key of a row that offers it."""
    rows = client.get(QUEUE + query).context["rows"]
    return {fix: row.case.key for row in rows for fix in row.case.trouble.fixes}


def test_the_owner_team_presses_each_button_and_the_line_leaves(client: Client, ada: Person) -> None:
    rotten(ada)
    found = keys(signed_in(client, ada))
    for fix in ("confirm", "remove", "keep", "revive"):
        assert press(client, fix, found[fix]) == 302
    assert client.get(QUEUE).context["rows"] == []
    assert "Nothing needs care" in client.get(QUEUE).content.decode()


def test_somebody_of_another_team_sees_no_button_and_is_refused(client: Client, ada: Person, mallory: Person) -> None:
    rotten(ada)
    found = keys(signed_in(client, mallory))
    rows = client.get(QUEUE).context["rows"]
    assert [row.buttons for row in rows] == [()] * 4
    page = client.get(QUEUE).content.decode()
    assert page.count("its owner can mend it") == 3  # what the fourth names can be registered by anybody
    assert "4 on this page, of 4" in page
    assert 'name="case"' not in page
    for fix in ("confirm", "retire", "remove", "keep", "revive"):
        assert press(client, fix, found[fix]) == 403
    assert not AuditEntry.objects.exists()


def test_a_stranger_is_sent_to_sign_in_and_changes_nothing(
    client: Client, ada: Person, settings: make.Settings
) -> None:
    rotten(ada)
    assert client.get(QUEUE).status_code == 302
    settings.PORTAL_ANONYMOUS_READ = True
    found = keys(client)
    assert press(client, "confirm", found["confirm"]) == 302
    assert client.post("/components/component/default/old/confirm")["Location"].startswith("/sign-in")
    assert client.post("/teams/default/build-ci/confirm")["Location"].startswith("/sign-in")
    assert not AuditEntry.objects.exists()


def test_what_nobody_owns_may_be_taken_for_a_team_of_ones_own_and_for_no_other(
    client: Client, ada: Person, mallory: Person
) -> None:
    make.component("orphan")
    key = keys(signed_in(client, mallory))["assign"]
    assert press(client, "assign", key, "build-ci") == 403
    assert client.post(FIX, {"one": f"assign {key}", "team": "group:default/networking"}).status_code == 302
    assert Component.objects.get().owner_ref == "group:default/networking"


def test_what_a_dissolved_team_left_may_be_taken_but_not_just_changed(client: Client, ada: Person) -> None:
    made = make.component("left", owner=make.team("old", retired_at=make.NOW))
    api = APIClient()
    api.force_login(make.account_of(ada))
    here = "/api/v1/components/component/default/left"
    assert api.patch(here, {"title": "New"}).status_code == 403
    assert api.delete(here).status_code == 403
    assert api.patch(here, {"owner": "build-ci"}).status_code == 200
    made.refresh_from_db()
    assert made.owner_ref == "group:default/build-ci"


def test_several_at_once_keep_what_works_and_say_what_does_not(client: Client, ada: Person) -> None:
    mine = make.component("mine", owner=ada.teams.get(), now=make_trust.LONG_AGO)
    theirs = make.component("theirs", owner=make.team("networking"), now=make_trust.LONG_AGO)
    chosen = {
        "fix": "confirm",
        "case": [f"unconfirmed:{mine.pk}", f"unconfirmed:{theirs.pk}"],
        "back": "kind=component",
    }
    answer = signed_in(client, ada).post(FIX, chosen, follow=True)
    assert answer.redirect_chain == [(f"{QUEUE}?kind=component", 302)]
    said = answer.content.decode()
    assert "1 entry confirmed" in said
    assert "Only the owner and platform admins confirm component:default/theirs" in said
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.confirmed_at is None, theirs.confirmed_at is None) == (False, True)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"fix": "confirm"}, "Choose at least one line first"),
        ({"fix": "explode", "case": "unconfirmed:1"}, "Use one of"),
        ({"one": "assign no-owner:{pk}"}, "Choose a team first"),
        ({"one": "confirm no-owner:{pk}"}, "Confirm does not help here"),
        ({"one": "assign no-owner:{pk}", "team": "a b:c/"}, "empty part"),
    ],
)
def test_a_wrong_form_is_told_what_to_do_and_keeps_what_was_chosen(
    client: Client, ada: Person, form: dict[str, str], said: str
) -> None:
    made = make.component("x")
    sent = {key: text.replace("{pk}", str(made.pk)) for key, text in form.items()}
    answer = signed_in(client, ada).post(FIX, {"case": f"no-owner:{made.pk}", **sent} if "one" in form else sent)
    assert (answer.status_code, said in answer.content.decode()) == (400, True)
    if "one" in form:
        assert "checked" in answer.content.decode()


def test_a_line_somebody_else_put_right_is_said_to_be(client: Client, ada: Person) -> None:
    made = make.component("x", owner=ada.teams.get())
    answer = signed_in(client, ada).post(FIX, {"one": f"confirm unconfirmed:{made.pk}"}, follow=True)
    assert "Somebody was faster" in answer.content.decode()


def test_a_missing_thing_leads_to_its_form_filled_in(client: Client, ada: Person) -> None:
    make.dependency(make.component("x", owner=ada.teams.get()), "api:payments/orders")
    make.component("y", owner_ref="group:default/ghosts")
    links = {row.register for row in signed_in(client, ada).get(QUEUE).context["rows"]}
    assert links == {
        "/components/new?kind=api&namespace=payments&name=orders",
        "/teams/new?namespace=default&name=ghosts",
    }
    assert 'value="orders"' in client.get("/components/new?kind=api&namespace=payments&name=orders").content.decode()
    assert 'value="ghosts"' in client.get("/teams/new?namespace=default&name=ghosts").content.decode()


def test_the_queue_asks_few_questions_however_long_it_is(
    client: Client, ada: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(40):
        made = make.component(f"c{n}", owner=make.team(f"t{n}"), now=make_trust.LONG_AGO)
        make.dependency(made, f"component:default/cc{n}")
        make.component(f"o{n}", owner_ref=f"group:default/tt{n}")
    make_trust.member_not_there(ada.teams.get())
    with django_assert_max_num_queries(40):
        assert len(signed_in(client, ada).get(QUEUE).context["rows"]) == 50


@pytest.mark.parametrize("query", ["?trouble=no", "?kind=token", "?team=a:/"])
def test_a_filter_nobody_knows_is_named(client: Client, ada: Person, query: str) -> None:
    assert signed_in(client, ada).get(QUEUE + query).status_code == 400
    api = APIClient()
    api.force_login(make.account_of(ada))
    answer = api.get(f"/api/v1/catalog/queue{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] in query


def test_a_script_in_a_reference_never_runs(client: Client, ada: Person) -> None:
    make.dependency(make.component("x", owner=ada.teams.get()), 'component:default/"><script>alert(1)</script>')
    assert "<script>alert" not in signed_in(client, ada).get(QUEUE).content.decode()


def test_the_api_tells_the_same_page_by_page(ada: Person) -> None:
    rotten(ada)
    make.dependency(Component.objects.get(name="dangles"), "component:default/rettired")
    api = make.signed(APIClient(), make.token("read")[1])
    first = api.get("/api/v1/catalog/queue?limit=2").json()
    rest = api.get(first["next"]).json()
    assert (len(first["results"]), len(rest["results"]), rest["next"]) == (2, 2, None) or len(rest["results"]) == 2
    assert api.get(rest["previous"]).json()["results"] == first["results"]
    dangling = api.get("/api/v1/catalog/queue?trouble=dangling&team=build-ci").json()["results"]
    assert {(one["ref"], one["field"], one["named"]) for one in dangling} == {
        ("component:default/dangles", "depends_on", "component:default/nothing"),
        ("component:default/dangles", "depends_on", "component:default/rettired"),
    }
    counts = api.get("/api/v1/catalog/queue/counts").json()
    assert (counts["total"], counts["troubles"]["dangling"]) == (5, 2)
    assert api.get("/api/v1/catalog/queue?cursor=x").status_code == 400
    assert APIClient().get("/api/v1/catalog/queue").status_code == 401


def test_a_case_is_put_right_by_the_ordinary_patch_of_its_holder(ada: Person) -> None:
    rotten(ada)
    api = APIClient()
    api.force_login(make.account_of(ada))
    case = api.get("/api/v1/catalog/queue?trouble=dangling").json()["results"][0]
    path = case["ref"].replace(":", "/")
    assert api.patch(f"/api/v1/components/{path}", {case["field"]: []}).status_code == 200
    assert api.get("/api/v1/catalog/queue?trouble=dangling").json()["results"] == []
    assert not Dependency.objects.filter(target=None).exists()


def test_members_lead_a_team_that_nobody_leads_and_others_see_no_button(
    client: Client, ada: Person, mallory: Person
) -> None:
    led = make.team("unled", ada, email="unled@example.org")
    assert "Lead it" not in signed_in(client, mallory).get(QUEUE).content.decode()
    key = f"no-lead:{led.pk}"
    assert press(client, "lead", key) == 403
    assert not led.memberships.filter(role="lead").exists()
    page = signed_in(client, ada).get(QUEUE).content.decode()
    assert "Lead it" in page
    assert f"{led.get_absolute_url()}/edit" in page
    assert press(client, "lead", key) == 302
    assert led.memberships.get(role="lead").person == ada


def test_systems_and_domains_of_nobody_may_be_taken_for_a_team_of_ones_own(client: Client, ada: Person) -> None:
    system, domain = make.system("ci"), make.domain("delivery")
    signed_in(client, ada)
    for key in (f"system-no-owner:{system.pk}", f"domain-no-owner:{domain.pk}"):
        assert press(client, "assign", key, "group:default/build-ci") == 302
    for row in (system, domain):
        row.refresh_from_db()
        assert row.owner_ref == "group:default/build-ci"


def test_the_api_tells_of_systems_and_teams_too(ada: Person) -> None:
    system, team = make.system("ci", owner_ref="group:default/gone"), make.team("empty")
    api = make.signed(APIClient(), make.token("read")[1])
    found = api.get("/api/v1/catalog/queue?kind=system&kind=group").json()["results"]
    assert {(one["ref"], one["trouble"]) for one in found} == {
        (system.ref, "owner-missing"), (team.ref, "no-members"), (team.ref, "no-contact"),
    }  # fmt: skip
