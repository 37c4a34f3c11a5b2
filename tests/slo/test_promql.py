"""What people type: selectors and expressions, and what they are told when it is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.promql import (
    BadExpression,
    BadSelector,
    Matcher,
    Selector,
    escaped,
    parse_selector,
    render,
    validate_expression,
)


@pytest.mark.parametrize(
    ("text", "metric", "matchers"),
    [
        ("runs_total", "runs_total", []),
        ('runs_total{b="2",a!="1"}', "runs_total", [("a", "!=", "1"), ("b", "=", "2")]),
        ("{__name__='runs_total',a=~\"x|y\"}", "runs_total", [("a", "=~", "x|y")]),
        (r'runs_total{path=~"/api/v\\d+"} # comment', "runs_total", [("path", "=~", r"/api/v\d+")]),
        ('runs_total{a="é\\n\\"quoted\\""}', "runs_total", [("a", "=", 'é\n"quoted"')]),
    ],
)
def test_a_selector_is_a_metric_and_sorted_matchers(
    text: str, metric: str, matchers: list[tuple[str, str, str]]
) -> None:
    selector = parse_selector(text)
    assert selector.metric == metric
    assert [(one.name, one.op, one.value) for one in selector.matchers] == matchers


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "nothing is written"),
        ('runs_total{a="1"', "character 11 is not closed"),
        ('runs_total{a="1}', "character 14 is not closed"),
        ("runs_total)", "character 11 closes nothing"),
        ("rate(runs_total[5m])", "write the counter alone"),
        ("runs_total / 2", "write the counter alone"),
        ("runs_total[5m]", r"leave out \[5m\]"),
        ("runs_total offset 5m", "leave that out"),
        ("runs_total @ 100", "leave that out"),
        ('{a="1"}', "begin with one"),
        ('{__name__=~"runs_.*"}', "begin with one"),
        ('runs_total{a="1" or b="2"}', "write alternatives as one"),
        ("job:runs:rate5m", "recording rule"),
        (r'runs_total{a=~"\\pL+"}', "character class"),
        ('runs_total{a=~"x(?i)y"}', "flags that don't stand first"),
    ],
)
def test_what_is_no_selector_is_refused_with_what_to_do(text: str, advice: str) -> None:
    with pytest.raises(BadSelector, match=advice):
        parse_selector(text)


@pytest.mark.parametrize("text", ["up", "sum(up) by (job) > 0", "vector(1)", "1 + up", "up # fine", "up or vector(0)"])
def test_an_expression_that_gives_series_is_accepted(text: str) -> None:
    validate_expression(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("1 + 1", r"write `vector\(1 \+ 1\)`"),
        ("time()", "gives a scalar"),
        ("up[5m]", "last_over_time"),
        ("up[5m:1m]", "last_over_time"),
        ('"up"', "gives a string"),
        ("rate(up)", "expected type matrix"),
        ("sum(up", "character 4 is not closed"),
        ("  ", "nothing is written"),
    ],
)
def test_an_expression_that_gives_anything_else_is_refused(text: str, advice: str) -> None:
    with pytest.raises(BadExpression, match=advice):
        validate_expression(text)


values = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.dictionaries(st.from_regex(r"\A[a-z][a-z_0-9]{0,5}\Z"), values, max_size=4))
def test_every_label_value_survives_writing_and_reading(labels: dict[str, str]) -> None:
    selector = Selector("runs_total", tuple(Matcher(name, "!=", value) for name, value in labels.items()))
    assert parse_selector(render(selector)) == selector


@given(values, values)
def test_an_escaped_value_matches_itself_alone(value: str, other: str) -> None:
    matcher = Matcher("a", "=~", escaped(value))
    assert matcher.matches({"a": value})
    assert matcher.matches({"a": other}) is (value == other)
    assert parse_selector(str(Selector("x", (matcher,)))) == Selector("x", (matcher,))


@pytest.mark.parametrize(
    ("matcher", "value", "selected"),
    [
        (Matcher("a", "=~", "b|c"), "b", True),
        (Matcher("a", "=~", "b|c"), "bc", False),  # anchored at both ends
        (Matcher("a", "=~", "b.*"), "b\nx", True),
        (Matcher("a", "=~", ""), None, True),  # an absent label is the empty text
        (Matcher("a", "=", ""), None, True),
        (Matcher("a", "!=", "b"), None, True),
        (Matcher("a", "!~", "b.*"), "bb", False),
        (Matcher("a", "=~", r"\d+"), "٣", False),  # RE2 knows ASCII digits only
        (Matcher("a", "=~", "[[:alpha:]]+"), "abc", True),
        (Matcher("a", "=~", "[[:alpha:]]+"), "a:c", False),
        (Matcher("a", "=~", "(?i)OK"), "ok", True),
        (Matcher("le", "=", "1"), "1.0", True),  # Prometheus 3 writes bounds of histograms differently
        (Matcher("le", "=", "1"), "1.5", False),
        (Matcher("le", "=", "+Inf"), "+Inf", True),
    ],
)
def test_matchers_mean_what_they_mean_to_prometheus(matcher: Matcher, value: str | None, selected: bool) -> None:
    assert matcher.matches({} if value is None else {matcher.name: value}) is selected


def test_a_histogram_bound_is_asked_for_in_both_spellings() -> None:
    assert render(parse_selector('x_bucket{le="1"}'), range_s=120) == r'x_bucket{le=~"1|1\\.0"}[120s]'


def test_names_beyond_the_old_alphabet_are_quoted() -> None:
    assert render(Selector("http.requests", (Matcher("a", "=", "b"),))) == '{__name__="http.requests",a="b"}'
