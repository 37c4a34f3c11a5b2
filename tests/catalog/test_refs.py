"""References as Backstage reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import rules
from catalog.refs import BadReference, Ref, no_such, parse
from portal.lib.links import safe_link, safe_url


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("build-ci", "group:shop/build-ci"),
        ("platform/build-ci", "group:platform/build-ci"),
        ("user:ada", "user:shop/ada"),
        ("user:default/ada", "user:default/ada"),
        ("Group:Default/Build-CI", "group:default/build-ci"),
        ("a:b:c", "a:shop/b:c"),
        ("a:b/c/d", "a:b/c/d"),
        ("b/c:d", "group:b/c:d"),
        (" ada ", "group:shop/ada"),
    ],
)
def test_what_is_left_out_is_filled_in(text: str, whole: str) -> None:
    assert str(parse(text, kind="group", namespace="shop")) == whole


@pytest.mark.parametrize("text", ["", ":x", "x:", "x:/y", "x:y/", "/y", "y/", "x:y/ "])
def test_an_empty_part_is_an_error(text: str) -> None:
    with pytest.raises(BadReference):
        parse(text, kind="group")


def test_without_a_default_the_kind_must_be_said() -> None:
    with pytest.raises(BadReference, match="component:default/k8s"):
        parse("k8s")


part = st.from_regex(rules.NAME, fullmatch=True).filter(rules.is_name)


@given(kind=part, namespace=part, name=part)
def test_what_is_written_whole_is_read_back_lower_cased(kind: str, namespace: str, name: str) -> None:
    assert parse(f"{kind}:{namespace}/{name}") == Ref(kind.lower(), namespace.lower(), name.lower())


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/a", True),
        ("http://localhost:3000", True),
        ("mailto:ada@example.org", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https:", False),
        ("java\tscript:alert(1)", False),
        ("https://[broken", False),
        ("", False),
    ],
)
def test_only_web_and_mail_addresses_become_links(url: str, safe: bool) -> None:
    assert bool(safe_url(url)) is safe


@pytest.mark.parametrize(
    ("url", "safe"),
    [("/slos/1", True), ("https://x.example", True), ("//x.example", False), ("/\\x.example", False), ("x", False)],
)
def test_paths_of_our_own_become_links_too(url: str, safe: bool) -> None:
    assert bool(safe_link(url)) is safe


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("Group:default/CI", "There is no team called “ci” (group:default/ci)."),
        ("user:acme/ada", "There is no person called “ada” in acme (user:acme/ada)."),
        ("component:", "There is no component:."),
        ("x" * 500, f"There is no {'x' * 200}."),
    ],
)
def test_what_is_not_there_is_called_by_its_name_first(ref: str, said: str) -> None:
    assert no_such(ref) == said
