"""The first paint of a chart."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from portal.lib.sketch import MOST, sketch
from slo import charts

START = datetime(2026, 11, 1, tzinfo=UTC)


def hours(*values: float | None) -> list[tuple[datetime, float | None]]:
    return [(START + timedelta(hours=n), value) for n, value in enumerate(values)]


def path_of(figure: object) -> str:
    found = re.search(r'<path d="([^"]*)"', sketch(figure))
    return found[1] if found else ""


def test_a_line_keeps_its_gaps_and_lies_in_the_range_of_its_axis() -> None:
    end = START + timedelta(days=1)
    drawn = path_of(charts.burn_down(hours(1.0, 0.5, None, 0.0), start=START, end=end))
    first, second = drawn.removeprefix("M").split("M")
    assert first.split()[0] == "0"
    (_, full, _, half), (_, none) = first.split(), second.removesuffix("h1").split()
    assert float(full) < float(half) < float(none) <= 100


def test_a_log_axis_has_equal_steps_for_equal_factors() -> None:
    drawn = path_of(charts.burn_rate([charts.Line("1 h", hours(0.1, 1, 10, 100), "main")]))
    ys = [float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", drawn)]
    assert [a - b for a, b in pairwise(ys)] == pytest.approx([100 / 3] * 3, abs=0.1)
    assert ys[-1] < 1


def test_it_names_the_ends_of_its_axes_and_shows_the_limit() -> None:
    limit = charts.Threshold(10, "10× Page")
    drawn = sketch(charts.burn_rate([charts.Line("1 h", hours(0.1, 100), "main")], thresholds=[limit]))
    assert re.findall(r'sketch-(high|low|from|to)">([^<]*)', drawn) == [
        ("high", "100×"), ("low", "≤0.1×"), ("from", "00:00"), ("to", "01:00"),
    ]  # fmt: skip
    assert f'sketch-limit" d="M0 {100 / 3:.1f}H1000"' in drawn


def test_columns_are_as_many_as_there_are_values() -> None:
    drawn = sketch(charts.columns(hours(3, None, 6), name="bad", role="bad"))
    assert drawn.count("z") == 2 + drawn.partition("<path")[0].count("z")
    assert "is-bad" in drawn


def test_what_has_many_points_is_thinned_and_keeps_its_peak() -> None:
    values = [0.0] * 5_000
    values[1_234] = 9.0
    drawn = path_of({"data": [{"type": "scatter", "y": values}], "layout": {"yaxis": {"range": [0, 9]}}})
    assert drawn.count(" ") <= 2 * MOST
    assert " 0.0 " in drawn


def test_few_months_are_named_each_and_wide_figures_have_room() -> None:
    months = [(datetime(2026, month, 1, tzinfo=UTC), value) for month, value in ((9, 16.25), (10, 3.0), (11, 5.0))]
    drawn = sketch(charts.columns(months, name="all", role="all"))
    assert 'sketch-months is-columns"><span>Sep</span><span>Oct</span><span>Nov</span></span>' in drawn
    assert "sketch-from" not in drawn
    assert "sketch-roomy" not in drawn
    lines = [charts.Line("median", months, "main"), charts.Line("p90", [(at, 103.5) for at, _ in months], "dashed")]
    drawn = sketch(charts.lines(lines, suffix=" min"))
    assert "sketch-roomy" in drawn
    assert 'class="sketch-beside is-dashed"' in drawn


def test_what_it_cannot_sketch_is_nothing() -> None:
    assert sketch(charts.bars([("a", 1.0)], name="x", role="main")) == ""
    assert sketch("{}") == ""
    assert sketch({"data": [{"type": "scatter", "y": [None]}]}) == ""
    assert sketch({"data": [{"type": "scatter", "y": ['"><script>']}]}) == ""


def test_the_main_line_lies_over_the_others_of_the_same_moments() -> None:
    short, long = charts.Line("2 min", hours(0.1, 100), "faint"), charts.Line("4 min", hours(0.1, 10), "main")
    drawn = sketch(charts.burn_rate([short, long]))
    beside, main = re.findall(r'<path (?:class="sketch-beside" )?d="([^"]*)"', drawn)
    assert "sketch is-accent" in drawn
    assert beside == "M0 100.0 1000 0.0"
    assert main == f"M0 100.0 1000 {100 / 3:.1f}"


def test_ends_of_three_digits_have_no_decimals() -> None:
    drawn = sketch(charts.columns(hours(109_200, 230.3), name="all", role="all"))
    assert 'sketch-high">109 k<' in drawn
