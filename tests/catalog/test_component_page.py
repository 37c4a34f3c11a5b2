"""A component's page: who owns it and whom to call, what breaks with it, and what all that costs."""

import csv
import io
from datetime import datetime
from itertools import pairwise

import pytest
from django.http import HttpRequest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog import registries
from catalog.graph import blast_radius, narrow_blast_radius
from catalog.models import Component, ComponentHealth, Dependency, Team
from catalog.operations import report_health
from tests import make
from tests.catalog.test_pages import text

pytestmark = pytest.mark.django_db
ALL = 20
"""Questions of the page and of the frame around it."""


@pytest.fixture
def ada(client: Client) -> Client:
    """Ada, who leads Build & CI, signed in."""
    person = make.person("ada", display_name="Ada Okafor")
    make.team("build-ci", lead=person, title="Build & CI", email="ci@example.org", chat_url="https://chat.example/ci")
    client.force_login(make.account_of(person))
    return client


@pytest.fixture
def runners(ada: Client) -> Component:
    """CI runners, owned by Build & CI."""
    return make.component("ci-runners", title="CI runners", owner=Team.objects.get(name="build-ci"), tier=1)


def wide(target: Component, number: int) -> None:
    """`number` components of a few teams that depend on it."""
    teams = [make.team(f"team-{n}", make.person(f"p-{n}")) for n in range(3)]
    rows = Component.objects.bulk_create(
        Component(
            ref=f"component:default/d{n:04}", name=f"d{n:04}", kind="component", created_at=make.NOW,
            updated_at=make.NOW, owner=teams[n % 3], owner_ref=teams[n % 3].ref,
        )
        for n in range(number)
    )  # fmt: skip
    Dependency.objects.bulk_create(
        Dependency(holder=row, holder_ref=row.ref, target=target, target_ref=target.ref) for row in rows
    )


def test_the_first_screen_says_whose_it_is_and_how_to_reach_them(ada: Client, runners: Component) -> None:
    page = ada.get(runners.get_absolute_url())
    said = text(page.content)
    assert "Build &amp; CI Lead Ada Okafor" in said
    assert 'href="https://chat.example/ci"' in page.content.decode()
    assert 'href="mailto:ci@example.org"' in page.content.decode()
    assert "Ask Ada Okafor" in said  # nobody is on call, so the lead is asked


def test_an_owner_who_is_a_person_is_shown_as_one(ada: Client) -> None:
    make.person("linh", display_name="Linh Tran", email="linh@example.org")
    made = make.component("broker", owner_ref="user:default/linh")
    html = ada.get(made.get_absolute_url()).content
    said = text(html)
    assert "Linh Tran a person, not a team" in said
    assert b">linh@<wbr>example.org<" in html
    assert "No owner" not in said


def test_an_owner_that_is_not_there_is_named(ada: Client) -> None:
    made = make.component("x", owner_ref="group:default/gone")
    assert "team gone is not there" in text(ada.get(made.get_absolute_url()).content)


def test_breadcrumbs_lead_over_domain_and_system(ada: Client, runners: Component) -> None:
    domain = make.domain("delivery", title="Delivery")
    runners.system = make.system("build", domain=domain, title="Build")
    runners.system_ref = "system:default/build"
    runners.save()
    assert ada.get(runners.get_absolute_url()).context["trail"] == [
        ("Catalog", "/catalog"),
        ("Delivery", "/domains/default/delivery"),
        ("Build", "/systems/default/build"),
        ("CI runners", ""),
    ]


def test_few_neighbours_stand_by_what_they_are_called(ada: Client, runners: Component) -> None:
    for name, title in (("a", "Zebra"), ("b", ""), ("c", "apple")):
        make.dependency(make.component(name, title=title), runners)
    rows = ada.get(f"{runners.get_absolute_url()}?tab=dependencies").context["needed_by"]
    assert [one.component.label for one in rows] == ["apple", "b", "Zebra"]


def test_neighbours_come_by_the_page_from_both_sides(ada: Client, runners: Component) -> None:
    wide(runners, 120)
    url, seen = f"{runners.get_absolute_url()}?tab=dependencies", []
    for _ in range(3):
        context = ada.get(url).context
        seen += [one.ref for one in context["needed_by"]]
        url = f"{runners.get_absolute_url()}{context['needed_by_next']}"
    assert seen == [f"component:default/d{n:04}" for n in range(120)]
    assert context["needed_by_next"] == ""
    back = ada.get(f"{runners.get_absolute_url()}{context['needed_by_previous']}").context
    assert [one.ref for one in back["needed_by"]] == seen[50:100]


def test_an_api_needs_its_provider_and_parts_need_nothing(ada: Client, runners: Component) -> None:
    api, part = make.component("pools", kind="api"), make.component("part")
    make.dependency(runners, api, relation="providesApi")
    make.dependency(part, runners, relation="subcomponentOf")
    assert [one.ref for one in ada.get(api.get_absolute_url()).context["needs"]] == [runners.ref]
    context = ada.get(runners.get_absolute_url()).context
    assert ([one.ref for one in context["needed_by"]], context["needs"]) == ([api.ref], [])
    assert [one.ref for one in ada.get(part.get_absolute_url()).context["wholes"]] == [runners.ref]


def test_the_blast_radius_is_told_by_team_with_the_way_to_each(ada: Client, runners: Component) -> None:
    ben = make.person("ben", display_name="Ben Ho")
    argo = make.component("argo-cd", title="Argo CD", owner=make.team("delivery", ben))
    shop = make.component("shop", title="Shop", owner=make.team("checkout", make.person("cyd")))
    make.dependency(argo, runners)
    make.dependency(shop, argo)
    report_health(component_id=argo.pk, source="slo", state=ComponentHealth.State.BAD, summary="", now=make.NOW)
    context = ada.get(f"{runners.get_absolute_url()}?tab=blast-radius").context
    near, far = context["groups"]
    assert (near.team.name, [row.component for row in near.rows], near.rows[0].way) == ("delivery", [argo], ())
    assert (far.team.name, far.rows[0].depth, far.rows[0].way) == ("checkout", 2, (argo,))
    said = text(ada.get(f"{runners.get_absolute_url()}?tab=blast-radius").content)
    assert "2 components of 2 teams can't work without this; 2 people wait" in said
    assert "1 person waits: Ben Ho" in said
    assert "through Argo CD" in said
    assert "Broken" in said


def test_what_is_much_is_said_and_a_team_can_be_seen_alone(ada: Client, runners: Component) -> None:
    wide(runners, 40)
    url = f"{runners.get_absolute_url()}?tab=blast-radius"
    groups = ada.get(url).context["groups"]
    assert [(group.total, len(group.rows), group.more) for group in groups] == [(14, 8, 6), (13, 8, 5), (13, 8, 5)]
    alone = ada.get(url, {"tab": "blast-radius", "team": groups[0].key}).context["groups"]
    assert [(group.key, len(group.rows)) for group in alone] == [(groups[0].key, 14)]
    assert ada.get(url, {"tab": "blast-radius", "team": "group:default/unheard"}).context["groups"] == []


def test_one_or_two_are_shown_rather_than_a_link_to_them(ada: Client, runners: Component) -> None:
    wide(runners, 31)
    groups = ada.get(f"{runners.get_absolute_url()}?tab=blast-radius").context["groups"]
    assert [(len(group.rows), group.more) for group in groups] == [(8, 3), (10, 0), (10, 0)]


def test_the_nearest_stand_by_title(ada: Client, runners: Component) -> None:
    for name, title in (("a", "Zoo"), ("b", "ant"), ("c", "Bee")):
        make.dependency(make.component(name, title=title), runners)
    page = ada.get(runners.get_absolute_url()).context
    assert [one.component.label for one in page["needed_by"]] == ["ant", "Bee", "Zoo"]
    (group,) = ada.get(f"{runners.get_absolute_url()}?tab=blast-radius").context["groups"]
    assert [row.component.label for row in group.rows] == ["ant", "Bee", "Zoo"]


def test_all_of_it_comes_as_csv_and_a_title_is_no_formula(ada: Client, runners: Component) -> None:
    argo = make.component("argo-cd", title="=1+1", owner=make.team("delivery"))
    make.dependency(argo, runners)
    answer = ada.get(f"{runners.get_absolute_url()}/blast-radius.csv")
    assert answer["Content-Type"].startswith("text/csv")
    head, row = csv.reader(io.StringIO(answer.content.decode()))
    assert dict(zip(head, row, strict=True)) == {
        "depth": "1", "component": argo.ref, "title": "'=1+1", "owner": "group:default/delivery", "tier": "",
        "health": "no-slo", "path": f"{runners.ref} > {argo.ref}",
    }  # fmt: skip


def test_the_drawing_holds_the_nearest_and_says_what_it_leaves_out(ada: Client, runners: Component) -> None:
    wide(runners, 160)
    answer = ada.get(f"{runners.get_absolute_url()}?tab=blast-radius&view=graph")
    figure = answer.context["figure"]
    assert (len(figure["nodes"]), len(figure["edges"])) == (150, 149)
    assert {edge[0] for edge in figure["edges"]} == {runners.pk}
    assert "the nearest 150; 11 more" in text(answer.content)
    assert [row.component.pk for row in answer.context["drawn"]] == [node["id"] for node in figure["nodes"]]


def test_a_cycle_is_drawn_without_an_edge_back_to_where_it_begins(ada: Client, runners: Component) -> None:
    other = make.component("other")
    make.dependency(other, runners)
    make.dependency(runners, other)
    figure = ada.get(f"{runners.get_absolute_url()}?tab=blast-radius&view=graph").context["figure"]
    assert figure["edges"] == [(runners.pk, other.pk)]


def test_what_very_much_depends_on_is_worked_out_after_the_page(ada: Client, runners: Component) -> None:
    wide(runners, 300)
    page = ada.get(runners.get_absolute_url())
    assert page.context["radius"] is None
    said = text(page.content)
    assert "300 components at once" in said  # and without script a link to the tab
    assert "?tab=blast-radius" in page.content.decode()
    cell = text(ada.get(f"{runners.get_absolute_url()}/blast-radius/cell").content)
    assert "300 components, 3 teams" in cell
    assert "3 people wait" in cell


@pytest.mark.parametrize("most", [2, 3, 4, 5, 50])
def test_a_narrow_radius_is_the_whole_or_nothing(most: int) -> None:
    chain = [make.component(f"c{n}") for n in range(4)]
    for target, holder in pairwise(chain):
        make.dependency(holder, target)
    found = narrow_blast_radius(chain[0].pk, most=most)
    assert found == (blast_radius(chain[0].pk) if most > 4 else None)


def test_the_definition_of_an_api_is_shown_with_its_size_and_never_run(ada: Client) -> None:
    api = make.component("pools", kind="api", type="openapi", definition="openapi: 3.1.0\n<script>alert(1)</script>")
    page = ada.get(f"{api.get_absolute_url()}?tab=definition").content.decode()
    assert "openapi: 3.1.0" in page
    assert "<script>alert" not in page
    assert "40 bytes" in text(page.encode()).replace("\xa0", " ")


@pytest.mark.parametrize("tab", ["definition", "docs", "nonsense"])
def test_a_tab_that_is_not_there_is_the_overview(ada: Client, runners: Component, tab: str) -> None:
    assert ada.get(f"{runners.get_absolute_url()}?tab={tab}").context["tab"] == "overview"


def test_its_yaml_is_what_a_repository_would_say(ada: Client, runners: Component) -> None:
    yaml = ada.get(f"{runners.get_absolute_url()}?tab=yaml").context["yaml"]
    assert "kind: Component" in yaml
    assert 'portico/tier: "1"' in yaml
    assert "owner: group:default/build-ci" in yaml


def test_relations_are_told_on_the_page_and_lead_on(ada: Client, runners: Component) -> None:
    wide(runners, 130)
    first = ada.get(f"{runners.get_absolute_url()}?tab=relations").context
    then = ada.get(f"{runners.get_absolute_url()}{first['relations_next']}").context
    told = [one.target_ref for page in (first, then) for group in page["relations"] for one in group.relations]
    assert sorted(told) == sorted([*(f"component:default/d{n:04}" for n in range(130)), "group:default/build-ci"])


@pytest.mark.parametrize("tab", ["overview", "dependencies", "blast-radius", "relations", "changes", "yaml"])
def test_the_page_asks_few_questions_however_much_depends_on_it(
    ada: Client, runners: Component, tab: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    wide(runners, 200)
    with django_assert_max_num_queries(ALL):
        assert ada.get(f"{runners.get_absolute_url()}?tab={tab}").status_code == 200


def test_the_graph_of_the_overview_stays_small(
    ada: Client, runners: Component, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    wide(runners, 60)
    with django_assert_max_num_queries(ALL):
        context = ada.get(runners.get_absolute_url()).context
    assert (len(context["graph"].right), context["counts"].needed_by) == (6, 60)


@pytest.mark.parametrize("path", ["", "/blast-radius.csv", "/blast-radius/cell"])
def test_an_outsider_is_sent_to_sign_in(client: Client, path: str) -> None:
    made = make.component("x")
    assert client.get(f"{made.get_absolute_url()}{path}").status_code == 302


def test_a_member_of_another_team_sees_no_button_and_the_owner_in_person_does(client: Client) -> None:
    linh = make.person("linh")
    make.team("elsewhere", linh)
    theirs, mine = make.component("a", owner=make.team("build-ci")), make.component("b", owner_ref=linh.ref)
    client.force_login(make.account_of(linh))
    assert "/edit" not in client.get(theirs.get_absolute_url()).content.decode()
    assert "/edit" in client.get(mine.get_absolute_url()).content.decode()


def test_a_panel_without_a_tab_is_asked_only_where_it_is_shown(
    ada: Client, runners: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def facts(component: Component, _request: HttpRequest, _now: datetime) -> None:
        asked.append(component.pk)

    monkeypatch.setitem(registries.component_panels, "untitled", registries.Panel("none.html", facts, place="side"))
    ada.get(f"{runners.get_absolute_url()}?tab=yaml")
    assert asked == []
    ada.get(runners.get_absolute_url())
    assert asked == [runners.pk]
