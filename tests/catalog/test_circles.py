"""Nothing is above itself, by whatever way it is said; and a reference names what its place is for."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.access import system
from catalog.models import Component, Dependency, Domain, Team
from catalog.operations.applying import SourceFile, apply_files
from catalog.operations.components import put_components
from catalog.specs import ComponentSpec
from portal.lib.errors import Invalid
from tests import make

pytestmark = pytest.mark.django_db
BY = system("test")
TEAMS, DOMAINS = "/api/v1/teams/default", "/api/v1/domains/default"
COMPONENTS = "/api/v1/components/component/default"


@pytest.fixture
def ci(api: APIClient) -> APIClient:
    return make.signed(api, make.token("components:write")[1])


def faults(answer: Any) -> tuple[int, dict[str, str]]:
    said = answer.json()
    return answer.status_code, {error["field"]: error["message"] for error in said.get("errors", ())}


def test_a_team_is_not_below_one_that_is_below_it(ci: APIClient) -> None:
    for name, parent in (("a", ""), ("b", "a"), ("c", "b")):
        assert ci.put(f"{TEAMS}/{name}", {"parent": parent}, format="json").status_code == 201
    way = "group:default/a is below group:default/c is below group:default/b is below group:default/a"
    message = f"This would go round in a circle: {way}. Choose another team, or leave it empty."
    assert faults(ci.patch(f"{TEAMS}/a", {"parent": "c"}, format="json")) == (400, {"parent": message})
    assert Team.objects.get(name="a").parent_ref == ""
    assert ci.patch(f"{TEAMS}/c", {"parent": "a"}, format="json").status_code == 200


def test_nor_by_a_parent_that_was_named_before_it_was_there(ci: APIClient) -> None:
    assert ci.put(f"{TEAMS}/a", {"parent": "b"}, format="json").status_code == 201
    assert list(faults(ci.put(f"{TEAMS}/b", {"parent": "a"}, format="json"))[1]) == ["parent"]


def test_nor_by_what_a_team_names_as_its_children(ci: APIClient) -> None:
    assert ci.put(f"{TEAMS}/a", {"children": ["b"]}, format="json").status_code == 201
    assert ci.put(f"{TEAMS}/b", {"parent": "a"}, format="json").status_code == 201, "both say the same"
    assert list(faults(ci.patch(f"{TEAMS}/b", {"children": ["a"]}, format="json"))[1]) == ["children"]
    assert list(faults(ci.put(f"{TEAMS}/c", {"parent": "b", "children": ["a"]}, format="json"))[1]) == ["parent"]


def test_nor_on_the_form(ci: APIClient, client: Client) -> None:
    top = make.team("top")
    make.team("low", parent_ref=top.ref, parent=top)
    client.force_login(make.account_of(make.person("root", admin=True)))
    form = {"title": "Top", "type": "team", "parent": "group:default/low", "version": "1"}
    answer = client.post("/teams/default/top/edit", form)
    assert answer.status_code == 400
    assert "go round in a circle" in str(answer.context["form"].errors["parent"])


def test_a_circle_that_is_there_does_not_hinder_other_changes(ci: APIClient) -> None:
    a, b = make.team("a", parent_ref="group:default/b"), make.team("b", parent_ref="group:default/a")
    make.team("c")
    for ref in (a, b):
        assert ci.patch(f"{TEAMS}/{ref.name}", {"title": "New"}, format="json").status_code == 200
    assert ci.patch(f"{TEAMS}/c", {"parent": "a"}, format="json").status_code == 200, "it is in no circle"
    assert ci.patch(f"{TEAMS}/a", {"parent": ""}, format="json").status_code == 200


def test_a_domain_is_no_part_of_its_parts(ci: APIClient) -> None:
    assert ci.put(f"{DOMAINS}/a", {}, format="json").status_code == 201
    assert ci.put(f"{DOMAINS}/b", {"parent": "a"}, format="json").status_code == 201
    assert list(faults(ci.patch(f"{DOMAINS}/a", {"parent": "b"}, format="json"))[1]) == ["parent"]
    assert Domain.objects.get(name="a").parent_ref == ""


def test_a_component_is_no_part_of_its_parts(ci: APIClient) -> None:
    for name, whole in (("a", ""), ("b", "a"), ("c", "b")):
        assert ci.put(f"{COMPONENTS}/{name}", {"subcomponent_of": whole}, format="json").status_code == 201
    assert list(faults(ci.patch(f"{COMPONENTS}/a", {"subcomponent_of": "c"}, format="json"))[1]) == ["subcomponent_of"]
    assert Dependency.objects.filter(holder_ref="component:default/a").count() == 0
    assert ci.patch(f"{COMPONENTS}/c", {"subcomponent_of": "a"}, format="json").status_code == 200


def parts(**wholes: str) -> list[object]:
    specs = [
        ComponentSpec(kind="component", namespace="default", name=name, subcomponent_of=whole)
        for name, whole in wholes.items()
    ]
    return [isinstance(one, Invalid) for one in put_components(specs=specs, actor=BY, now=make.NOW)]


def test_of_many_at_once_the_one_that_closes_the_circle_is_refused() -> None:
    assert parts(a="b", b="c", c="a", d="a") == [False, False, True, False]
    assert parts(c="") == [False]
    assert parts(a="", b="a", c="b") == [False, False, False], "turned round at once, it is no circle"


def test_a_file_is_told_where_its_circle_closes() -> None:
    group = (
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: %s}\nspec:\n  type: team\n  children: []\n"
    )
    text = "---\n".join(f"{group % name}  parent: {parent}\n" for name, parent in [("a", "b"), ("b", "a")])
    found = apply_files(files=[SourceFile(address="x", text=text)], actor=BY, now=make.NOW).documents
    assert [one.outcome for one in found] == ["created", "created"], "as Backstage takes them"
    said = [[(fault.field, fault.line, fault.code) for fault in one.warnings] for one in found]
    assert said == [[("spec.parent", 7, "circle")], [("spec.parent", 15, "circle")]]


def test_a_file_of_components_is_told_where_its_circle_closes() -> None:
    part = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\n"
    spec = "spec: {type: service, lifecycle: production, owner: team:x/y/z, system: 'domain:d', subcomponentOf: %s}\n"
    text = "---\n".join((part + spec) % pair for pair in [("a", "b"), ("b", "a")])
    found = apply_files(files=[SourceFile(address="x", text=text)], actor=BY, now=make.NOW).documents
    assert [one.outcome for one in found] == ["created", "created"]
    said = [sorted((fault.field, fault.code) for fault in one.warnings) for one in found]
    odd = [("spec.owner", "odd_reference"), ("spec.system", "wrong_kind")]
    assert said == [odd, [*odd[:1], ("spec.subcomponentOf", "circle"), *odd[1:]]]
    assert [one.problems for one in found] == [(), ()]
    assert Dependency.objects.count() >= 2


@pytest.mark.parametrize(
    ("address", "body", "field", "code", "right"),
    [
        (
            f"{COMPONENTS}/x",
            {"owner": "build-ci/x/y"},
            "owner",
            "odd_reference",
            "write build-ci/name, or",
        ),
        (f"{COMPONENTS}/x", {"owner": "component:x"}, "owner", "wrong_kind", "a team or a person: write for example"),
        (f"{COMPONENTS}/x", {"system": "domain:default/x"}, "system", "wrong_kind", "example system:default/x."),
        (f"{COMPONENTS}/x", {"subcomponent_of": "group:x"}, "subcomponent_of", "wrong_kind", "component:default/x."),
        (f"{COMPONENTS}/x", {"provides_apis": ["component:y"]}, "provides_apis[0]", "wrong_kind", "belongs an API"),
        (f"{COMPONENTS}/x", {"depends_on": ["component:a/b/c"]}, "depends_on[0]", "odd_reference", "kind:a/name"),
        (
            f"{COMPONENTS}/x",
            {"responders": ["user:x"]},
            "responders[0]",
            "wrong_kind",
            "write for example group:default/x",
        ),
        (f"{TEAMS}/x", {"parent": "user:x"}, "parent", "wrong_kind", "is a person, and here belongs a team"),
        (f"{TEAMS}/x", {"members": [{"person": "group:x"}]}, "members[0].person", "wrong_kind", "belongs a person"),
        (f"{DOMAINS}/x", {"parent": "system:x"}, "parent", "wrong_kind", "domain:default/x."),
        ("/api/v1/people/default/x", {"member_of": ["user:y"]}, "member_of[0]", "wrong_kind", "group:default/y."),
    ],
)
def test_a_reference_names_what_its_place_is_for(
    ci: APIClient, address: str, body: dict[str, Any], field: str, code: str, right: str
) -> None:
    answer = ci.put(address, body, format="json")
    said = answer.json()["errors"]
    assert (answer.status_code, [(one["field"], one["code"]) for one in said]) == (400, [(field, code)])
    assert right in said[0]["message"]
    assert not Component.objects.exists()


def test_what_may_be_of_several_kinds_may_be(ci: APIClient) -> None:
    body = {"owner": "user:ada", "subcomponent_of": "resource:r", "depends_on": ["resource:a", "api:b", "system:c"]}
    assert ci.put(f"{COMPONENTS}/x", body, format="json").status_code == 201


def test_a_reference_that_no_database_keeps_is_refused_at_its_field(client: Client) -> None:
    make.component("x")
    client.force_login(make.account_of(make.person("root", admin=True)))
    team = client.post("/teams/new", {"title": "New", "namespace": "default", "type": "team", "children": "a\x00b"})
    assert (team.status_code, list(team.context["form"].errors)) == (400, ["children"])
    said = {"title": "X", "version": "1", "consumes_apis": "a\x00b"}
    component = client.post("/components/component/default/x/edit", said)
    assert (component.status_code, list(component.context["form"].errors)) == (400, ["consumes_apis"])
