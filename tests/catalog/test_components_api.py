"""Components over HTTP: idempotent, versioned, strict about what it is told."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.api.shapes.outgoing import ComponentOut, TeamOut
from catalog.models import AuditEntry, Component, Dependency, Ownership
from tests import make

pytestmark = pytest.mark.django_db
HERE = "/api/v1/components/component/default/ci-runners"
BODY: dict[str, Any] = {
    "title": "CI runners",
    "type": "runner",
    "lifecycle": "production",
    "tier": 1,
    "owner": "build-ci",
    "tags": ["github", "linux"],
    "labels": {"region": "eu"},
    "links": [{"url": "https://grafana.example.org", "title": "Pools"}],
    "depends_on": ["component:default/k8s-build", "resource:default/artifact-cache"],
    "consumes_apis": ["registry"],
    "responders": ["kubernetes"],
}


@pytest.fixture
def ci(api: APIClient) -> APIClient:
    """A CI job with a token for components that no team limits."""
    return make.signed(api, make.token("components:write")[1])


def codes(answer: Any) -> dict[str, str]:
    """Field and code of each fault."""
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


def test_registering_answers_201_with_everything_and_its_etag(ci: APIClient) -> None:
    make.team("build-ci")
    answer = ci.put(HERE, BODY)
    said = answer.json()
    assert (answer.status_code, answer["ETag"], said["changed"], said["version"]) == (201, '"1"', True, 1)
    assert said["ref"] == "component:default/ci-runners"
    assert said["owner"] == "group:default/build-ci"
    assert said["consumes_apis"] == ["api:default/registry"]
    assert said["responders"] == ["group:default/kubernetes"]
    assert set(said) == set(ComponentOut().fields)


def test_registering_again_changes_nothing_and_writes_nothing(ci: APIClient) -> None:
    ci.put(HERE, BODY)
    answer = ci.put(HERE, {**BODY, "responders": ["group:default/kubernetes", "kubernetes"]})
    assert (answer.status_code, answer.json()["changed"], answer["ETag"]) == (200, False, '"1"')
    assert AuditEntry.objects.count() == 1
    assert Ownership.objects.count() == 1


def test_what_put_leaves_out_is_emptied_and_what_patch_leaves_out_stays(ci: APIClient) -> None:
    ci.put(HERE, BODY)
    patched = ci.patch(HERE, {"tier": 2}).json()
    assert (patched["tier"], patched["title"], patched["version"]) == (2, "CI runners", 2)
    put = ci.put(HERE, {"title": "Runners"}).json()
    assert (put["tier"], put["owner"], put["depends_on"], put["version"]) == (None, "", [], 3)


def test_patch_merges_labels_key_by_key_and_null_removes(ci: APIClient) -> None:
    ci.put(HERE, {**BODY, "labels": {"region": "eu", "os": "linux"}})
    said = ci.patch(HERE, {"labels": {"region": None, "arch": "arm64"}, "runbook": None}).json()
    assert said["labels"] == {"os": "linux", "arch": "arm64"}


def test_what_a_get_answers_may_be_put_back(ci: APIClient) -> None:
    ci.put(HERE, BODY)
    answer = ci.put(HERE, ci.get(HERE).json())
    assert (answer.status_code, answer.json()["changed"]) == (200, False)


def test_a_body_that_names_something_else_than_the_address_is_refused(ci: APIClient) -> None:
    answer = ci.put(HERE, {**BODY, "name": "argo-cd"})
    assert (answer.status_code, codes(answer)) == (400, {"name": "mismatch"})


def test_an_unknown_field_is_named_with_what_was_meant(ci: APIClient) -> None:
    answer = ci.put(HERE, {**BODY, "dependsOn": [], "lifecycel": "production"})
    said = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert answer.status_code == 400
    assert "depends_on" in said["dependsOn"]
    assert "'lifecycle'" in said["lifecycel"]
    assert not Component.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "where", "code"),
    [
        ("tier", 5, "tier", "out_of_range"),
        ("tier", "high", "tier", "invalid"),
        ("tags", ["Upper"], "tags[0]", "invalid_tag"),
        ("tags", "github", "tags", "not_a_list"),
        ("labels", {"-x": "y"}, "labels.-x", "invalid_key"),
        ("labels", {"x": "a b"}, "labels.x", "invalid_label"),
        ("annotations", {"Upper.example/x": "y"}, "annotations.Upper.example/x", "invalid_key"),
        ("links", [{"title": "no address"}], "links[0].url", "required"),
        ("links", [{"url": "https://x.org", "href": ""}], "links[0].href", "unknown_field"),
        ("owner", "group:", "owner", "invalid_reference"),
        ("depends_on", ["k8s-build"], "depends_on[0]", "invalid_reference"),
        ("depends_on", ["component:default/CI-Runners"], "depends_on[0]", "itself"),
        ("runbook", "javascript:alert(1)", "runbook", "invalid_url"),
        ("description", "a\x00b", "description", "null_characters_not_allowed"),
        ("title", "x" * 201, "title", "too_long"),
    ],
)
def test_a_fault_names_its_field_and_nothing_is_written(
    ci: APIClient, field: str, value: object, where: str, code: str
) -> None:
    answer = ci.put(HERE, {**BODY, field: value})
    assert (answer.status_code, codes(answer)) == (400, {where: code})
    assert not Component.objects.exists()


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("component/default/-x", "name"),
        ("component/default/" + "x" * 64, "name"),
        ("component/Default/x", "namespace"),
        ("template/default/x", "kind"),
    ],
)
def test_a_name_that_backstage_would_refuse_is_refused(ci: APIClient, path: str, field: str) -> None:
    answer = ci.put(f"/api/v1/components/{path}", {})
    assert (answer.status_code, set(codes(answer))) == (400, {field})


@pytest.mark.parametrize("body", ["[]", '"x"', "{", "null"])
def test_a_body_that_is_no_object_is_a_400_and_not_a_500(ci: APIClient, body: str) -> None:
    assert ci.put(HERE, body, content_type="application/json").status_code == 400


def test_names_differ_by_more_than_their_case(ci: APIClient) -> None:
    ci.put(HERE, BODY)
    answer = ci.put("/api/v1/components/Component/default/CI-Runners", BODY)
    assert (answer.status_code, answer.json()["changed"], answer.json()["name"]) == (200, False, "ci-runners")


def test_a_stale_etag_is_refused_and_the_right_one_taken(ci: APIClient) -> None:
    ci.put(HERE, BODY)
    ci.patch(HERE, {"tier": 2})
    stale = ci.put(HERE, BODY, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale["Content-Type"]) == (412, "application/problem+json")
    assert ci.put(HERE, BODY, headers={"If-Match": 'W/"2"'}).status_code == 200
    assert ci.put(HERE, BODY, headers={"If-Match": "soon"}).status_code == 400


def test_if_none_match_star_only_creates(ci: APIClient) -> None:
    first = ci.put(HERE, BODY, headers={"If-None-Match": "*"})
    second = ci.put(HERE, BODY, headers={"If-None-Match": "*"})
    assert (first.status_code, second.status_code) == (201, 412)


def test_a_reader_who_has_it_already_gets_304(ci: APIClient) -> None:
    tag = ci.put(HERE, BODY)["ETag"]
    assert ci.get(HERE, headers={"If-None-Match": tag}).status_code == 304


def test_a_dangling_reference_is_kept_and_joined_when_the_target_appears(ci: APIClient) -> None:
    ci.put(HERE, BODY)
    edge = Dependency.objects.get(target_ref="component:default/k8s-build")
    owned = Ownership.objects.get()
    assert (edge.target, owned.team) == (None, None)
    ci.put("/api/v1/components/component/default/k8s-build", {})
    ci.put("/api/v1/teams/default/build-ci", {"title": "Build & CI"})
    edge.refresh_from_db()
    owned.refresh_from_db()
    component = Component.objects.get(name="ci-runners")
    assert edge.target is not None
    assert edge.target.name == "k8s-build"
    assert component.owner is not None
    assert owned.team == component.owner
    assert ci.get(f"{HERE}/blast-radius").json()["components"] == []
    hurt = ci.get("/api/v1/components/component/default/k8s-build/blast-radius").json()
    assert [(c["ref"], c["depth"], c["owner"]) for c in hurt["components"]] == [
        ("component:default/ci-runners", 1, "group:default/build-ci")
    ]
    assert hurt["teams"] == ["group:default/build-ci"]


def test_retiring_takes_it_out_of_the_list_and_registering_brings_it_back(ci: APIClient) -> None:
    ci.put(HERE, BODY)
    assert ci.delete(HERE).json()["retired_at"] is not None
    assert ci.delete(HERE).json()["changed"] is False
    assert ci.get("/api/v1/components").json()["results"] == []
    assert len(ci.get("/api/v1/components?retired=true").json()["results"]) == 1
    assert Ownership.objects.get().period.upper is not None
    back = ci.put(HERE, BODY).json()
    assert (back["retired_at"], back["changed"]) == (None, True)
    assert Ownership.objects.filter(period__upper_inf=True).count() == 1


def test_what_is_not_there_is_404_for_every_verb_but_put(ci: APIClient) -> None:
    answers = [ci.get(HERE), ci.patch(HERE, {"tier": 1}), ci.delete(HERE), ci.get(f"{HERE}/blast-radius")]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert answers[0].json()["detail"] == "There is no component called “ci-runners” (component:default/ci-runners)."


def test_the_list_filters_by_what_it_says(ci: APIClient) -> None:
    team = make.team("build-ci")
    make.component("a", owner=team, tier=1, type="runner", tags=["linux"])
    make.component("b", owner=team, tier=2, type="cluster", lifecycle="deprecated", title="Build cluster")
    make.component("c", tier=1)

    def names(query: str) -> list[str]:
        return [row["name"] for row in ci.get(f"/api/v1/components?{query}").json()["results"]]

    assert names("owner=build-ci") == ["a", "b"]
    assert names("owner=none") == ["c"]
    assert names("owner=none&owner=group:default/build-ci&tier=1") == ["a", "c"]
    assert names("type=runner&type=cluster") == ["a", "b"]
    assert names("lifecycle=deprecated") == ["b"]
    assert names("tag=linux") == ["a"]
    assert names("q=build+clust") == ["b"]
    assert names("health=none&tier=2") == ["b"]


@pytest.mark.parametrize("query", ["tier=9", "health=fine", "owner=group:"])
def test_a_filter_that_makes_no_sense_is_named(ci: APIClient, query: str) -> None:
    answer = ci.get(f"/api/v1/components?{query}")
    assert (answer.status_code, set(codes(answer))) == (400, {query.partition("=")[0]})


def test_pages_neither_repeat_nor_skip_while_others_register(ci: APIClient) -> None:
    for n in range(10, 20):
        make.component(f"c{n}")
    first = ci.get("/api/v1/components?limit=4").json()
    make.component("a-before-all")
    make.component("c15-in-the-middle")
    second = ci.get(first["next"]).json()
    third = ci.get(second["next"]).json()
    seen = [row["name"] for page in (first, second, third) for row in page["results"]]
    assert seen == [f"c{n}" for n in range(10, 16)] + ["c15-in-the-middle"] + [f"c{n}" for n in range(16, 20)]
    assert third["next"] is None


def test_every_write_leaves_one_row_that_says_who_and_what(ci: APIClient) -> None:
    ci.put(HERE, BODY)
    ci.patch(HERE, {"tier": 2, "title": "CI runners"})
    ci.delete(HERE)
    rows = list(AuditEntry.objects.order_by("pk"))
    assert [row.action for row in rows] == ["component.create", "component.update", "component.retire"]
    assert rows[1].diff == {"tier": [1, 2]}
    assert {(row.actor_ref, row.via, row.object_ref) for row in rows} == {
        ("token:ci", "api", "component:default/ci-runners")
    }


def test_a_team_is_registered_patched_and_listed_the_same_way(ci: APIClient) -> None:
    here = "/api/v1/teams/default/build-ci"
    made = ci.put(here, {"title": "Build & CI", "members": [{"person": "ada", "role": "lead"}, {"person": "ben"}]})
    assert (made.status_code, set(made.json())) == (201, set(TeamOut().fields))
    assert made.json()["members"][1] == {"person": "user:default/ben", "role": "member"}
    again = ci.put(here, {"title": "Build & CI"})
    assert (again.json()["changed"], len(again.json()["members"])) == (False, 2)
    fewer = ci.patch(here, {"members": [{"person": "user:default/ada", "role": "member"}]}).json()
    assert fewer["members"] == [{"person": "user:default/ada", "role": "member"}]
    assert [row["ref"] for row in ci.get("/api/v1/teams?q=build").json()["results"]] == ["group:default/build-ci"]
    assert codes(ci.patch(here, {"members": [{"persn": "x", "person": "ada"}]})) == {
        "members[0].persn": "unknown_field"
    }


def test_somebody_named_by_a_team_before_they_were_known_joins_it_when_they_appear(ci: APIClient) -> None:
    ci.put("/api/v1/teams/default/build-ci", {"members": [{"person": "ada"}]})
    assert ci.put("/api/v1/people/default/ada", {"display_name": "Ada Okafor"}).status_code == 201
    assert ci.put("/api/v1/people/default/ada", {"display_name": "Ada Okafor"}).json()["changed"] is False
    team = ci.get("/api/v1/teams/default/build-ci").json()
    assert [member["person"] for member in team["members"]] == ["user:default/ada"]
    assert [row["ref"] for row in ci.get("/api/v1/people?q=okafor").json()["results"]] == ["user:default/ada"]
