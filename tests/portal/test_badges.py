"""Badges: whatever people called their things, one well-formed picture comes of it, as wide as its words."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.lib.badges import LONGEST, badge, measured
from tests.effort import examples

SVG = "{http://www.w3.org/2000/svg}"
PARTS = ["title", "clipPath", "rect", "g", "rect", "rect", "rect", "g", "text", "text"]


def read(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("build", 27.06),
        ("42.1 % left", 59.77),
        ("Zoë Müller", 58.41),
        ("–", 5.5),
        ("Ada Okafor", 61.27),
        ("error budget: no objective", 143.77),
    ],
)
def test_texts_are_as_wide_as_the_font_draws_them(text: str, width: float) -> None:
    """By Chromium, in DejaVu Sans at 11 px."""
    assert measured(text) == pytest.approx(width, rel=0.01)


def test_a_badge_says_in_words_what_it_draws() -> None:
    drawn = read(badge("owner", "Build & CI", tone="good"))
    assert drawn.get("aria-label") == drawn.findtext(f"{SVG}title") == "owner: Build & CI"
    assert [one.text for one in drawn.iter(f"{SVG}text")] == ["owner", "Build & CI"]
    widths = [float(one.get("textLength", "")) for one in drawn.iter(f"{SVG}text")]
    assert float(drawn.get("width", "")) == pytest.approx(sum(widths) + 24, abs=1)


@given(st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=examples(30))
def test_nothing_anybody_types_becomes_markup(label: str, value: str) -> None:
    drawn = read(badge(label, value))
    assert [one.tag.removeprefix(SVG) for one in drawn.iter()][1:] == PARTS


@pytest.mark.parametrize(
    "hostile",
    [
        "</text><script>alert(1)</script>",
        '" onload="alert(1)',
        "&#60;script&#62;",
        "<!--",
        "]]>",
        "a\x00\x08\ud800b\uffff",
        "{left}",
    ],
)
def test_an_attack_is_a_text(hostile: str) -> None:
    drawn = read(badge(hostile, hostile))
    assert [one.tag.removeprefix(SVG) for one in drawn.iter()][1:] == PARTS
    assert not [name for one in drawn.iter() for name in one.attrib if name.startswith("on")]


def test_what_turns_the_direction_round_is_left_out_and_what_is_long_is_cut() -> None:
    assert "\u202e" not in badge("owner", "gnp\u202e.exe")
    drawn = read(badge("owner", "x" * 300))
    assert [len(one.text or "") for one in drawn.iter(f"{SVG}text")] == [5, LONGEST]
    assert drawn.findtext(f"{SVG}title") == f"owner: {'x' * 300}"
