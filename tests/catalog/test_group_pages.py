"""Pages of systems, domains, teams and people: what is in them, whose they are, who may change them."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import AuditEntry, ComponentHealth, Domain, System, Team
from catalog.operations import report_health
from tests import make
from tests.catalog.test_pages import text

pytestmark = pytest.mark.django_db
SYSTEM, DOMAIN = "/systems/default/build", "/domains/default/delivery"
MOST = 30


@pytest.fixture
def ada(client: Client) -> Client:
    """Ada, who leads Build & CI, signed in."""
    person = make.person("ada", display_name="Ada Okafor")
    make.team("build-ci", lead=person, title="Build & CI")
    client.force_login(make.account_of(person))
    return client


@pytest.fixture
def build(ada: Client) -> System:
    """The system Build of Build & CI, in the domain Delivery, with a broken component and one nobody measures."""
    team = Team.objects.get(name="build-ci")
    system = make.system(
        "build", title="Build", owner=team, domain=make.domain("delivery", title="Delivery", owner=team)
    )
    broken = make.component("ci-runners", owner=team, system=system, system_ref=system.ref)
    make.component("cache", owner=make.team("cachers"), system=system, system_ref=system.ref)
    report_health(component_id=broken.pk, source="slo", state=ComponentHealth.State.BAD, summary="", now=make.NOW)
    return system


def test_a_system_says_what_is_in_it_how_that_is_and_whose_it_is(ada: Client, build: System) -> None:
    page = ada.get(SYSTEM)
    said = text(page.content)
    assert "Build &amp; CI Lead Ada Okafor" in said
    assert "1 broken, 1 without objective" in said
    assert [line.component.name for line in page.context["lines"]] == ["ci-runners", "cache"]
    assert page.context["trail"] == [("Systems", "/systems"), ("Delivery", DOMAIN), ("Build", "")]


def test_a_domain_says_which_systems_and_narrower_domains_are_in_it(ada: Client, build: System) -> None:
    domain = Domain.objects.get()
    make.domain("ci", parent=domain)
    make.system("gone", domain=domain, retired_at=make.NOW)
    context = ada.get(DOMAIN).context
    assert [(line.system.name, line.health, line.count) for line in context["lines"]] == [("build", "bad", 2)]
    assert [line.domain.name for line in context["narrower"]] == ["ci"]
    assert (context["health"], context["size"]) == ("bad", 2)


@pytest.mark.parametrize("tab", ["relations", "changes", "yaml", "nonsense"])
@pytest.mark.parametrize("path", [SYSTEM, DOMAIN, "/teams/default/build-ci", "/people/default/ada"])
def test_every_tab_of_every_kind_opens(ada: Client, build: System, path: str, tab: str) -> None:
    answer = ada.get(f"{path}?tab={tab}")
    assert (answer.status_code, answer.context["tab"]) == (200, tab if tab != "nonsense" else "overview")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (SYSTEM, "domain: domain:default/delivery"),
        (DOMAIN, "owner: group:default/build-ci"),
        ("/teams/default/build-ci", "user:default/ada"),
        ("/people/default/ada", "displayName: Ada Okafor"),
    ],
)
def test_every_kind_shows_its_yaml(ada: Client, build: System, path: str, line: str) -> None:
    assert line in ada.get(f"{path}?tab=yaml").context["yaml"]


def test_a_domain_or_owner_that_is_not_there_is_named(ada: Client) -> None:
    make.system("build", domain_ref="domain:default/later", owner_ref="group:default/later")
    said = text(ada.get(SYSTEM).content)
    assert "domain later not registered" in said
    assert "team later is not there" in said


@pytest.mark.parametrize(("path", "made"), [("/systems", make.system), ("/domains", make.domain)])
def test_lists_lead_on_and_back_and_find_by_name(ada: Client, path: str, made: type) -> None:
    for n in range(70):
        made(f"s{n:02}")
    first = ada.get(path).context
    then = ada.get(first["next"]).context
    kind = path.strip("/").removesuffix("s")
    names = [getattr(line, kind).name for page in (first, then) for line in page["lines"]]
    assert (names, then["next"]) == ([f"s{n:02}" for n in range(70)], "")
    assert len(ada.get(then["previous"]).context["lines"]) == 50
    assert [getattr(line, kind).name for line in ada.get(path, {"q": "s07"}).context["lines"]] == ["s07"]


@pytest.mark.parametrize("path", ["/systems", "/domains", SYSTEM, DOMAIN, "/teams", "/teams/default/build-ci"])
def test_pages_ask_few_questions_however_much_is_in_them(
    ada: Client, build: System, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    domain = Domain.objects.get()
    for n in range(40):
        owner = make.team(f"t{n}", make.person(f"p{n}"))
        inner = make.system(f"s{n}", owner=owner, domain=domain)
        make.component(f"c{n}", owner=owner, system=inner, system_ref=inner.ref)
        make.component(f"b{n}", owner=owner, system=build, system_ref=build.ref)
        make.domain(f"d{n}", owner=owner, parent=domain)
    with django_assert_max_num_queries(MOST):
        assert ada.get(path).status_code == 200


@pytest.mark.parametrize(("path", "words"), [("/systems", "No system yet"), ("/domains", "No domain yet")])
def test_an_empty_list_says_what_to_do(ada: Client, path: str, words: str) -> None:
    assert words in text(ada.get(path).content)


def test_a_system_is_made_changed_and_retired_by_forms(ada: Client) -> None:
    form = {
        "name": "build", "namespace": "default", "title": "Build", "owner": "group:default/build-ci",
        "domain": "delivery", "labels": "cost-center: platform\ntier: one", "tags": "ci, cd",
        "links": "https://x.org Handbook", "annotations": "github.com/project-slug: acme/build",
    }  # fmt: skip
    answer = ada.post("/systems/new", form)
    assert (answer.status_code, answer["Location"]) == (302, SYSTEM)
    made = System.objects.get()
    assert (made.domain_ref, made.tags, made.labels) == (
        "domain:default/delivery", ["ci", "cd"], {"cost-center": "platform", "tier": "one"},
    )  # fmt: skip
    sent = {**ada.get(f"{SYSTEM}/edit").context["form"].initial, "labels": "tier: two", "version": "1"}
    assert ada.post(f"{SYSTEM}/edit", sent).status_code == 302
    made.refresh_from_db()
    assert (made.labels, made.annotations, made.title) == (
        {"tier": "two"}, {"github.com/project-slug": "acme/build"}, "Build",
    )  # fmt: skip
    assert ada.post(f"{SYSTEM}/retire").status_code == 302
    made.refresh_from_db()
    assert made.retired_at is not None
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == [
        "system.create", "system.update", "system.retire",
    ]  # fmt: skip


def test_a_domain_is_made_within_another_and_not_within_itself(ada: Client) -> None:
    form = {"name": "ci", "namespace": "default", "owner": "group:default/build-ci", "parent": "delivery"}
    assert ada.post("/domains/new", form)["Location"] == "/domains/default/ci"
    assert Domain.objects.get().parent_ref == "domain:default/delivery"
    answer = ada.post("/domains/default/ci/edit", {"owner": "group:default/build-ci", "parent": "ci"})
    assert (answer.status_code, set(answer.context["form"].errors)) == (400, {"parent"})


def test_of_two_editors_of_a_system_the_second_is_told(ada: Client, build: System) -> None:
    sent = {"owner": "group:default/build-ci", "title": "First", "version": "1"}
    assert ada.post(f"{SYSTEM}/edit", sent).status_code == 302
    second = ada.post(f"{SYSTEM}/edit", {**sent, "title": "Second"})
    assert (second.status_code, "expected version 1" in text(second.content)) == (400, True)


@pytest.mark.parametrize("path", [SYSTEM, DOMAIN])
def test_a_member_of_another_team_reads_and_neither_edits_nor_retires(
    client: Client, ada: Client, build: System, path: str
) -> None:
    mallory = make.person("mallory")
    make.team("elsewhere", mallory)
    client.force_login(make.account_of(mallory))
    assert "/edit" not in client.get(path).content.decode()
    before = AuditEntry.objects.count()
    assert client.post(f"{path}/edit", {"title": "Mine"}).status_code == 400
    assert client.post(f"{path}/retire").status_code == 403
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    "path",
    ["/systems", "/domains", SYSTEM, DOMAIN, "/systems/new", "/domains/new", f"{SYSTEM}/edit", "/catalog/import"],
)
def test_a_stranger_is_sent_to_sign_in(client: Client, path: str) -> None:
    make.system("build", domain=make.domain("delivery"))
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in?next={path}")


@pytest.mark.parametrize("path", ["/systems/default/no", "/domains/default/no", "/systems/default/no/edit"])
def test_what_is_not_there_is_a_404_page(ada: Client, path: str) -> None:
    assert ada.get(path).status_code == 404


def test_a_team_shows_wider_and_narrower_teams_whichever_side_says_so(ada: Client) -> None:
    team = Team.objects.get(name="build-ci")
    team.parent_ref, team.children_refs = "group:default/later", ["group:default/night"]
    team.save()
    make.team("platform", title="Platform", children_refs=[team.ref])
    make.team("day", title="Day", parent=team, parent_ref=team.ref)
    context = ada.get(team.get_absolute_url()).context
    assert [one.target_ref for one in context["wider"]] == ["group:default/later", "group:default/platform"]
    assert [one.target_ref for one in context["children"]] == ["group:default/day", "group:default/night"]


def test_a_teams_components_come_by_the_page_worst_first(ada: Client) -> None:
    team = Team.objects.get(name="build-ci")
    for n in range(60):
        make.component(f"c{n:02}", owner=team, worst=3 if n == 59 else -1)
    first = ada.get(team.get_absolute_url()).context
    then = ada.get(f"{team.get_absolute_url()}{first['next']}").context
    names = [line.component.name for page in (first, then) for line in page["lines"]]
    assert names == ["c59", *(f"c{n:02}" for n in range(59))]


def test_a_team_shows_its_systems_and_domains(ada: Client, build: System) -> None:
    context = ada.get("/teams/default/build-ci").context
    assert [line.system for line in context["systems"]] == [build]
    assert [line.domain.name for line in context["domains"]] == ["delivery"]


def test_a_person_shows_what_is_in_their_own_name_and_teams_not_there_yet(ada: Client) -> None:
    linh = make.person("linh", display_name="Linh Tran")
    make.component("broker", owner_ref=linh.ref)
    make.system("hers", owner_ref=linh.ref)
    linh.memberships.create(team_ref="group:default/later", person_ref=linh.ref, by_team=False, by_person=True)
    page = ada.get(linh.get_absolute_url())
    assert [line.component.name for line in page.context["lines"]] == ["broker"]
    assert [line.system.name for line in page.context["systems"]] == ["hers"]
    assert "team later not registered" in text(page.content)


def test_what_people_say_of_themselves_leaves_the_rest_as_it_is(ada: Client) -> None:
    person = make.person("ben", tags=["night"], labels={"a": "b"})
    make.team("bens", person)
    ada.force_login(make.account_of(person))
    form = {"display_name": "Ben H.", "email": "ben@example.org", "time_zone": "UTC", "version": "1"}
    assert ada.post("/people/default/ben/edit", form).status_code == 302
    person.refresh_from_db()
    assert (person.display_name, person.tags, person.labels) == ("Ben H.", ["night"], {"a": "b"})
    again = ada.post("/people/default/ben/edit", {**form, "display_name": "Late"})
    assert (again.status_code, "expected version 1" in text(again.content)) == (400, True)
