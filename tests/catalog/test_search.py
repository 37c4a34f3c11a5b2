"""One search over everything: found, ranked, marked, forgiven, and never broken by what is typed."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog import queries, registries
from catalog.models import Domain, System
from catalog.registries import Hit, Searched, Sought
from portal.pages.search import mark
from tests import make
from tests.effort import examples

pytestmark = pytest.mark.django_db


def found(text: str, **more: object) -> list[str]:
    """What a search finds beside documentation, best first."""
    hits = queries.search(text, limit=40, now=make.NOW, **more)  # type: ignore[arg-type]
    return [hit.ref for hit in hits if hit.kind != "doc"]


def test_documentation_is_found_behind_what_is_called_so() -> None:
    make.component("budgets")
    hits = queries.search("budgets", limit=10, now=make.NOW)
    assert [hit.ref for hit in hits[:2]] == ["component:default/budgets", "doc:budgets"]
    assert queries.search("escalaton", limit=10, now=make.NOW)[0].ref == "doc:escalation"


@pytest.fixture
def world() -> None:
    """Something of every kind."""
    ada = make.person("ada", display_name="Ada Okafor", email="ada@example.org")
    team = make.team("build-ci", ada, title="Build & CI")
    make.component("ci-runners", owner=team, tier=1, type="runner", description="Self-hosted machines")
    make.component("ci-cache", owner=team, tier=3, kind="resource")
    make.component("ci-api", kind="api")
    make.component("vault", docs="where the runners find secrets")
    for model, kind in ((System, "system"), (Domain, "domain")):
        ref = f"{kind}:default/delivery"
        model.objects.create(ref=ref, name="delivery", created_at=make.NOW, updated_at=make.NOW)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("ci-runners", "component:default/ci-runners"),
        ("runn", "component:default/ci-runners"),
        ("cache", "resource:default/ci-cache"),
        ("ci api", "api:default/ci-api"),
        ("okafor", "user:default/ada"),
        ("ada@example.org", "user:default/ada"),
        ("build", "group:default/build-ci"),
        ("self-hosted", "component:default/ci-runners"),
        ("ci-runers", "component:default/ci-runners"),
        ("vualt", "component:default/vault"),
        ("okafro", "user:default/ada"),
    ],
)
def test_everything_is_found_by_name_by_text_and_with_a_slip(text: str, first: str) -> None:
    assert found(text)[0] == first


@pytest.mark.usefixtures("world")
def test_names_come_before_texts_and_what_hurts_more_before_what_hurts_less() -> None:
    assert found("runners") == ["component:default/ci-runners", "component:default/vault"]
    assert next(ref for ref in found("ci") if "default/ci-" in ref) == "component:default/ci-runners"


@pytest.mark.usefixtures("world")
def test_a_search_may_be_for_some_kinds_only() -> None:
    assert found("ci", only=["resource"]) == ["resource:default/ci-cache"]
    assert found("ci", only=["team"]) == ["group:default/build-ci"]


@pytest.mark.parametrize(("text", "most"), [("delivery", 8), ("delivrey", 12)])
def test_the_small_tables_are_asked_by_one_statement(
    world: None, text: str, most: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(most) as asked:
        assert set(found(text, only=["system", "domain"])) == {"system:default/delivery", "domain:default/delivery"}
    tables = [one["sql"].count("catalog_domain") for one in asked.captured_queries]
    assert sum(1 for times in tables if times) <= 2  # once as typed, once with slips forgiven


@pytest.mark.parametrize("text", ["100%", "a_b", "it's", "{0}", "\\"])
def test_signs_of_sql_are_letters_of_a_name_or_nothing(text: str) -> None:
    make.team("percent", title="Percent")
    assert "group:default/percent" not in found(text)


def test_of_what_everything_holds_the_same_are_found_each_time() -> None:
    for n in range(120):
        make.component(f"job-{n}", docs="kubernetes")
    once = found("kubernetes")
    assert len(once) == 40
    assert once == found("kubernetes")


def test_the_retired_are_not_found() -> None:
    make.component("ci-runners", retired_at=make.NOW)
    make.team("ci-team", retired_at=make.NOW)
    assert found("ci") == []
    assert found("ci-runers") == []


def test_a_part_that_fails_takes_nothing_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(sought: Sought, limit: int, now: datetime) -> list[Hit]:
        raise RuntimeError("the plugin is broken")

    monkeypatch.setitem(registries.search, "plugin", Searched(("thing",), fail))
    make.component("ci-runners")
    assert found("ci") == ["component:default/ci-runners"]


def test_what_an_app_registers_is_found_beside_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(sought: Sought, limit: int, now: datetime) -> Iterator[Hit]:
        yield Hit("thing", "thing:1", "CI thing", "/things/1", "box", score=0.99)

    monkeypatch.setitem(registries.search, "plugin", Searched(("thing",), find))  # type: ignore[arg-type]
    make.component("my-ci")
    assert found("ci") == ["thing:1", "component:default/my-ci"]


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_text_is_answered(text: str) -> None:
    for hit in queries.search(text, limit=5, now=make.NOW):
        mark(hit.title, queries.marked(hit, text))


@given(st.text(max_size=30), st.text(max_size=12))
def test_markup_in_a_title_stays_text(title: str, text: str) -> None:
    hit = Hit("doc", "doc:x", f"<script>{title}</script>&", "/x", "book")
    html = mark(hit.title, queries.marked(hit, text))
    plain = html.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in plain
    assert ">" not in plain


def test_what_fits_is_marked_and_nothing_else_is_markup() -> None:
    hit = Hit("doc", "doc:x", "<b>CI</b> runners", "/x", "book")
    assert mark(hit.title, queries.marked(hit, "run")) == "&lt;b&gt;CI&lt;/b&gt; <mark>run</mark>ners"


@pytest.fixture
def reader(api: APIClient) -> APIClient:
    """A client that may read."""
    return make.signed(api, make.token("read")[1])


@pytest.mark.usefixtures("world")
def test_the_api_answers_what_the_page_shows(
    reader: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(30):
        body = reader.get("/api/v1/search?q=ci-run&limit=3").json()
    best = body["results"][0]
    assert (best["kind"], best["ref"], best["url"]) == (
        "component", "component:default/ci-runners", "/components/component/default/ci-runners",
    )  # fmt: skip
    assert best["matches"] == [[0, 2], [3, 6]]
    assert best["detail"] == "runner · Build & CI"


@pytest.mark.parametrize(("query", "field"), [("limit=0", "limit"), ("limit=x", "limit"), ("kind=nothing", "kind")])
def test_a_wrong_parameter_is_named(reader: APIClient, query: str, field: str) -> None:
    answer = reader.get(f"/api/v1/search?q=x&{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_no_words_find_nothing(reader: APIClient) -> None:
    make.component("a")
    for text in ("", "   ", "---", "%", "_"):
        assert reader.get("/api/v1/search", {"q": text}).json() == {"results": []}


@pytest.mark.usefixtures("world")
def test_the_page_marks_what_fits_and_says_when_it_guessed(browser_of_ada_there: Client) -> None:
    page = browser_of_ada_there.get("/search?q=runn").content.decode()
    assert "ci-<mark>runn</mark>ers" in page
    guessed = browser_of_ada_there.get("/search?q=ci-runers").content.decode()
    assert "runners</mark>" in guessed
    assert "Nothing is called “vualt”. Did you mean:" in browser_of_ada_there.get("/search?q=vualt").content.decode()
    assert "<html" not in browser_of_ada_there.get("/search?q=ci", headers={"HX-Request": "true"}).content.decode()
    nothing = browser_of_ada_there.get("/search?q=zzzzqqq").content.decode()
    assert "Nothing is called that" in nothing


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("text", ["who owns ci-runners", "Who is on call for the ci runners?", "where are ci-runers"])
def test_of_a_question_what_it_asks_about_is_found(browser_of_ada_there: Client, text: str) -> None:
    page = browser_of_ada_there.get("/search", {"q": text}).content.decode()
    assert "/components/component/default/ci-runners" in page
    assert 'Nothing is called that"' not in page


@pytest.mark.usefixtures("world")
def test_a_script_that_is_searched_for_never_runs(browser_of_ada_there: Client) -> None:
    make.component("x", title="<script>alert(1)</script>")
    page = browser_of_ada_there.get("/search", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page


@pytest.mark.usefixtures("world")
def test_the_palette_offers_where_to_go_before_a_letter_is_typed(browser_of_ada_there: Client) -> None:
    browser_of_ada_there.get("/components/component/default/ci-runners")
    options = browser_of_ada_there.get("/search?in=palette", headers={"HX-Request": "true"}).content.decode()
    assert "Recently visited" in options
    assert "ci-runners" in options
    assert ">Catalog" in options
    assert 'role="option"' in options


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    assert client.get("/search?q=x").status_code == 302


@pytest.fixture
def browser_of_ada_there(client: Client, world: None) -> Client:
    """Ada of the world, signed in."""
    client.force_login(make.account_of(make.person("reader")))
    return client


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("text", ["ci-runers", "runners", "okafro"])
def test_a_hosts_connection_may_let_the_server_bind(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = found(text)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "server_side_binding", True)
    assert here
    assert found(text) == here


def test_of_the_docs_the_words_around_are_shown_where_the_title_does_not_say_why() -> None:
    found = [
        hit
        for hit in queries.search("forgiven", limit=40, now=make.NOW, only=["doc"])
        if "forgiven" not in hit.title.lower()
    ]
    assert found
    for hit in found:
        assert re.search(r" · .*\bforgiven", hit.detail), hit
        assert len(hit.detail) < 240


def test_a_place_of_the_docs_is_found_once_and_a_decision_says_so() -> None:
    hits = queries.search("blast radius", limit=40, now=make.NOW, only=["doc"])
    found = [(hit.ref.partition("#")[0], hit.detail.rpartition(" · ")[2]) for hit in hits if " · " in hit.detail]
    assert len(found) == len(set(found))
    assert "doc:catalog" not in {hit.ref for hit in hits}  # its section of that name is
    assert all(hit.detail.startswith("decision ") for hit in hits if hit.ref.startswith("doc:decisions/"))
    (forgiven,) = queries.search("runers finds", limit=40, now=make.NOW, only=["doc"])
    assert forgiven.detail.endswith("Its page says…")


@pytest.mark.usefixtures("world")
def test_what_is_quoted_of_the_docs_has_the_words_marked_also_those_that_were_meant(
    browser_of_ada_there: Client,
) -> None:
    page = browser_of_ada_there.get("/docs?q=blast+raduis").content.decode()
    assert "these say something about “blast radius”" in page
    assert re.search(r'class="t-2 fs-12">[^<]* · [^<]*<mark>Blast</mark> <mark>radius</mark>', page, re.IGNORECASE)
    assert "documentation · " not in page
    assert "say something about" not in browser_of_ada_there.get("/docs?q=blast+radius").content.decode()
    everywhere = browser_of_ada_there.get("/search?q=forgiven").content.decode()
    assert re.search(r'class="t-2 fs-12">[^<]* · [^<]*<mark>forgiven</mark>', everywhere)
