"""The catalog's pages: what they show, what they cost, what they refuse."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import ApiToken, Component, ComponentHealth, Person, Team
from catalog.operations import report_health
from tests import make

pytestmark = pytest.mark.django_db
MOST = 40
"""Questions a page may ask, whatever is on it; a component's asks some for each check of its scorecard."""


@pytest.fixture
def ada(client: Client) -> Client:
    """Ada, who leads Build & CI, signed in."""
    person = make.person("ada", display_name="Ada Okafor")
    make.team("build-ci", lead=person, title="Build & CI")
    client.force_login(make.account_of(person))
    return client


def text(page: bytes) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


@pytest.mark.parametrize("path", ["/catalog", "/teams", "/settings/tokens", "/components/new", "/people/default/ada"])
def test_a_stranger_is_sent_to_sign_in_and_comes_back(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in?next={path}")


def test_reading_can_be_opened_to_everybody_but_writing_can_not(client: Client, settings: make.Settings) -> None:
    settings.PORTAL_ANONYMOUS_READ = True
    make.component("ci-runners")
    assert client.get("/catalog").status_code == 200
    assert client.get("/components/component/default/ci-runners").status_code == 200
    assert client.get("/components/new").status_code == 302


def test_an_empty_catalog_says_what_to_do(ada: Client) -> None:
    assert "Nothing registered yet" in text(ada.get("/catalog").content)


def test_the_list_answers_owner_and_health_and_sorts_the_worst_first(ada: Client) -> None:
    team = Team.objects.get()
    for name, state in (("a-fine", ComponentHealth.State.GOOD), ("z-broken", ComponentHealth.State.BAD)):
        component = make.component(name, owner=team, tier=1)
        report_health(component_id=component.pk, source="slo", state=state, summary="7 % left", now=make.NOW)
    make.component("m-unknown")
    said = text(ada.get("/catalog").content)
    assert said.index("z-broken") < said.index("a-fine") < said.index("m-unknown")
    only = text(ada.get("/catalog?health=bad&tier=1").content)
    assert ("z-broken" in only, "a-fine" in only) == (True, False)


def test_facets_count_what_each_choice_would_leave(ada: Client) -> None:
    make.component("a", tier=1, type="runner")
    make.component("b", tier=1, type="cluster")
    make.component("c", tier=2, type="cluster")
    facets = {field.name: field.first for field in ada.get("/catalog?tier=1").context["facets"]}
    assert {one.value: one.count for one in facets["type"]} == {"runner": 1, "cluster": 1}
    assert {one.value: one.count for one in facets["tier"]} == {"1": 2, "2": 1, "3": 0, "4": 0}


def test_pages_of_the_list_lead_on_and_back(ada: Client) -> None:
    for n in range(120):
        make.component(f"c{n:03}", tier=n % 4 + 1)
    seen: list[str] = []
    url = "/catalog?sort=tier"
    for _ in range(3):
        context = ada.get(url).context
        seen += [line.component.name for line in context["lines"]]
        url = context["next"]
    assert (len(seen), len(set(seen)), url) == (120, 120, "")
    back = ada.get(context["previous"]).context
    assert [line.component.name for line in back["lines"]] == seen[50:100]
    first = ada.get(back["previous"]).context
    assert [line.component.name for line in first["lines"]] == seen[:50]
    assert first["previous"] == ""


@pytest.mark.parametrize("cursor", ["x", "====", "bnVsbA", "WyIrIiwxXQ", "é"])
def test_a_broken_cursor_is_the_first_page(ada: Client, cursor: str) -> None:
    make.component("a")
    assert ada.get("/catalog", {"cursor": cursor}).status_code == 200


def test_the_list_asks_few_questions_however_long_it_is(
    ada: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    team = Team.objects.get()
    base = make.component("base", owner=team)
    for n in range(40):
        make.dependency(make.component(f"c{n}", owner=make.team(f"team-{n}") if n % 2 else team), base)
    for path in ("/catalog", "/teams", "/teams/default/build-ci", "/components/component/default/base"):
        with django_assert_max_num_queries(MOST):
            assert ada.get(path).status_code == 200


def test_a_component_says_who_owns_it_and_who_suffers_with_it(ada: Client) -> None:
    runners = make.component("ci-runners", owner=Team.objects.get(), tier=1)
    make.dependency(make.component("argo-cd", owner=make.team("delivery", make.person("ben"))), runners)
    make.dependency(runners, "component:default/not-there-yet")
    said = text(ada.get(runners.get_absolute_url()).content)
    assert "Build &amp; CI" in said
    assert "Lead Ada Okafor" in said
    assert "1 component, 1 team" in said
    assert "1 person waits when it stops" in said
    assert "not registered" in said
    listed = text(ada.get(f"{runners.get_absolute_url()}?tab=dependencies").content)
    assert "component not-there-yet" in listed


def test_a_team_s_page_leads_with_who_is_on_call_on_a_phone(ada: Client) -> None:
    page = ada.get(Team.objects.get().get_absolute_url()).content.decode()
    assert re.findall(r'<div id="([\w-]+)" class="lead">', page) == ["on-call", "paging"]


def test_one_date_is_told_once_where_it_was_owned_since_it_was_registered(ada: Client) -> None:
    runners = make.component("ci-runners", owner=Team.objects.get())
    since = runners.ownerships.get().period.lower
    for registered, said in ((since, "when it was registered"), (since - timedelta(days=1), "registered ")):
        Component.objects.update(created_at=registered, confirmed_at=None)
        assert f", {said}" in text(ada.get(runners.get_absolute_url()).content)


def test_facts_say_when_the_entry_itself_was_written_and_by_whom(ada: Client) -> None:
    component = make.component("runners", source="user:default/ada")
    shown = ada.get(component.get_absolute_url()).content.decode()
    assert ("<dt>Written</dt>" in shown, "version 1, by" in shown) == (True, True)
    person = Person.objects.get(ref="user:default/ada")
    assert f'by <a class="plain" href="{person.get_absolute_url()}">{person.label}</a>' in shown
    assert "API client" not in shown


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("shop", "version 1, from shop"),
        ("system:demo", '<span title="system:demo">Portico (demo)</span>'),
        ("user:default/gone", '<span title="user:default/gone">gone</span>'),
        ("", "version 1, by "),
    ],
)
def test_what_no_person_wrote_says_where_it_came_from(ada: Client, source: str, said: str) -> None:
    component = make.component("runners", source=source)
    assert said in ada.get(component.get_absolute_url()).content.decode()


def test_an_api_and_the_service_of_its_title_are_told_apart_wherever_they_stand(ada: Client) -> None:
    team = Team.objects.get()
    make.component("payments-api", title="Payments API", type="service", owner=team)
    make.component("payments", title="Payments API", kind="api", type="openapi", owner=team)
    make.component("other", owner=team)
    for path in ("/catalog", team.get_absolute_url()):
        rows = [text(row.encode()) for row in ada.get(path).content.decode().split("<tr>")]
        assert sum("Payments API Component" in row for row in rows) == 1, path
        assert sum("Payments API API" in row for row in rows) == 1, path
        assert not any("other Component" in row for row in rows), path
    offered = text(ada.get("/slos/new").content)
    assert "Payments API (payments-api)" in offered
    assert "Payments API (payments), API" in offered


def test_a_script_in_a_link_or_a_name_never_runs(ada: Client) -> None:
    links = [
        {"url": "javascript:alert(1)", "title": "Bad"},
        {"url": "https://x.org", "title": "<script>alert(1)</script>"},
    ]
    made = make.component(
        "x", links=links, docs="<script>alert(1)</script>[x](javascript:alert(1))", title="<img src=x onerror=1>"
    )
    for tab in ("", "?tab=docs", "?tab=changes"):
        page = ada.get(made.get_absolute_url() + tab).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page


def test_a_component_that_is_not_there_is_a_404_page(ada: Client) -> None:
    answer = ada.get("/components/component/default/nothing")
    html = answer.content.decode()
    assert (answer.status_code, "There is no component called “nothing” <span" in html) == (404, True)
    assert re.search(r"<span class=[^>]*>\(component:default/nothing\)\.</span>", html), "the reference is small"
    assert re.search(r'name="q"[^>]* value="nothing"', html), "to look for it is one press away"


def test_a_form_registers_and_shows_the_new_component(ada: Client) -> None:
    form = {
        "kind": "component", "namespace": "default", "name": "ci-runners", "title": "CI runners",
        "owner": "group:default/build-ci", "tier": "1", "tags": "github, linux",
        "depends_on": "component:default/k8s\nresource:default/cache", "links": "https://x.org/a The pools",
    }  # fmt: skip
    answer = ada.post("/components/new", form)
    assert (answer.status_code, answer["Location"]) == (302, "/components/component/default/ci-runners")
    made = Component.objects.get()
    assert (made.tier, made.tags, made.origin) == (1, ["github", "linux"], "form")
    assert made.links == [{"url": "https://x.org/a", "title": "The pools"}]
    assert made.dependencies.count() == 2


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong_where(ada: Client) -> None:
    form = {
        "kind": "component",
        "namespace": "default",
        "name": "-x",
        "tags": "Upper",
        "title": "Typed",
        "depends_on": "k8s",
    }
    answer = ada.post("/components/new", form)
    shown = answer.context["form"]
    assert answer.status_code == 400
    assert set(shown.errors) == {"name", "tags", "depends_on"}
    assert 'value="Typed"' in answer.content.decode()
    assert not Component.objects.exists()


def test_a_form_for_something_new_never_overwrites_what_is_there(ada: Client) -> None:
    make.component("ci-runners", owner=Team.objects.get(), title="Old")
    form = {"kind": "component", "namespace": "default", "name": "ci-runners", "owner": "group:default/build-ci"}
    answer = ada.post("/components/new", form)
    assert (answer.status_code, "exists already" in text(answer.content)) == (400, True)
    assert Component.objects.get().title == "Old"


@pytest.mark.parametrize("kind", ["components", "systems", "domains", "teams"])
def test_a_name_left_empty_is_made_of_the_title_and_a_clash_is_said_beside_it(ada: Client, kind: str) -> None:
    form = {"kind": "component", "namespace": "default", "owner": "group:default/build-ci", "title": "Müller & Söhne"}
    answer = ada.post(f"/{kind}/new", form)
    assert answer.status_code == 302, answer.context["form"].errors
    assert answer["Location"].endswith("/default/muller-sohne")
    again = ada.post(f"/{kind}/new", form)
    assert again.status_code == 400
    words = "muller-sohne exists already, perhaps retired. Choose another name."
    assert again.context["form"].errors == {"name": [words]}
    wrong = (("", "title", "Write a title."), ("支付", "name", "No name can be made of this title"))
    for title, field, words in wrong:
        said = ada.post(f"/{kind}/new", {**form, "title": title}).context["form"].errors
        assert list(said) == [field]
        assert said[field][0].startswith(words)
    assert "muller-sohne" not in ada.get(f"/{kind}/new").content.decode()
    assert "data-name-of" in ada.get(f"/{kind}/new").content.decode()


@pytest.mark.parametrize("kind", ["components", "teams", "systems", "domains"])
def test_a_title_is_needed_and_the_name_is_made_of_it(ada: Client, kind: str) -> None:
    form = text(ada.get(f"/{kind}/new").content)
    assert "Title What people call it" in form
    assert "Name made from the title" in form
    assert "Cancel" in form


def test_editing_keeps_what_the_form_does_not_show(ada: Client) -> None:
    link = {"url": "https://x.org", "title": "Pools", "icon": "dashboard"}
    made = make.component("x", owner=Team.objects.get(), labels={"a": "b"}, links=[link])
    form = ada.get(f"{made.get_absolute_url()}/edit").context["form"]
    sent = {**{k: v for k, v in form.initial.items() if v is not None}, "title": "New", "version": "1"}
    assert ada.post(f"{made.get_absolute_url()}/edit", sent).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.labels, made.links, made.version) == ("New", {"a": "b"}, [link], 2)


def test_of_two_editors_the_second_is_told(ada: Client) -> None:
    made = make.component("x", owner=Team.objects.get())
    edit = f"{made.get_absolute_url()}/edit"
    sent = {"owner": "group:default/build-ci", "title": "First", "version": "1"}
    assert ada.post(edit, sent).status_code == 302
    second = ada.post(edit, {**sent, "title": "Second"})
    assert (second.status_code, "expected version 1" in text(second.content)) == (400, True)
    assert Component.objects.get().title == "First"


def test_an_outsider_sees_the_component_but_neither_button_nor_way_to_change_it(client: Client) -> None:
    made = make.component("x", owner=make.team("build-ci"))
    mallory = make.person("mallory")
    make.team("networking", mallory)
    client.force_login(make.account_of(mallory))
    page = client.get(made.get_absolute_url()).content.decode()
    assert "/edit" not in page
    assert client.post(f"{made.get_absolute_url()}/edit", {"title": "Mine"}).status_code == 400
    assert client.post(f"{made.get_absolute_url()}/retire").status_code == 403
    assert client.post("/teams/default/build-ci/members", {"person": "mallory", "role": "lead"}).status_code == 302
    assert not Team.objects.get(name="build-ci").memberships.exists()
    assert Component.objects.get().version == 1


def test_a_team_is_made_and_people_come_and_go(client: Client) -> None:
    ben = make.person("ben")
    make.person("cyd")
    client.force_login(make.account_of(ben))
    assert client.post("/teams/new", {"name": "newcomers", "namespace": "default"}).status_code == 302
    team = Team.objects.get()
    here = "/teams/default/newcomers/members"
    client.post(here, {"person": "cyd", "role": "member"})
    assert {(m.person_ref, m.role) for m in team.memberships.all()} == {
        ("user:default/ben", "lead"), ("user:default/cyd", "member"),
    }  # fmt: skip
    client.post(here, {"person": "user:default/cyd", "role": "none"})
    assert team.memberships.count() == 1
    assert "no longer" not in text(client.get(team.get_absolute_url()).content)


def test_a_token_is_shown_once(ada: Client) -> None:
    team = Team.objects.get()
    given = {"name": "ci", "scopes": ["components:write"], "teams": [str(team.pk)]}
    answer = ada.post("/settings/tokens", given, follow=True)
    minted = answer.context["minted"]["text"]
    assert re.search(rf">{minted}</pre>\s*<button[^>]* data-copy=", answer.content.decode())
    assert (answer.redirect_chain, "no-store" in answer["Cache-Control"]) == ([("/settings/tokens", 302)], True)
    listed = ada.get("/settings/tokens").content.decode()
    assert minted not in listed
    both = 'Register components and teams <span class="t-2 fs-12 mono nowrap">components:write</span>'
    assert listed.count(both) == 2, "in the list and in the form"
    ada.post(f"/settings/tokens/{ApiToken.objects.get().pk}/revoke")
    assert "revoked" in text(ada.get("/settings/tokens").content)


def test_a_token_without_a_team_is_refused_in_words(ada: Client) -> None:
    answer = ada.post("/settings/tokens", {"name": "ci", "scopes": ["read"]})
    assert (answer.status_code, "teams of your own" in text(answer.content)) == (400, True)


def test_people_change_what_is_said_of_themselves(ada: Client) -> None:
    form = {"display_name": "Ada O.", "email": "ada@example.org", "time_zone": "Mars/Olympus", "clock_24h": "on"}
    assert set(ada.post("/people/default/ada/edit", form).context["form"].errors) == {"time_zone"}
    assert ada.post("/people/default/ada/edit", {**form, "time_zone": "Europe/Berlin"}).status_code == 302
    assert "Ada O." in text(ada.get("/people/default/ada").content)


def test_filters_in_force_speak_as_their_choices_do(ada: Client) -> None:
    team = Team.objects.get()
    make.component("x", owner=team)
    chosen = ada.get(f"/catalog?health=bad&tier=1&owner={team.ref}").context["chosen"]
    assert [one.title for one in chosen] == ["Health: Broken or burning", "Tier: 1", f"Owner: {team.label}"]
    assert "1 component<" in ada.get("/catalog").text
    assert "0 of 1 component<" in ada.get("/catalog?health=bad").text
