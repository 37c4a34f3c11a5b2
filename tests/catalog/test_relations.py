"""Relations of every kind, told from both sides, those to what is not there too."""

import pytest
from rest_framework.test import APIClient

from catalog import access, queries
from catalog.manifest import INVERSE
from catalog.models import Component
from catalog.operations import retire_component
from catalog.operations.applying import SourceFile, apply_files
from tests import make

pytestmark = pytest.mark.django_db
SAID = """
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: {name: commerce}
spec: {owner: shop-team, subdomainOf: business}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shop}
spec: {owner: user:ada, domain: commerce}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: cart, title: The cart}
spec:
  type: service
  lifecycle: production
  owner: shop-team
  system: shop
  subcomponentOf: storefront
  providesApis: [cart-api]
  consumesApis: [stock-api]
  dependsOn: [resource:cart-db]
  dependencyOf: [component:checkout]
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: cart-api}
spec: {type: openapi, lifecycle: production, owner: nobody-yet, definition: "openapi: 3.1.0"}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: shop-team}
spec: {type: team, parent: sales, children: [shop-night], members: [ada]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ada}
spec: {memberOf: [guild]}
"""
CART, SHOP, DOMAIN, TEAM = "component:default/cart", "system:default/shop", "domain:default/commerce", "group:default/"
# who says it (or is only named), the relation, what it names, whether that is registered
EXPECTED = (
    (CART, "ownedBy", f"{TEAM}shop-team", True),
    (CART, "partOf", SHOP, True),
    (CART, "partOf", "component:default/storefront", False),
    (CART, "providesApi", "api:default/cart-api", True),
    (CART, "consumesApi", "api:default/stock-api", False),
    (CART, "dependsOn", "resource:default/cart-db", False),
    (CART, "dependencyOf", "component:default/checkout", False),
    (SHOP, "ownedBy", "user:default/ada", True),
    (SHOP, "partOf", DOMAIN, True),
    (DOMAIN, "ownedBy", f"{TEAM}shop-team", True),
    (DOMAIN, "partOf", "domain:default/business", False),
    ("api:default/cart-api", "ownedBy", f"{TEAM}nobody-yet", False),
    (f"{TEAM}shop-team", "childOf", f"{TEAM}sales", False),
    (f"{TEAM}shop-team", "parentOf", f"{TEAM}shop-night", False),
    (f"{TEAM}shop-team", "hasMember", "user:default/ada", True),
    ("user:default/ada", "memberOf", f"{TEAM}guild", False),
)


@pytest.fixture
def said() -> None:
    """All of `SAID`, registered."""
    answer = apply_files(files=[SourceFile(address="test", text=SAID)], actor=access.system("test"), now=make.NOW)
    assert [str(p) for one in answer.documents for p in one.problems] == []


def told(ref: str) -> dict[tuple[str, str], bool]:
    """{(type, target): whether that is registered}."""
    return {(one.type, one.target_ref): one.target is not None for one in queries.relations_of(ref)}


@pytest.mark.parametrize(("source", "type_", "target", "there"), EXPECTED)
def test_a_relation_is_told_from_both_sides(said: None, source: str, type_: str, target: str, there: bool) -> None:
    assert told(source)[type_, target] is there
    assert told(target)[INVERSE[type_], source] is (source != f"{TEAM}nobody-yet")


def test_nothing_is_told_that_nobody_says(said: None) -> None:
    sides = {(source, type_, target) for source, type_, target, _ in EXPECTED}
    sides |= {(target, INVERSE[type_], source) for source, type_, target in sides}
    names = {name for source, _, target in sides for name in (source, target)}
    assert {(name, *relation) for name in names for relation in told(name)} == sides


def test_a_dangling_relation_is_joined_when_the_target_appears(said: None) -> None:
    make.component("checkout", title="Checkout")
    found = [one for one in queries.relations_of(CART) if one.type == "dependencyOf"]
    assert [(one.target.label, one.target.get_absolute_url()) for one in found if one.target] == [
        ("Checkout", "/components/component/default/checkout")
    ]


def test_a_reference_is_compared_in_lower_case(said: None) -> None:
    assert told("Component:Default/Cart") == told(CART)


def test_what_is_retired_says_nothing_any_more_but_is_shown_where_it_is_named() -> None:
    base, gone = make.component("base"), make.component("gone")
    make.dependency(gone, base)
    make.dependency(base, gone, relation="consumesApi")
    retire_component(ref=gone.ref, actor=access.system("test"), now=make.NOW)
    assert [(one.type, one.target and one.target.retired) for one in queries.relations_of(base.ref)] == [
        ("consumesApi", True)
    ]


def test_a_retired_team_is_nobodys_wider_team_and_has_no_members_to_tell() -> None:
    ada = make.person("ada")
    make.team("old", ada, retired_at=make.NOW, children_refs=["group:default/young"])
    assert queries.relations_of(ada.ref) == []
    assert queries.relations_of("group:default/young") == []


def test_few_types_can_be_asked_for(said: None) -> None:
    found = queries.relations_of(CART, types=("partOf", "ownedBy"))
    assert [one.type for one in found] == ["ownedBy", "partOf", "partOf"]


def test_pages_of_relations_lead_on_without_repeating(said: None) -> None:
    whole = [(one.type, one.target_ref) for one in queries.relations_of(CART)]
    seen, after = [], ("", "")
    while page := queries.relations_of(CART, after=after, most=3):
        seen += [(one.type, one.target_ref) for one in page]
        after = seen[-1]
    assert seen == whole == sorted(whole)


@pytest.fixture
def reader() -> APIClient:
    """A client with a token that reads."""
    return make.signed(APIClient(), make.token("read")[1])


def test_the_api_tells_relations_of_any_kind_by_the_page(said: None, reader: APIClient) -> None:
    url, found = "/api/v1/entities/group/default/shop-team/relations?limit=2", []
    while url:
        answer = reader.get(url)
        assert answer.status_code == 200
        found += answer.data["results"]
        url = answer.data["next"]
    assert {(one["type"], one["target"], one["registered"]) for one in found} == {
        (type_, target, there) for (type_, target), there in told(f"{TEAM}shop-team").items()
    }
    assert len(found) == len(told(f"{TEAM}shop-team"))


def test_the_api_tells_relations_of_what_is_only_named(said: None, reader: APIClient) -> None:
    answer = reader.get("/api/v1/entities/resource/default/cart-db/relations")
    assert (answer.data["registered"], answer.data["next"]) == (False, None)
    assert answer.data["results"] == [
        {"type": "dependencyOf", "target": CART, "registered": True, "title": "The cart", "retired": False}
    ]


def test_what_nobody_knows_is_404(reader: APIClient) -> None:
    assert reader.get("/api/v1/entities/component/default/nothing/relations").status_code == 404


def test_a_component_without_relations_has_an_empty_list(reader: APIClient) -> None:
    Component.objects.all().delete()
    make.component("alone")
    answer = reader.get("/api/v1/entities/component/default/alone/relations")
    assert (answer.status_code, answer.data["results"]) == (200, [])


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "cursor=x", "cursor=bnVsbA", "cursor=WyJhIiwxXQ"])
def test_what_makes_no_sense_is_refused_by_its_name(said: None, reader: APIClient, query: str) -> None:
    answer = reader.get(f"/api/v1/entities/component/default/cart/relations?{query}")
    assert (answer.status_code, answer.data["errors"][0]["field"]) == (400, query.partition("=")[0])


def test_an_outsider_is_told_nothing(said: None) -> None:
    assert APIClient().get("/api/v1/entities/component/default/cart/relations").status_code == 401
