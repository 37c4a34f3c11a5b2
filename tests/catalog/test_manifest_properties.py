"""Whatever text goes in: no crash, no hang, a place for every error, and what was read can be written back."""

import time

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from catalog.manifest import KINDS, Entity, Manifest, Metadata, SystemSpec, parse, render
from catalog.refs import Ref
from tests.catalog.manifest_text import text
from tests.effort import examples

SECONDS = 5.0
FRAGMENTS = [
    "---\n",
    "...\n",
    "\n",
    "\r\n",
    "\t",
    "  ",
    "- ",
    ": ",
    "? ",
    "&a ",
    "*a",
    "!!int ",
    "{",
    "}",
    "[",
    "]",
    "|",
    ">",
]
FRAGMENTS += [
    "'",
    '"',
    "#",
    "%",
    "<<: ",
    "${{ x }}",
    "{$text: ./a}",
    "\ufeff",
    "\x00",
    "\u2028",
    "\ud800",
    "yes",
    "012",
    "~",
]
FRAGMENTS += [
    "owner: a\n",
    "metadata:",
    "spec:",
    "kind: API\n",
    "name: ",
    "dependsOn: [a]\n",
    "tags: [A]\n",
    "null",
    ".inf",
]

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(lambda said: "\x00" not in said)
numbers = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
json_like = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(words, inside, max_size=4),
    max_leaves=12,
)


def held(given_text: str | bytes) -> Manifest:
    """Parse within a bounded time, and check that every problem says where it is and what to do."""
    started = time.process_time()
    found = parse(given_text)
    assert time.process_time() - started < SECONDS
    shown = given_text if isinstance(given_text, str) else given_text.decode("latin-1")
    lines = shown.count("\n") + shown.count("\r")
    for problem in (*found.errors, *found.warnings):
        assert 1 <= problem.line <= lines + 2
        assert problem.column >= 1
        assert problem.document >= 1
        assert problem.code
        assert problem.message
    assert {entity.document for entity in found.entities}.isdisjoint(error.document for error in found.errors)
    return found


@settings(max_examples=examples(300), deadline=None)
@given(st.text(max_size=300) | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
def test_any_text(said: str) -> None:
    held(said)


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(said: bytes) -> None:
    held(said)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A stream of two valid manifests, with some parts cut out, doubled or replaced."""
    stream = text(draw(st.sampled_from(sorted(KINDS)))) + "---\n" + text(draw(st.sampled_from(sorted(KINDS))), name="b")
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(stream)))
        end = draw(st.integers(start, min(len(stream), start + 12)))
        stream = stream[:start] + draw(st.sampled_from([*FRAGMENTS, ""]) | st.text(max_size=4)) + stream[end:]
    return stream


@settings(max_examples=examples(500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_a_damaged_manifest_is_read_or_refused_and_what_was_read_survives_writing(stream: str) -> None:
    entities = held(stream).entities
    again = parse(render(entities))
    assert (again.entities, again.errors) == (entities, ())


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(KINDS)), st.dictionaries(words, json_like, max_size=4), json_like)
def test_any_structure_anywhere(kind: str, keys: dict[str, object], inside: object) -> None:
    known = {"type": "a", "lifecycle": "a", "owner": "a", "definition": "a", "children": [], "memberOf": []}
    for document in (
        {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"name": "a", **keys}, "spec": known},
        {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"name": "a"}, "spec": {**known, **keys}},
        {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": inside, "spec": inside},
    ):
        found = held(yaml.dump(document, allow_unicode=True))
        assert parse(render(found.entities)).entities == found.entities


@settings(max_examples=examples(200), deadline=None)
@given(st.dictionaries(words, json_like, max_size=4))
def test_what_is_written_means_the_same_to_another_parser(extra: dict[str, object]) -> None:
    spec = SystemSpec(owner=Ref("group", "default", "a"), extra={"said": extra})
    written = render([Entity(kind="System", metadata=Metadata(name="a"), spec=spec)])
    assert parse(written).entities[0].spec == spec
    assert YAML(typ="safe", pure=True).load(written)["spec"]["said"] == extra
