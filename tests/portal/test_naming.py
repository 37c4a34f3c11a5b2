"""Names made of titles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rules import is_name
from portal.lib.naming import name_of


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        (["Payments API"], "payments-api"),
        (["  Build & CI, v1.2! "], "build-ci-v1-2"),
        (["Größe für Łódź"], "grosse-fur-lodz"),
        (["支付"], ""),
        (["x" * 62 + " y"], "x" * 62),
        (["ci", "Jobs succeed"], "ci-jobs-succeed"),
        (["payments-api", "Payments API answers"], "payments-api-answers"),
        (["ci", "Cinema opens"], "ci-cinema-opens"),
        (["ci", "支付"], "ci"),
        (["ci.Runners_2", ""], "ci-runners-2"),
    ],
)
def test_a_name_is_what_is_left_of_a_title(titles: list[str], name: str) -> None:
    assert name_of(*titles) == name


@given(st.lists(st.text(max_size=80), max_size=3))
def test_whatever_the_title_the_catalog_takes_the_name(titles: list[str]) -> None:
    made = name_of(*titles)
    assert made == "" or is_name(made)
