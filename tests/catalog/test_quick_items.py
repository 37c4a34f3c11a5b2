"""An item read without the framework is what the framework makes of it, or is left to the framework."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.api.bulk import spec_of
from catalog.api.shapes.incoming import ComponentItemIn
from catalog.api.shapes.quick import QuickReader, Unsure
from catalog.specs import ComponentSpec

SHAPE = ComponentItemIn()
QUICK = QuickReader(SHAPE)
USUAL: dict[str, Any] = {
    "kind": "component", "namespace": "shop", "name": "checkout", "title": " Checkout ",
    "description": " Takes orders ",
    "type": "service", "lifecycle": "production", "tier": 1, "owner": "payments", "system": "shop",
    "subcomponent_of": "component:default/shop", "docs": "# Docs\n", "runbook": "https://example.org/run",
    "definition": "", "tags": ["java", " eu"], "labels": {"a": "b", "gone": None}, "annotations": {"x/y": " z "},
    "links": [{"url": " https://example.org ", "title": "Board"}], "extra": {"spec": {"a": None}, "metadata": None},
    "depends_on": ["component:db"], "dependency_of": [], "provides_apis": ["orders"], "consumes_apis": ["stock"],
    "responders": ["sre"], "version": 3, "ref": "component:shop/checkout",
}  # fmt: skip

texts = st.text(max_size=8) | st.sampled_from(
    ["", " ", "a", " a ", "component", "API", "\t", "\x00", "\ud800", "1", "a" * 2001]
)
scalars = st.none() | st.booleans() | st.integers() | st.integers(0, 5) | st.floats(allow_nan=False) | texts
numbers = st.sampled_from([10**30, -(10**6), 10**6 - 1, 1.0, 1.5, "2", "2.0"])
values = st.recursive(
    scalars | numbers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
links = st.dictionaries(st.sampled_from(["url", "title", "icon", "type", "odd"]), texts | scalars, max_size=4)
alike = {
    **dict.fromkeys(USUAL, scalars),
    **{name: st.lists(texts, max_size=3) for name, said in USUAL.items() if isinstance(said, list)},
    **{name: st.dictionaries(texts, st.none() | texts, max_size=3) for name in ("labels", "annotations")},
    "links": st.lists(links, max_size=2),
    "extra": st.dictionaries(texts, values, max_size=2),
}
names = st.sampled_from([*USUAL, "tiers", "origin", "", "changed"])
changes = names.flatmap(lambda name: st.tuples(st.just(name), alike.get(name, scalars) | values))


def quick(item: object) -> ComponentSpec | None:
    try:
        return ComponentSpec(**QUICK.read(item))
    except Unsure:
        return None


def same(item: object) -> None:
    """To the very types: 1 and true and 1.0 are equal."""
    found = quick(item)
    if found is not None:
        said = spec_of(item, SHAPE)
        assert found == said
        assert repr(found) == repr(said)


def test_the_usual_item_is_read_here() -> None:
    assert quick(USUAL) is not None
    assert quick({"name": "a"}) == ComponentSpec(kind="component", namespace="default", name="a")
    same(USUAL)


@given(st.lists(changes, max_size=4), st.sets(st.sampled_from(list(USUAL)), max_size=20))
def test_whatever_is_changed_in_it_or_left_out(changed: list[tuple[str, object]], left_out: set[str]) -> None:
    same({name: value for name, value in {**USUAL, **dict(changed)}.items() if name not in left_out})


@given(values)
def test_whatever_it_is(item: object) -> None:
    same(item)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tier": True}, {"tier": "1"}, {"tier": 10**30}, {"name": None}, {"name": ""}, {"name": "\x00"}, {"kind": None},
        {"kind": "robot"}, {"tags": "java"}, {"tags": [None]}, {"tags": [" "]}, {"tags": ["a"] * 1001}, {"tags": [1]},
        {"labels": []}, {"labels": {"a": 1}}, {"title": 7}, {"links": [{"title": "no address"}]}, {"tiers": 1},
        {"namespace": ""}, {"extra": []},
    ],
)  # fmt: skip
def test_what_needs_another_look_is_left_to_the_framework(wrong: dict[str, object]) -> None:
    assert quick({"name": "a", **wrong}) is None
