"""YAML 1.2 as catalog-info.yaml files use it, and what 1.1 would have made of it."""

import math
import time

import pytest

from catalog.manifest import parse, read
from tests.catalog.manifest_text import only, refusal, text, warned


def value(scalar: str) -> object:
    """What an unknown key of `spec` holds when `scalar` is written there."""
    return only(text(spec=f"  odd: {scalar}\n")).spec.extra["odd"]


@pytest.mark.parametrize(
    ("scalar", "meant"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("Y", "Y"),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("~", None),
        ("Null", None),
        ("nil", "nil"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("-7", -7),
        ("+7", 7),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("1:30:00", "1:30:00"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1.2.3", "1.2.3"),
        ("٣", "٣"),
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ("=", "="),
        ("'012'", "012"),
        ('"true"', "true"),
        ("!!str 012", "012"),
        ("!!float 1", 1.0),
        ('"a\\/b"', "a/b"),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
        ("{$json: ./limits.json}", {"$json": "./limits.json"}),
        ("{1: a, true: b}", {"1": "a", "true": "b"}),
        ('"a\u2028b\x85c"', "a\u2028b\x85c"),
        ('"\\ud83d\\ude00"', "😀"),
        ('["\\ud83d\\ude00", "\\\\ud83d\\\\ude00"]', ["😀", "\\ud83d\\ude00"]),
        ("'\\ud83d\\ude00'", "\\ud83d\\ude00"),
        ("https://example.org:8080/a#b", "https://example.org:8080/a#b"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(scalar: str, meant: object) -> None:
    found = value(scalar)
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("addition", "code", "line", "column"),
    [
        ("  owner: again\n", "duplicate_key", 9, 3),
        ("  odd: {a: 1, a: 2}\n", "duplicate_key", 9, 15),
        ("  odd: {1: x, '1': y}\n", "duplicate_key", 9, 15),
        ("  odd: {? [a] : b}\n", "invalid_key", 9, 11),
        ("  odd: *nowhere\n", "unknown_alias", 9, 8),
        ("  odd: &a [*a]\n", "alias_of_itself", 9, 12),
        ("  odd: .inf\n", "not_a_number", 9, 8),
        ("  odd: -.INF\n", "not_a_number", 9, 8),
        ("  odd: .nan\n", "not_a_number", 9, 8),
        ("  odd: 1e999\n", "not_a_number", 9, 8),
        (f"  odd: {'9' * 5000}\n", "not_a_number", 9, 8),
        ("  odd: !!int x\n", "invalid_tag", 9, 8),
        ("  odd: [1\n", "invalid_yaml", 10, 1),
        ("  odd: 'open\n", "invalid_yaml", 10, 1),
        ("\todd: tab\n", "invalid_yaml", 9, 1),
        ("  odd: a: b\n", "invalid_yaml", 9, 9),
        ("  odd: @x\n", "invalid_yaml", 9, 8),
        ("  odd: \x07\n", "invalid_character", 9, 8),
        ("  odd: \ud800\n", "invalid_character", 9, 8),
        ('  odd: "a\\0b"\n', "invalid_text", 9, 8),
        (f"  odd: {'[' * 200}{']' * 200}\n", "too_deep", 9, 106),
        (f"  {'k' * 600}: x\n", "key_too_long", 9, 3),
    ],
)
def test_what_yaml_refuses_is_one_error_with_its_place(addition: str, code: str, line: int, column: int) -> None:
    error = refusal(text(spec=addition))
    assert (error.code, error.line, error.column) == (code, line, column)


def test_a_merge_key_merges_nothing_and_is_said() -> None:
    manifest = text(metadata="  base: &base {a: 1}\n", spec="  odd: {<<: *base}\n")
    assert only(manifest).spec.extra == {"odd": {"<<": {"a": 1}}}
    assert warned(manifest).code == "merge_key"


def test_an_unknown_tag_is_said_and_its_value_kept() -> None:
    manifest = text(spec="  odd: !secret x\n")
    assert only(manifest).spec.extra == {"odd": "x"}
    assert warned(manifest).code == "unknown_tag"


def test_an_alias_stands_for_what_it_names() -> None:
    assert only(text(metadata="  team: &t network\n", spec="  system: *t\n  odd: *t\n")).spec.extra == {
        "odd": "network"
    }


def test_an_anchor_may_be_given_again() -> None:
    assert only(text(spec="  a: &x 1\n  b: &x 2\n  c: *x\n")).spec.extra == {"a": 1, "b": 2, "c": 2}


def test_an_alias_bomb_is_refused_at_once() -> None:
    rungs = "".join(f"  r{i}: &r{i} [{', '.join([f'*r{i - 1}'] * 10)}]\n" for i in range(1, 12))
    started = time.process_time()
    assert refusal(text(spec=f"  r0: &r0 [x, x]\n{rungs}")).code == "too_many_nodes"
    assert time.process_time() - started < 1


def test_a_bomb_of_long_text_is_refused_too() -> None:
    manifest = text(spec=f"  a: &a {'x' * 100_000}\n  b: [{', '.join(['*a'] * 200)}]\n")
    assert refusal(manifest).code == "too_long"


def test_a_chain_of_aliases_is_not_deeper_than_it_may_be() -> None:
    rungs = "".join(f"  r{i}: &r{i} [*r{i - 1}]\n" for i in range(1, 150))
    assert refusal(text(spec=f"  r0: &r0 x\n{rungs}")).code == "too_deep"


@pytest.mark.parametrize(
    "broken", ["a: [1", "a: 'open", "\ta: 1", "a: 1\na: 2", "]", "&", "a: *b", "x\x00", "- |\n- - >\nx: {"]
)
def test_a_broken_document_leaves_the_others_alone(broken: str) -> None:
    found = parse(f"{text(name='first')}---\n{broken}\n---\n{text(name='last')}")
    assert [entity.metadata.name for entity in found.entities] == ["first", "last"]
    assert [entity.document for entity in found.entities] == [1, 3]
    assert {error.document for error in found.errors} == {2}
    assert all(error.line >= 10 for error in found.errors)


@pytest.mark.parametrize(
    ("stream", "values"),
    [
        ("", []),
        ("\n# nothing\n", []),
        ("---\n---\n--- # none\n", []),
        ("null\n---\n~\n", []),
        ("a\n---\nb", [(1, "a"), (2, "b")]),
        ("--- a\n--- b\n...\n", [(1, "a"), (2, "b")]),
        ("a\n---\n\n---\nb", [(1, "a"), (3, "b")]),
        ("# top\n---\na\n", [(1, "a")]),
        ("%YAML 1.2\n---\na\n...\n%YAML 1.2\n---\nb\n", [(1, "a"), (2, "b")]),
        ("a\n...\nb\n", [(1, "a"), (2, "b")]),
        ("|\n x\n ---\n y\n---\nb", [(1, "x\n---\ny\n"), (2, "b")]),
        ("a\r\n---\r\nb\r\n", [(1, "a"), (2, "b")]),
        ("a\r---\rb", [(1, "a"), (2, "b")]),
        ("a ---\n--- b", [(1, "a ---"), (2, "b")]),
        ("\ufeffa\n\ufeff---\nb", [(1, "a"), (2, "b")]),
        ("---x\n", [(1, "---x")]),
    ],
)
def test_a_stream_is_cut_where_yaml_cuts_it(stream: str, values: list[tuple[int, object]]) -> None:
    assert [(document.number, document.value()) for document in read(stream).documents] == values


def test_crlf_and_a_byte_order_mark_change_nothing() -> None:
    manifest = text(metadata="  description: |\n    one\n    two\n")
    assert only("\ufeff" + manifest.replace("\n", "\r\n")) == only(manifest)
    assert only(manifest.encode("utf-16")) == only(manifest)
    assert only(manifest.encode("utf-8-sig")) == only(manifest)


def test_lines_are_counted_over_the_whole_text_with_crlf_as_one() -> None:
    found = parse((text() + "---\n" + text(name="later", spec="  system: 5\n")).replace("\n", "\r\n"))
    assert [(error.document, error.line, error.column) for error in found.errors] == [(2, 18, 11)]


def test_bytes_that_are_not_utf_8_are_refused_with_their_place() -> None:
    error = refusal(b"a: 1\nb: \xe9\n")
    assert (error.code, error.line, error.column) == ("not_utf8", 2, 4)


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        ("x" * 10_000_001, "too_large"),
        (b"x" * 40_000_001, "too_large"),
        ("a: " + "x" * 2_000_001, "too_large"),
        ("--- {}\n" * 10_001, "too_many"),
        ("- x\n" * 100_001, "too_many_nodes"),
    ],
)
def test_what_is_too_large_is_refused(stream: str | bytes, code: str) -> None:
    assert parse(stream).errors[-1].code == code


def test_a_large_document_leaves_the_next_one_alone() -> None:
    found = parse(f"a: {'x' * 2_000_001}\n---\n{text()}")
    assert [entity.document for entity in found.entities] == [2]


def test_a_document_of_another_kind_says_what_it_is_and_where() -> None:
    (document,) = read("apiVersion: openslo/v1\nkind: SLO\nspec:\n  objectives:\n    - target: 0.99\n").documents
    assert (document.api_version, document.kind) == ("openslo/v1", "SLO")
    assert document.at("spec", "objectives", 0, "target") == (5, 15)
    assert document.at("spec", "nothing") == (4, 3)
    assert math.isclose(document.value()["spec"]["objectives"][0]["target"], 0.99)  # type: ignore[index]
