"""JSON pointers, by the examples of RFC 6901 and against any document."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.intake.pointer import MISSING, BadPointer, find, parse

DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("/foo/2", MISSING),
        ("/foo/-", MISSING),
        ("/foo/01", MISSING),
        ("/foo/0/x", MISSING),
        ("/nothing", MISSING),
    ],
)
def test_the_examples_of_the_standard(pointer: str, value: object) -> None:
    assert find(DOCUMENT, pointer) == value


def test_tilde_one_is_read_before_tilde_zero() -> None:
    assert parse("/~01") == ("~1",)


def test_null_is_there() -> None:
    assert find({"a": None}, "/a") is None


@pytest.mark.parametrize("text", ["foo", "a/b", "/a~", "/a~2", "/" + "x" * 400])
def test_what_is_no_pointer_says_why(text: str) -> None:
    with pytest.raises(BadPointer):
        parse(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(json_values, st.data())
def test_every_place_of_a_document_is_found_by_its_pointer(document: Any, data: st.DataObject) -> None:
    at, pointer = document, ""
    while isinstance(at, dict | list) and at and data.draw(st.booleans()):
        step = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        escaped = str(step).replace("~", "~0").replace("/", "~1")
        if len(pointer) + len(escaped) > 290:
            break
        at, pointer = at[step], f"{pointer}/{escaped}"
    assert find(document, pointer) == at
