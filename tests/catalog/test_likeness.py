"""How well a text fits a name, and which part of the name it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.likeness import ALIKE, BEGINS, EXACT, INSIDE, LIKE, NAMED, marks, score, slips, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [("CI-runners", ["ci", "runners"]), ("a_b.c/d", ["a", "b", "c", "d"]), ("---", []), ("Köln 7", ["köln", "7"])],
)
def test_words_are_letters_and_digits_in_lower_case(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_better_fits_score_higher() -> None:
    fits = ["ci-runners", "ci-runners-eu", "the-ci-runners", "build-runners-ci"]
    scores = [score(["ci", "runners"], [name]) for name in fits]
    assert scores[0] == EXACT
    assert BEGINS <= scores[1] < EXACT
    assert NAMED <= scores[2] < BEGINS
    assert NAMED <= scores[3] < BEGINS
    assert score(["ci", "runners"], ["jenkins"], inside=True) == INSIDE
    assert score(["ci", "runners"], ["jenkins"]) < LIKE * ALIKE


@pytest.mark.parametrize("typed", ["ci-runers", "ci-runnesr", "ci-runnners", "ci-rumners"])
def test_a_slip_is_like_the_name_and_unlike_others(typed: str) -> None:
    words = words_of(typed)
    assert LIKE * ALIKE <= score(words, ["ci-runners"]) <= LIKE
    assert score(words, ["vault"]) < LIKE * ALIKE


def test_among_equals_the_shorter_name_is_nearer() -> None:
    assert score(["vault"], ["vault-agent"]) > score(["vault"], ["vault-agent-injector"])


@pytest.mark.parametrize("typed", ["vualt", "valut", "vauult"])
def test_letters_exchanged_or_one_too_many_are_tried(typed: str) -> None:
    assert "vault" in set(slips(typed))


def test_short_words_are_meant_as_they_are() -> None:
    assert list(slips("dns")) == []


def test_what_was_typed_is_marked() -> None:
    assert marks(["ci", "run"], "The CI-runners") == [(4, 6), (7, 10)]
    assert marks(["runers"], "ci-runners", forgiving=True) == [(3, 10)]


@given(st.lists(st.text(max_size=8), max_size=4), st.text(max_size=40), st.booleans())
def test_marks_are_in_order_inside_and_never_overlap(words: list[str], name: str, forgiving: bool) -> None:
    at = 0
    for start, end in marks([word.lower() for word in words if word], name, forgiving=forgiving):
        assert at <= start < end <= len(name)
        at = end


@given(st.lists(st.text(min_size=1, max_size=8), max_size=4), st.lists(st.text(max_size=20), max_size=3), st.booleans())
def test_a_score_is_between_0_and_1(words: list[str], names: list[str], inside: bool) -> None:
    assert 0 <= score(words, names, inside=inside) <= 1
