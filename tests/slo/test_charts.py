"""Figures for the browser: roles instead of colours, thresholds where the axis has them, gaps that stay gaps."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from slo import charts
from slo.charts import Line, Mark, Threshold

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=30)
ROLES = {"main", "second", "faint", "dashed", "all", "bad", "good"}
TONES = {"bad", "warn", "good", "accent", "none"}


def hours(*values: float | None) -> list[tuple[datetime, float | None]]:
    return [(START + timedelta(hours=n), value) for n, value in enumerate(values)]


def as_sent(figure: charts.Figure) -> dict[str, Any]:
    """The figure as the page carries it."""
    sent: dict[str, Any] = json.loads(json.dumps(figure, cls=DjangoJSONEncoder, allow_nan=False))
    return sent


def test_a_burn_down_names_roles_and_no_colour() -> None:
    figure = as_sent(charts.burn_down(hours(1, 0.5, 0.07), start=START, end=END, marks=[Mark(START, "INC-7")]))
    assert {trace["meta"]["role"] for trace in figure["data"]} <= ROLES
    named = [*figure["layout"]["shapes"], *figure["layout"]["annotations"]]
    assert {one["name"] for one in named} <= TONES
    assert "color" not in json.dumps(figure)
    assert "template" not in figure["layout"]


def test_what_is_unknown_is_a_gap_and_never_zero() -> None:
    drawn = as_sent(charts.burn_down(hours(1, None, 0.5), start=START, end=END))["data"][0]["y"]
    assert drawn == [100, None, 50]
    burns = as_sent(charts.burn_rate([Line("1 h", hours(2, None, 3), "main")]))["data"][0]
    assert (burns["y"], burns["text"]) == ([2, None, 3], ["2.0×", None, "3.0×"])
    assert as_sent(charts.columns(hours(4, None), name="all", role="all"))["data"][0]["y"] == [4, None]


def test_even_spending_runs_over_the_whole_period() -> None:
    line = as_sent(charts.burn_down(hours(1, 0.9), start=START, end=END))["data"][1]
    assert (line["x"], line["y"]) == ([as_text(START), as_text(END)], [100, 0])


def as_text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def test_an_overspent_budget_is_drawn_below_zero_and_told_with_a_true_minus() -> None:
    figure = as_sent(charts.burn_down(hours(1, -0.5), start=START, end=END))
    assert figure["layout"]["yaxis"]["range"][0] < -50
    said = figure["layout"]["annotations"][0]
    assert (said["text"], said["name"]) == ("−50.0 % left", "bad")


def test_the_last_known_value_is_told_though_the_newest_is_unknown() -> None:
    figure = as_sent(charts.burn_down(hours(1, 0.8, None, None), start=START, end=END))
    said = figure["layout"]["annotations"][0]
    assert (said["x"], said["text"]) == (as_text(START + timedelta(hours=1)), "80.0 % left")


def test_nothing_known_draws_no_last_point() -> None:
    figure = as_sent(charts.burn_down(hours(None, None), start=START, end=END))
    assert "annotations" not in figure["layout"]


def test_a_thresholds_words_stand_at_its_line_on_the_log_axis() -> None:
    factors = [14.4, 6.0, 3.0, 0.9333]
    figure = as_sent(charts.burn_rate([], thresholds=[Threshold(factor, "page") for factor in factors]))
    assert figure["layout"]["yaxis"]["type"] == "log"
    lines, words = figure["layout"]["shapes"], figure["layout"]["annotations"]
    assert [(line["y0"], line["y1"]) for line in lines] == [(factor, factor) for factor in factors]
    assert [word["y"] for word in words] == pytest.approx([math.log10(factor) for factor in factors])


def test_words_of_limits_close_to_each_other_stand_side_by_side() -> None:
    limits = [Threshold(factor, "page") for factor in (14.4, 6.0, 18.0, 3.0)]
    words = as_sent(charts.burn_rate([], thresholds=limits))["layout"]["annotations"]
    found = {round(10 ** word["y"], 1): (word["x"], word["xanchor"]) for word in words}
    assert found == {18.0: (0, "left"), 14.4: (1, "right"), 6.0: (0, "left"), 3.0: (0, "left")}


def test_burns_beyond_the_axis_lie_on_its_edge_and_say_what_they_are() -> None:
    line = as_sent(charts.burn_rate([Line("5 min", hours(0, 1000), "faint")]))["data"][0]
    assert (line["y"], line["text"]) == ([0.1, 100], ["0.0×", "1,000×"])


def test_incidents_are_marked_at_their_moment() -> None:
    at = START + timedelta(days=2)
    layout = as_sent(charts.burn_rate([], marks=[Mark(at, "INC-1042")]))["layout"]
    assert (layout["shapes"][0]["x0"], layout["shapes"][0]["yref"]) == (as_text(at), "paper")
    assert layout["annotations"][0]["text"] == "INC-1042"


def test_columns_over_months_lie_in_front_of_each_other_and_keep_gaps() -> None:
    months = [(START, 4.0), (START + timedelta(days=30), None)]
    figure = as_sent(charts.columns_over([Line("all", months, "all"), Line("bad", months, "bad")], suffix=" h"))
    assert [(one["name"], one["y"], one["meta"]["role"]) for one in figure["data"]] == [
        ("all", [4, None], "all"), ("bad", [4, None], "bad"),
    ]  # fmt: skip
    axis = figure["layout"]["xaxis"]
    assert (figure["layout"]["barmode"], axis["dtick"], axis["tickformatstops"][0]["value"]) == (
        "overlay",
        "M1",
        "%b",
    )
    assert "color" not in json.dumps(figure)


@pytest.mark.parametrize(
    ("many", "step", "form"),
    [(1, "M1", "%b"), (6, "M1", "%b"), (7, "M3", "%b %Y"), (12, "M3", "%b %Y"), (24, "M6", "%b %Y")],
)
def test_each_of_a_few_months_is_named_and_of_more_some(many: int, step: str, form: str) -> None:
    months = [(START + n * timedelta(days=30), float(n)) for n in range(many)]
    axis = as_sent(charts.lines([Line("median", months, "main")], suffix=" min"))["layout"]["xaxis"]
    assert (axis["dtick"], axis["tickformatstops"][0]["value"]) == (step, form)


def test_bars_lie_the_first_on_top_and_cut_long_names() -> None:
    figure = as_sent(charts.bars([("x" * 40, 3.0), ("short", None)], name="nights", role="bad", suffix=" h"))
    (trace,) = figure["data"]
    assert (trace["x"], trace["y"], trace["orientation"]) == ([3, None], ["x" * 23 + "…", "short"], "h")
    assert figure["layout"]["yaxis"]["autorange"] == "reversed"


@pytest.mark.parametrize(
    ("most", "step", "end"),
    [(28.0, 10, 30), (230.0, 100, 300), (30.0, 10, 30), (3.0, 1, 3), (1.0, 1, 1), (66.7, 50, 100), (0.3, 0.1, 0.3)],
)
def test_an_axis_from_zero_ends_on_a_tick_at_or_above_the_greatest(most: float, step: float, end: float) -> None:
    months = [(START, 0.0), (START + timedelta(days=30), most)]
    drawn = [
        charts.columns_over([Line("all", months, "all")])["layout"]["yaxis"],
        charts.lines([Line("all", months, "all")], suffix="")["layout"]["yaxis"],
        charts.bars([("a", most), ("b", None)], name="all", role="all")["layout"]["xaxis"],
    ]
    for axis in drawn:
        assert (axis["dtick"], axis["tick0"]) == (pytest.approx(step), 0)
        assert axis["range"] == pytest.approx([0, 1.02 * end])


def test_charts_over_nothing_are_empty() -> None:
    assert as_sent(charts.lines([Line("median", [], "main")], suffix=""))["data"][0]["y"] == []
    assert as_sent(charts.bars([], name="nights", role="bad"))["data"][0]["x"] == []
