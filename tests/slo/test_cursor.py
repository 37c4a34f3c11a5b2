"""What is being written where the cursor stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.cursor import Word, at_cursor


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("ci_j", Word("metric", "ci_j")),
        ("sum(rate(ci_j", Word("metric", "ci_j")),
        ("a_total / job:b", Word("metric", "job:b")),
        ('up{job="ci"} / up_', Word("metric", "up_")),
        ("", None),
        ("a + ", None),
        ("rate(ci_jobs[5m", None),
        ("rate(ci_jobs[$win", None),
        ("$win", None),
        ("1.5e", None),
        ("ci_jobs{", Word("label", "", "ci_jobs")),
        ("ci_jobs {re", Word("label", "re", "ci_jobs")),
        ('ci_jobs{queue="build", re', Word("label", "re", "ci_jobs")),
        ('{__name__="x", re', Word("label", "re")),
        ('ci_jobs{queue="build"', None),
        ("ci_jobs{queue=", None),
        ("ci_jobs{result!=bui", None),
        ('ci_jobs{result="fa', Word("value", "fa", "ci_jobs", "result")),
        ('ci_jobs{a="x", result =~ "', Word("value", "", "ci_jobs", "result")),
        ('ci_jobs{a="{x", b=\'q', Word("value", "q", "ci_jobs", "b")),
        ('ci_jobs{a="x\\"y', Word("value", 'x\\"y', "ci_jobs", "a")),
        ("ci_jobs{a=`x\\", Word("value", "x\\", "ci_jobs", "a")),
        ('a{b="}"} + c', Word("metric", "c")),
        ('label_replace(x, "ne', None),
    ],
)
def test_the_word_before_the_cursor_says_what_is_wanted(before: str, found: Word | None) -> None:
    assert at_cursor(before) == found


@given(st.text(alphabet="ab_{}\"'`\\[]=~!, $5:é", max_size=30))
def test_whatever_stands_there_the_word_is_what_it_ends_with(before: str) -> None:
    found = at_cursor(before)
    assert found is None or before.endswith(found.text)
