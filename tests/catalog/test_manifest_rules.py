"""Envelope and metadata, a row a rule: what is taken, and what is refused with its code, its field and its place."""

import pytest

from catalog.manifest import API_VERSIONS
from tests.catalog.manifest_text import only, refusal, text, warned

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
