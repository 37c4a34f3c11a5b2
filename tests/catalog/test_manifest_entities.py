"""Whole manifests: every kind, every relation from both sides, our annotations, and writing it all back."""

from pathlib import Path

import pytest

from catalog.manifest import (
    INVERSE,
    ApiSpec,
    Entity,
    GroupSpec,
    LocationSpec,
    Marker,
    Metadata,
    Profile,
    Relation,
    SystemSpec,
    UserSpec,
    both,
    entity_of,
    parse,
    read,
    render,
)
from catalog.refs import Ref
from catalog.refs import parse as ref
from tests.catalog.manifest_text import only, refusal, text

DELIVERY = (Path(__file__).parent / "manifests" / "delivery.yaml").read_text()


def named(name: str) -> Entity:
    return next(entity for entity in parse(DELIVERY).entities if entity.metadata.name == name)


def told(*entities: Entity) -> set[str]:
    sides = both(relation for entity in entities for relation in entity.relations)
    return {f"{relation.source} {relation.type} {relation.target}" for relation in sides}


def test_a_platform_of_every_kind_is_read_without_a_word() -> None:
    found = parse(DELIVERY)
    assert (found.errors, found.warnings) == ((), ())
    kinds = [entity.kind for entity in found.entities]
    assert kinds == ["Component", "API", "API", "Resource", "System", "Domain", "Group", "User", "Location"]


@pytest.mark.parametrize(
    ("name", "relations"),
    [
        (
            "pipeline-web",
            [
                "ownedBy group:default/delivery",
                "partOf system:default/pipelines",
                "partOf component:default/pipeline-suite",
                "providesApi api:default/pipeline-events",
                "consumesApi api:default/runner-control",
                "consumesApi api:platform/secrets",
                "dependsOn resource:default/pipeline-db",
                "dependsOn component:default/pipeline-core",
                "dependencyOf component:default/release-train",
            ],
        ),
        ("pipeline-events", ["ownedBy user:default/ada", "partOf system:default/pipelines"]),
        (
            "pipeline-db",
            [
                "ownedBy group:default/storage",
                "partOf system:default/pipelines",
                "dependsOn resource:default/cluster-west",
                "dependencyOf component:default/pipeline-core",
            ],
        ),
        ("pipelines", ["ownedBy group:default/delivery", "partOf domain:default/making"]),
        ("making", ["ownedBy group:default/engineering", "partOf domain:default/company"]),
        (
            "delivery",
            [
                "childOf group:default/engineering",
                "parentOf group:default/delivery-night",
                "hasMember user:default/ada",
                "hasMember user:guests/bob",
            ],
        ),
        ("ada", ["memberOf group:default/delivery"]),
        ("more", []),
    ],
)
def test_relations_are_named_from_both_sides(name: str, relations: list[str]) -> None:
    entity = named(name)
    assert [f"{relation.type} {relation.target}" for relation in entity.relations] == relations
    back = {f"{relation.target} {relation.inverse} {relation.source}" for relation in entity.relations}
    assert told(entity) == back | {f"{entity.ref} {relation}" for relation in relations}


def test_two_that_name_each_other_are_one_relation() -> None:
    entities = (named("delivery"), named("ada"))
    assert sum("user:default/ada memberOf" in relation for relation in told(*entities)) == 1


def test_every_relation_has_another_side() -> None:
    assert len(INVERSE) == 14
    assert all(INVERSE[there] == back for back, there in INVERSE.items())
    relation = Relation(ref("user:a"), "memberOf", ref("group:b"))
    assert relation.reversed().reversed() == relation


def test_an_entity_that_names_itself_has_no_relation_with_itself() -> None:
    found = parse(text(spec="  dependsOn: [component:Web]\n"))
    assert [relation.type for relation in found.entities[0].relations] == ["ownedBy"]
    assert [warning.code for warning in found.warnings] == ["itself"]


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("a", "system:ns/a"),
        ("Other/A", "system:other/a"),
        ("domain:a", "domain:ns/a"),
        ("Domain:Other/A", "domain:other/a"),
        ("domain:other/a/b:c", "domain:other/a/b:c"),
        ("other/a:b", "system:other/a:b"),
        ("domain:a:b", "domain:ns/a:b"),
    ],
)
def test_a_reference_is_made_whole_by_its_holder(written: str, whole: str) -> None:
    spec = only(text(metadata="  namespace: ns\n", spec=f"  system: {written}\n")).spec
    assert str(getattr(spec, "system", "")) == whole


def test_each_field_knows_what_its_references_mean() -> None:
    spec = "  subcomponentOf: a\n  providesApis: [a]\n  consumesApis: [a]\n"
    targets = [str(relation.target) for relation in only(text(spec=spec)).relations]
    assert targets == ["group:default/delivery", "component:default/a", "api:default/a", "api:default/a"]


def test_typed_specs_hold_what_was_said() -> None:
    group, user, location = named("delivery").spec, named("ada").spec, named("more").spec
    assert isinstance(group, GroupSpec)
    assert isinstance(user, UserSpec)
    assert isinstance(location, LocationSpec)
    assert group.profile.picture == "https://example.org/delivery.png"
    assert user.profile == Profile(display_name="Ada", email="ada@example.org")
    assert location.targets == ("./teams/all.yaml", "https://git.example.org/platform/catalog-info.yaml")
    api = named("runner-control").spec
    assert isinstance(api, ApiSpec)
    assert api.definition == Marker("$text", "./runner-control.proto")


def test_no_members_and_nothing_said_of_members_differ() -> None:
    assert getattr(only(text("Group")).spec, "members", "") is None
    assert getattr(only(text("Group", spec="  members: []\n")).spec, "members", "") == ()


def test_annotations_are_understood() -> None:
    understood = named("pipeline-web").understood
    assert understood.tier == 1
    assert [str(team) for team in understood.responders] == ["group:default/network", "group:platform/storage"]
    assert understood.runbook == "https://runbooks.example.org/pipeline-web"
    assert understood.pagerduty == {"integration-key": "not-a-real-key", "service-id": "P123"}
    assert understood.opsgenie == {"team": "delivery"}
    assert understood.github_project == "example/pipeline-web"
    assert understood.github_team == "example/delivery"
    assert understood.techdocs == "dir:."
    assert understood.source_location == "url:https://git.example.org/pipeline-web/"
    assert understood.kubernetes_id == "pipeline-web"
    assert set(understood.prometheus) == {"rule", "alert", "labels", "service-name"}


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("portico/tier", "'0'", "out_of_range"),
        ("portico/tier", "'5'", "out_of_range"),
        ("portico/tier", "high", "out_of_range"),
        ("portico/tier", "''", "out_of_range"),
        ("portico/tier", "'²'", "out_of_range"),
        ("portico/tier", "1", "not_text"),
        ("portico/responders", "'group:'", "invalid_reference"),
        ("portico/responders", "network, /x", "invalid_reference"),
        ("portico/runbook", "javascript:alert(1)", "invalid_url"),
        ("portico/runbook", "wiki page 7", "invalid_url"),
    ],
)
def test_our_own_annotations_are_held_to_their_meaning(key: str, value: str, code: str) -> None:
    error = refusal(text(metadata=f"  annotations:\n    a: b\n    {key}: {value}\n"))
    assert (error.code, error.field, error.line) == (code, f"metadata.annotations.{key}", 7)


def test_a_place_can_be_asked_for_afterwards() -> None:
    second = text(name="b", spec="  dependsOn: [component:x, component:y]\n")
    entity = parse(f"{text()}---\n{second}").entities[1]
    assert entity.at("spec", "dependsOn", 1) == (18, 28)
    assert entity.at("spec", "system") == (15, 3)


def test_a_stream_of_several_makers_is_read_document_by_document() -> None:
    stream = read(f"{text()}---\napiVersion: portico/v1\nkind: Schedule\n")
    component, schedule = stream.documents
    assert entity_of(component) is not None
    assert schedule.api_version == "portico/v1"
    assert schedule.problems.errors == []


def test_what_is_written_reads_the_same() -> None:
    found = parse(DELIVERY)
    assert parse(render(found.entities)) == found
    assert render(parse(render(found.entities)).entities) == render(found.entities)


ONE_LINE = ["yes", "NO", "off", "null", "~", "", " a", "a ", "a: b", "a #b", "- a", "012", "1e3", "0x1f", ".5", "1:30"]
MARKS = ["=", "<<", "*a", "&a", "!a", "%a", "@a", "`a", "'", '"', "\\", "{a}", "[a]", "a,b", "a:", ":a", "?", "-", "#"]
LINES = ["---", "...", "a\n", "a\nb", "\na", "a\n\n", " a\nb", "a\n b\n", "a\n\tb", "\ta\nb", "a\n \nb", "a\r\nb"]
MORE = ["\n", "a\n\n\nb", "ü\nü\n", "a\n---\nb\n", "\x7f", "\x85", "\u2028", "\ufeff", "😀", "2026-01-01", "x" * 5000]


@pytest.mark.parametrize("said", [*ONE_LINE, *MARKS, *LINES, *MORE])
def test_any_text_survives_being_written(said: str) -> None:
    spec = SystemSpec(owner=Ref("group", "default", "a"), extra={"said": said, "list": [said, {said[:500]: [said]}]})
    entity = Entity(kind="System", metadata=Metadata(name="a", description=said), spec=spec)
    (back,) = parse(render([entity])).entities
    assert (back.spec, back.metadata) == (entity.spec, entity.metadata)


def test_what_is_written_is_pleasant_to_read() -> None:
    assert render([only(text("API", metadata="  tags: [go]\n").replace("x\n", "|\n    a: 1\n    b: 2\n"))]) == (
        "apiVersion: backstage.io/v1alpha1\n"
        "kind: API\n"
        "metadata:\n"
        "  name: web\n"
        "  tags:\n"
        "    - go\n"
        "spec:\n"
        "  type: openapi\n"
        "  lifecycle: production\n"
        "  owner: group:default/delivery\n"
        "  definition: |\n"
        "    a: 1\n"
        "    b: 2\n"
    )


def test_what_json_does_not_have_is_not_written() -> None:
    spec = SystemSpec(owner=Ref("group", "default", "a"), extra={"odd": float("nan")})
    with pytest.raises(TypeError, match="nan"):
        render([Entity(kind="System", metadata=Metadata(name="a"), spec=spec)])
