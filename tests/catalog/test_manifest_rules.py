"""The descriptor rules, a row each: what is taken, and what is refused with its code, its field and its place."""

import pytest

from catalog.manifest import API_VERSIONS, KINDS, ComponentSpec, Marker, parse
from tests.catalog.manifest_text import only, refusal, text, warned, without

LONG = "n" * 63


def annotated(key: str, value: str) -> str:
    return text(metadata=f"  annotations:\n    {key}: {value}\n")


@pytest.mark.parametrize(
    "name",
    ["a", "A", "'7'", "ci-runners", "CI_Runners.v2", "a--b", "a.-_b", LONG, '"007"', "'true'", "no", "2026-11-22"],
)
def test_names_that_are_taken(name: str) -> None:
    assert only(text(name=name)).metadata.name == name.strip("'\"")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (LONG + "n", "invalid_name"),
        ("-a", "invalid_name"),
        ("a-", "invalid_name"),
        ("a.", "invalid_name"),
        ("_a", "invalid_name"),
        ("a b", "invalid_name"),
        ("a/b", "invalid_name"),
        ("a:b", "invalid_name"),
        ("zürich", "invalid_name"),
        ('"a\\n"', "invalid_name"),
        ("''", "blank"),
        ("' '", "blank"),
        ("", "empty"),
        ("7", "not_text"),
        ("true", "not_text"),
        ("[a]", "not_text"),
        ("{$text: ./name}", "unreadable_marker"),
    ],
)
def test_names_that_are_refused(name: str, code: str) -> None:
    error = refusal(text(name=name))
    assert (error.code, error.field, error.line) == (code, "metadata.name", 4)


@pytest.mark.parametrize("namespace", ["default", "a", "a-b", "a--b", "7", "0a", LONG])
def test_namespaces_that_are_taken(namespace: str) -> None:
    assert only(text(metadata=f"  namespace: '{namespace}'\n")).metadata.namespace == namespace


@pytest.mark.parametrize(
    ("namespace", "code"),
    [
        ("Default", "invalid_namespace"),
        ("a_b", "invalid_namespace"),
        ("a.b", "invalid_namespace"),
        ("-a", "invalid_namespace"),
        ("a-", "invalid_namespace"),
        ("''", "invalid_namespace"),
        ('"a\\n"', "invalid_namespace"),
        (LONG + "n", "invalid_namespace"),
        ("", "empty"),
        ("12", "not_text"),
    ],
)
def test_namespaces_that_are_refused(namespace: str, code: str) -> None:
    error = refusal(text(metadata=f"  namespace: {namespace}\n"))
    assert (error.code, error.field, error.line) == (code, "metadata.namespace", 5)


def test_the_namespace_is_default_where_none_is_said() -> None:
    assert str(only(text(name="Web")).ref) == "component:default/web"


@pytest.mark.parametrize("version", API_VERSIONS)
def test_api_versions_that_are_taken(version: str) -> None:
    assert only(text().replace("backstage.io/v1alpha1", version)).api_version == version


@pytest.mark.parametrize(
    "version", ["v1alpha1", "backstage.io/v1", "Backstage.io/v1alpha1", "openslo/v1", "portico/v1"]
)
def test_api_versions_that_are_refused(version: str) -> None:
    error = refusal(text().replace("backstage.io/v1alpha1", version))
    assert (error.code, error.field, error.line, error.column) == ("unknown_api_version", "apiVersion", 1, 13)


@pytest.mark.parametrize(
    ("kind", "code", "suggestion"),
    [
        ("component", "unknown_kind", "Component"),
        ("Api", "unknown_kind", "API"),
        ("Componant", "unknown_kind", "Component"),
        ("Widget", "unknown_kind", ""),
        ("Group ✓", "invalid_kind", ""),
        ("7up", "invalid_kind", ""),
        ("My-Kind", "invalid_kind", ""),
        ("K" * 64, "invalid_kind", ""),
        ("Template", "template", ""),
        ("''", "blank", ""),
        ("", "empty", ""),
    ],
)
def test_kinds_that_are_refused(kind: str, code: str, suggestion: str) -> None:
    error = refusal(text().replace("kind: Component", f"kind: {kind}"))
    assert (error.code, error.suggestion, error.field, error.line) == (code, suggestion, "kind", 2)


@pytest.mark.parametrize("key", ["apiVersion", "kind", "metadata", "spec"])
def test_every_root_key_is_needed(key: str) -> None:
    lines = text().replace("  name: web\n", "").replace("metadata:", "metadata: {name: web}").splitlines(keepends=True)
    start = next(place for place, line in enumerate(lines) if line.startswith(key))
    end = len(lines) if key == "spec" else start + 1
    error = refusal("".join(lines[:start] + lines[end:]))
    assert (error.code, error.field) == ("required", key)


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [
        ("relations", ""),
        ("status", ""),
        ("x-extra", ""),
        ("metdata", "metadata"),
        ("Spec", "spec"),
        ("owner", "spec.owner"),
        ("tags", "metadata.tags"),
    ],
)
def test_no_other_root_key_may_stand(key: str, suggestion: str) -> None:
    error = refusal(text(root=f"{key}: []\n"))
    assert (error.code, error.field, error.line, error.column) == ("unknown_root_key", key, 9, 1)
    assert error.suggestion == suggestion


@pytest.mark.parametrize("root", ["- a\n", "just words\n", "12\n", "[{}]\n"])
def test_an_entity_is_a_mapping(root: str) -> None:
    assert refusal(root).code == "not_a_mapping"


@pytest.mark.parametrize("tag", ["a", "c++", "c#", "1.x".replace(".", "-"), "a:b", "go-1", "#1", LONG])
def test_tags_that_are_taken(tag: str) -> None:
    assert only(text(metadata=f"  tags: ['{tag}']\n")).metadata.tags == (tag,)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("Java", "invalid_tag"),
        ("a b", "invalid_tag"),
        ("a--b", "invalid_tag"),
        ("-a", "invalid_tag"),
        ("a.b", "invalid_tag"),
        ("a_b", "invalid_tag"),
        (LONG + "n", "invalid_tag"),
        ("''", "blank"),
        ("1", "not_text"),
        ("", "not_text"),
        ("{a: b}", "not_text"),
    ],
)
def test_tags_that_are_refused(tag: str, code: str) -> None:
    error = refusal(text(metadata=f"  tags:\n    - fine\n    - {tag}\n"))
    assert (error.code, error.field, error.line) == (code, "metadata.tags[1]", 7)


@pytest.mark.parametrize(
    ("field", "written", "code"),
    [
        ("tags", "java", "not_a_list"),
        ("tags", "", "empty"),
        ("tags", "{a: b}", "not_a_list"),
        ("labels", "[a]", "not_a_mapping"),
        ("labels", "", "empty"),
        ("annotations", "text", "not_a_mapping"),
        ("links", "https://example.org", "not_a_list"),
        ("title", "5", "not_text"),
        ("description", "[a]", "not_text"),
    ],
)
def test_metadata_of_the_wrong_shape_is_refused(field: str, written: str, code: str) -> None:
    error = refusal(text(metadata=f"  {field}: {written}\n"))
    assert (error.code, error.field, error.line) == (code, f"metadata.{field}", 5)


KEYS = ["a", "A_b.c", "example.org/a", "a-b.c-d/Name_1", f"{'d' * 63}.example/{LONG}", f"{'abcdefg.' * 31}abcde/x"]
BAD_KEYS = ["a/b/c", "/a", "a/", "Example.org/a", "a..b/c", "-a/b", "a-/b", "a b", "ü", f"{'abcdefg.' * 31}abcdef/x"]


@pytest.mark.parametrize("field", ["labels", "annotations"])
@pytest.mark.parametrize("key", KEYS)
def test_keys_that_are_taken(field: str, key: str) -> None:
    assert getattr(only(text(metadata=f"  {field}: {{{key}: x}}\n")).metadata, field) == {key: "x"}


@pytest.mark.parametrize("field", ["labels", "annotations"])
@pytest.mark.parametrize("key", [*BAD_KEYS, LONG + "n"])
def test_keys_that_are_refused(field: str, key: str) -> None:
    error = refusal(text(metadata=f"  {field}:\n    fine: x\n    {key}: x\n"))
    assert (error.code, error.field) == ("invalid_key", f"metadata.{field}.{key}")
    assert (error.line, error.column) == (7, 5)


@pytest.mark.parametrize("value", ["", "a", "A_b.c-d", "0", LONG])
def test_label_values_that_are_taken(value: str) -> None:
    assert only(text(metadata=f"  labels: {{a: '{value}'}}\n")).metadata.labels == {"a": value}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a b", "invalid_label"),
        ("a/b", "invalid_label"),
        ("-a", "invalid_label"),
        ("' '", "invalid_label"),
        (LONG + "n", "invalid_label"),
        ("5", "not_text"),
        ("true", "not_text"),
        ("null", "not_text"),
        ("[a]", "not_text"),
    ],
)
def test_label_values_that_are_refused(value: str, code: str) -> None:
    error = refusal(text(metadata=f"  labels:\n    a: {value}\n"))
    assert (error.code, error.field, error.line, error.column) == (code, "metadata.labels.a", 6, 8)


@pytest.mark.parametrize("value", ["''", "any text at all, ü", "'5'", "yes", "2026-11-22", "|\n      two\n      lines"])
def test_annotation_values_may_be_any_text(value: str) -> None:
    assert isinstance(only(annotated("a", value)).metadata.annotations["a"], str)


@pytest.mark.parametrize("value", ["5", "1.5", "true", "null", "[a]", "{a: b}"])
def test_annotation_values_are_text_only(value: str) -> None:
    error = refusal(annotated("a", value))
    assert (error.code, error.field, error.line, error.column) == ("not_text", "metadata.annotations.a", 6, 8)


@pytest.mark.parametrize(
    ("link", "code", "field"),
    [
        ("{title: No address}", "required", "metadata.links[0].url"),
        ("{url: ''}", "blank", "metadata.links[0].url"),
        ("{url: null}", "empty", "metadata.links[0].url"),
        ("{url: 5}", "not_text", "metadata.links[0].url"),
        ("{url: https://example.org, title: 5}", "not_text", "metadata.links[0].title"),
        ("https://example.org", "not_a_mapping", "metadata.links[0]"),
    ],
)
def test_a_link_needs_a_url(link: str, code: str, field: str) -> None:
    error = refusal(text(metadata=f"  links:\n    - {link}\n"))
    assert (error.code, error.field, error.line) == (code, field, 6)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "//example.org", "docs/a"]
)
def test_a_link_that_is_not_safe_is_kept_but_never_a_link(url: str) -> None:
    manifest = text(metadata=f"  links:\n    - {{url: '{url}', title: Click}}\n")
    (link,) = only(manifest).metadata.links
    assert (link.url, link.href) == (url, "")
    assert (warned(manifest).code, warned(manifest).field) == ("unsafe_link", "metadata.links[0].url")


def test_a_safe_link_may_be_rendered() -> None:
    (link,) = only(text(metadata="  links: [{url: https://example.org/a, icon: dashboard, order: 1}]\n")).metadata.links
    assert (link.href, link.icon, link.extra) == ("https://example.org/a", "dashboard", {"order": 1})


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
