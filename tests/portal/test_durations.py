"""Durations in, out and in words."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.lib.durations import BadDuration, parse, plain, render, short, spoken, words


@given(st.integers(min_value=0, max_value=10**12))
def test_what_is_rendered_is_read_back_exactly(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse(render(duration)) == duration


@pytest.mark.parametrize("text", ["", "5", "m5", "5 m", "5M", "1h-3m", "5mm", "1" * 200_000])
def test_what_is_not_a_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadDuration, match="write for example"):
        parse(text)


def test_what_no_clock_reaches_is_refused() -> None:
    with pytest.raises(BadDuration, match="longer than"):
        parse("9" * 90 + "w")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (207, "3 min 27 s"), (29 * 60, "29 min"), (9840, "2 h 44 min"),
     (22 * 3600 + 1799, "22 h"), (86400 * 22, "22 d"), (3600, "1 h"), (90000, "1 d 1 h")],
)  # fmt: skip
def test_people_read_two_units_at_the_most(seconds: int, said: str) -> None:
    assert words(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10 minutes", "10m"), ("1 hour", "1h"), ("90 s", "1m30s"), ("90 sec", "1m30s"), ("5 m", "5m"),
        ("1 hour and 30 minutes", "1h30m"), ("2 days, 3 hrs", "2d3h"), (" 1 Hour 5 Min ", "1h5m"), ("2weeks", "14d"),
        ("1h30m", "1h30m"), ("500ms", "500ms"),
    ],
)  # fmt: skip
def test_what_people_write_is_understood(text: str, meant: str) -> None:
    assert render(spoken(text)) == meant
    assert plain(text) == meant


@given(st.integers(min_value=0, max_value=10**12))
def test_what_is_rendered_is_understood_as_people_write_it_too(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert spoken(render(duration)) == duration


@pytest.mark.parametrize(
    "text", ["", "5", "soon", "10 minutes or so", "5 months", "-5 minutes", "1.5 hours", "9" * 200]
)
def test_what_means_nothing_is_refused_with_examples_too(text: str) -> None:
    with pytest.raises(BadDuration, match="write for example"):
        spoken(text)
    assert plain(text) == text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0004, "1 ms"), (0.0021, "2 ms"), (1.24, "1.2 s"), (12.7, "12 s"), (75, "1 min 15 s")],
)
def test_how_long_an_answer_took(seconds: float, said: str) -> None:
    assert short(seconds) == said
