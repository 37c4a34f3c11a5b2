"""What each kind says in `spec`, slips, markers and templates: a row a rule, with code, field and place."""

import pytest

from catalog.manifest import KINDS, ComponentSpec, Marker, parse, render
from tests.catalog.manifest_text import only, refusal, text, warned, without

REQUIRED = {
    "Component": ["type", "lifecycle", "owner"],
    "API": ["type", "lifecycle", "owner", "definition"],
    "Resource": ["type", "owner"],
    "System": ["owner"],
    "Domain": ["owner"],
    "Group": ["type", "children"],
    "User": ["memberOf"],
    "Location": [],
}


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in REQUIRED.items() for key in keys])
def test_what_a_kind_needs_in_spec(kind: str, key: str) -> None:
    error = refusal(without(kind, key))
    assert (error.code, error.field, error.line) == ("required", f"spec.{key}", 5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_needs_is_enough(kind: str) -> None:
    assert only(text(kind)).kind == kind
    assert {field.key for field in KINDS[kind].fields if field.required} == set(REQUIRED[kind])


@pytest.mark.parametrize(
    ("kind", "spec", "code", "field"),
    [
        ("Component", "  system: ''\n", "invalid_reference", "spec.system"),
        ("Component", "  system: [a]\n", "not_text", "spec.system"),
        ("Component", "  system:\n", "empty", "spec.system"),
        ("Component", "  system: {$text: ./system}\n", "unreadable_marker", "spec.system"),
        ("Component", "  system: 'system:'\n", "invalid_reference", "spec.system"),
        ("Component", "  system: ':a'\n", "invalid_reference", "spec.system"),
        ("Component", "  system: '/a'\n", "invalid_reference", "spec.system"),
        ("Component", "  system: 'a/'\n", "invalid_reference", "spec.system"),
        ("Component", f"  system: {'s' * 200}\n", "too_long", "spec.system"),
        ("Component", "  dependsOn: resource:db\n", "not_a_list", "spec.dependsOn"),
        ("Component", "  dependsOn: [resource:db, db]\n", "kind_needed", "spec.dependsOn[1]"),
        ("Component", "  dependsOn: [default/db]\n", "kind_needed", "spec.dependsOn[0]"),
        ("Component", "  dependencyOf: [web]\n", "kind_needed", "spec.dependencyOf[0]"),
        ("Component", "  dependsOn: [a/b:c]\n", "kind_needed", "spec.dependsOn[0]"),
        ("Resource", "  dependsOn: [db]\n", "kind_needed", "spec.dependsOn[0]"),
        ("Resource", "  dependencyOf: [db]\n", "kind_needed", "spec.dependencyOf[0]"),
        ("Component", "  providesApis: [5]\n", "not_text", "spec.providesApis[0]"),
        ("Component", "  consumesApis: ['']\n", "invalid_reference", "spec.consumesApis[0]"),
        ("Component", "  subcomponentOf: {kind: Component, name: a}\n", "not_text", "spec.subcomponentOf"),
        ("Group", "  members: ada\n", "not_a_list", "spec.members"),
        ("Group", "  profile: Delivery\n", "not_a_mapping", "spec.profile"),
        ("Group", "  profile: {email: 5}\n", "not_text", "spec.profile.email"),
        ("Location", "  targets: ./a\n", "not_a_list", "spec.targets"),
        ("Location", "  targets: ['']\n", "blank", "spec.targets[0]"),
    ],
)
def test_spec_fields_that_are_refused(kind: str, spec: str, code: str, field: str) -> None:
    error = refusal(text(kind, spec=spec))
    assert (error.code, error.field) == (code, field)
    assert error.line == len(text(kind).splitlines()) + 1


@pytest.mark.parametrize(
    ("owner", "code"),
    [
        ("5", "not_text"),
        ("[a]", "not_text"),
        ("{name: a}", "not_text"),
        ("true", "not_text"),
        ("''", "invalid_reference"),
        ("", "empty"),
    ],
)
def test_an_owner_is_text(owner: str, code: str) -> None:
    error = refusal(text().replace("owner: delivery", f"owner: {owner}"))
    assert (error.code, error.field, error.line) == (code, "spec.owner", 8)


@pytest.mark.parametrize(("key", "said"), [("type", "''"), ("lifecycle", "' '")])
def test_a_required_text_is_not_blank(key: str, said: str) -> None:
    error = refusal(without("Component", key) + f"  {key}: {said}\n")
    assert (error.code, error.field) == ("blank", f"spec.{key}")


@pytest.mark.parametrize("lifecycle", ["experimental", "production", "deprecated", "retired", "on hold since spring"])
def test_a_lifecycle_is_any_text(lifecycle: str) -> None:
    spec = only(text().replace("production", lifecycle)).spec
    assert isinstance(spec, ComponentSpec)
    assert spec.lifecycle == lifecycle


def test_unknown_keys_are_kept_with_their_types() -> None:
    entity = only(text(metadata="  order: 3\n  uid: abc\n", spec="  sizing: {cpu: 0.5, tags: [a, null]}\n"))
    assert entity.metadata.extra == {"order": 3, "uid": "abc"}
    assert entity.spec.extra == {"sizing": {"cpu": 0.5, "tags": ["a", None]}}
    assert parse(text(spec="  sizing: 1\n")).warnings == ()


@pytest.mark.parametrize(
    ("kind", "metadata", "spec", "code", "field", "suggestion"),
    [
        ("Component", "", "  subComponentOf: a\n", "did_you_mean", "spec.subComponentOf", "subcomponentOf"),
        ("Component", "", "  consumesApi: [a]\n", "did_you_mean", "spec.consumesApi", "consumesApis"),
        ("Component", "", "  providesAPIs: [a]\n", "did_you_mean", "spec.providesAPIs", "providesApis"),
        ("Component", "", "  dependOn: [a]\n", "did_you_mean", "spec.dependOn", "dependsOn"),
        ("Component", "", "  tags: [a]\n", "did_you_mean", "spec.tags", "metadata.tags"),
        ("Component", "  owner: a\n", "", "did_you_mean", "metadata.owner", "spec.owner"),
        ("Component", "  tag: [a]\n", "", "did_you_mean", "metadata.tag", "tags"),
        ("Component", "  Labels: {a: b}\n", "", "did_you_mean", "metadata.Labels", "labels"),
        ("User", "", "  memberof: [a]\n", "did_you_mean", "spec.memberof", "memberOf"),
        ("Group", "", "  member: [a]\n", "did_you_mean", "spec.member", "members"),
        ("Group", "", "  profile: {displayname: A}\n", "did_you_mean", "spec.profile.displayname", "displayName"),
        ("Resource", "", "  providesApis: [a]\n", "not_used", "spec.providesApis", ""),
        ("System", "", "  system: a\n", "not_used", "spec.system", ""),
        (
            "Component",
            "  annotations: {portico/responder: a}\n",
            "",
            "did_you_mean",
            "metadata.annotations.portico/responder",
            "portico/responders",
        ),
    ],
)
def test_what_looks_like_a_slip_is_said_and_kept(
    kind: str, metadata: str, spec: str, code: str, field: str, suggestion: str
) -> None:
    warning = warned(text(kind, metadata=metadata, spec=spec))
    assert (warning.code, warning.field, warning.suggestion) == (code, field, suggestion)
    assert suggestion in warning.message


@pytest.mark.parametrize("marker", ["{$text: ./api.yaml}", "{$openapi: https://example.org/a}", "{$yaml: ./a}"])
def test_a_definition_may_stand_in_another_file(marker: str) -> None:
    definition = getattr(only(without("API", "definition") + f"  definition: {marker}\n").spec, "definition", None)
    assert isinstance(definition, Marker)
    assert marker == f"{{{definition.key}: {definition.target}}}"


def test_an_mcp_server_says_where_it_answers_in_place_of_a_definition() -> None:
    remotes = "  remotes:\n    - type: streamable-http\n      url: https://mcp.example.org/v1\n"
    entity = only(without("API", "definition").replace("openapi", "mcp-server") + remotes)
    assert entity.spec.extra == {"remotes": [{"type": "streamable-http", "url": "https://mcp.example.org/v1"}]}
    written = render([entity])
    assert "definition" not in written
    assert only(written).spec == entity.spec
    assert refusal(without("API", "definition")).code == "required"


@pytest.mark.parametrize("definition", ["{openapi: 3.1.0}", "{$text: [a]}", "{$text: a, $json: b}", "[a]", "5"])
def test_a_definition_is_text_or_a_marker(definition: str) -> None:
    error = refusal(without("API", "definition") + f"  definition: {definition}\n")
    assert (error.code, error.field, error.line) == ("not_text", "spec.definition", 9)


@pytest.mark.parametrize(
    "manifest",
    [
        text(name="${{ values.name }}"),
        text(name="${{ values.name | dump }}"),
        text(name="web-${{ values.suffix }}"),
        text(metadata="  description: ${{ values.description }}\n"),
        text(metadata="  annotations: {github.com/project-slug: '${{ values.slug }}'}\n"),
        text(spec="  system: ${{ values.system }}\n"),
        text(spec="  odd: [{deep: '${{ values.deep }}'}]\n"),
        text(spec="{%- if values.system %}\n  system: a\n{%- endif %}\n"),
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${{ values.name }}}\n",
        text(name="{{ values.name }}"),
    ],
)
def test_a_scaffolder_template_is_refused_politely(manifest: str) -> None:
    error = refusal(manifest)
    assert error.code == "template"
    assert "scaffolder template" in error.message


def test_prose_may_speak_of_templates() -> None:
    assert only(text(metadata="  description: Fill in ${{ secrets.TOKEN }} first.\n")).kind == "Component"
    assert only(text("API").replace("definition: x", "definition: 'run: ${{ github.sha }}'")).kind == "API"


def test_several_faults_of_one_entity_are_told_at_once_and_in_order() -> None:
    found = parse(text(name="a-", metadata="  tags: [A]\n", spec="  dependsOn: [a]\n  tagz: b\n", root="extra: 1\n"))
    assert [error.field for error in found.errors] == [
        "metadata.name",
        "metadata.tags[0]",
        "spec.dependsOn[0]",
        "extra",
    ]
    assert found.entities == ()


def test_the_same_entity_twice_is_refused_the_second_time() -> None:
    found = parse(f"{text(name='web')}---\n{text(name='Web')}")
    assert [entity.document for entity in found.entities] == [1]
    assert [(error.code, error.document, error.line) for error in found.errors] == [("twice", 2, 13)]


def test_messages_stay_short_whatever_was_written() -> None:
    error = refusal(text(metadata=f"  tags: ['{'A' * 100_000}']\n"))
    assert len(error.message) < 500
    assert error.message.endswith("with '-' between them.")


def test_a_hundred_faults_are_enough_to_say() -> None:
    assert len(parse(text(spec=f"  dependsOn: [{'a, ' * 5000}]\n")).errors) == 100
