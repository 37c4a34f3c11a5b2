"""Uptime: the verdict on a slice."""

from math import nan

import pytest

from slo.counting import BadCondition, Bucket, Combine, Verdict, parse_condition, slices, verdict


@pytest.mark.parametrize(
    ("condition", "values", "combine", "expected"),
    [
        (">= 1", [1, 1], Combine.ALL, Verdict.GOOD),
        (">= 1", [1, 0], Combine.ALL, Verdict.BAD),
        (">= 1", [1, 0], Combine.ANY, Verdict.GOOD),
        ("<0.5", [0.5], Combine.ANY, Verdict.BAD),
        ("!= 3", [3.5], Combine.ALL, Verdict.GOOD),
        ("== -1e3", [-1000], Combine.ALL, Verdict.GOOD),
        (">= 1", [], Combine.ALL, Verdict.UNKNOWN),
        (">= 1", [nan], Combine.ALL, Verdict.UNKNOWN),
        (">= 1", [nan, 1], Combine.ALL, Verdict.GOOD),
    ],
)
def test_a_slice_is_good_bad_or_unknown(
    condition: str, values: list[float], combine: Combine, expected: Verdict
) -> None:
    assert verdict(values, parse_condition(condition), combine) is expected


@pytest.mark.parametrize("text", ["", "1", "=> 1", ">= one", ">= nan", "> inf", "= 1"])
def test_a_condition_that_is_none_says_what_to_write(text: str) -> None:
    with pytest.raises(BadCondition, match=">= 1"):
        parse_condition(text)


@pytest.mark.parametrize(
    ("no_data", "row"), [(Verdict.UNKNOWN, None), (Verdict.BAD, Bucket(0, 1)), (Verdict.GOOD, Bucket(1, 1))]
)
def test_a_slice_without_data_follows_the_policy(no_data: Verdict, row: Bucket | None) -> None:
    found = slices({60: [1.0], 120: [0.0], 180: []}, parse_condition(">= 1"), Combine.ALL, no_data=no_data)
    assert (found[60], found[120], found.get(180)) == (Bucket(1, 1), Bucket(0, 1), row)
