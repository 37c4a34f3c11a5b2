"""The fewest queries for a batch, and each objective its own series."""

import random
import re

import pytest

from slo.counting import Series
from slo.planning import (
    Expression,
    Item,
    RawRequest,
    VectorRequest,
    assign,
    assign_values,
    fetch_range,
    plan,
    plan_expressions,
    scrape_queries,
    split,
)
from slo.promql import parse_selector, validate_expression


def item(key: str, **sides: str) -> Item:
    return Item(key, {side: parse_selector(text) for side, text in sides.items()})


def pipeline(name: str) -> Item:
    return item(name, good=f'runs_total{{pipeline="{name}",result="ok"}}', total=f'runs_total{{pipeline="{name}"}}')


def series(metric: str, **labels: str) -> Series:
    return Series({"__name__": metric, **labels})


def queries(*items: Item) -> list[str]:
    return [request.query for request in plan(items)]


def test_ten_thousand_objectives_on_one_metric_become_a_handful_of_requests() -> None:
    requests = plan(pipeline(f"p{number}") for number in range(10_000))
    assert len(requests) == 5
    assert sum(len(request.items) for request in requests) == 10_000
    assert max(len(request.query) for request in requests) < 20_000


def test_good_and_total_share_one_request() -> None:
    assert queries(pipeline("build")) == ['runs_total{pipeline="build"}']


def test_values_are_united_sorted_and_escaped() -> None:
    assert queries(pipeline("b"), pipeline("a.b"), pipeline("a")) == [r'runs_total{pipeline=~"a|a\\.b|b"}']


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("runs_total", 'runs_total{a="1",b=~"x"}'),
        ('runs_total{a="1"}', 'runs_total{a="1",b!="2"}'),
        ('runs_total{a=~"1|2"}', 'runs_total{a="1"}'),
        ('runs_total{a!="3"}', 'runs_total{a="1",b="2"}'),
    ],
)
def test_a_selector_that_a_wider_one_covers_is_dropped(wide: str, narrow: str) -> None:
    (request,) = plan([item("narrow", good=narrow, total=narrow), item("wide", good=wide, total=wide)])
    assert request.query == wide
    assert {one.key for one in request.items} == {"wide", "narrow"}


def test_a_selector_is_not_dropped_for_one_that_only_overlaps() -> None:
    both = queries(item("a", bad='runs_total{a=~"1|2"}', total='runs_total{a=~"2|3"}'))
    assert both == ['runs_total{a=~"1|2"}', 'runs_total{a=~"2|3"}']


def test_sides_on_two_metrics_are_two_requests_that_both_name_the_item() -> None:
    requests = plan([item("x", bad="errors_total", total="requests_total")])
    assert [(request.metric, request.items[0].key) for request in requests] == [
        ("errors_total", "x"),
        ("requests_total", "x"),
    ]


def test_selectors_that_differ_in_two_labels_still_need_few_requests() -> None:
    items = [
        item(f"{n}", bad=f'e{{ns="n{n % 40}",app="a{n}"}}', total=f't{{ns="n{n % 40}",app="a{n}"}}') for n in range(900)
    ]
    assert len(plan(items)) == 2


def test_long_values_are_cut_into_requests_under_the_size_limit() -> None:
    items = [pipeline(f"{n:04d}" + "(x)" * 200) for n in range(800)]
    requests = plan(items)
    assert 1 < len(requests) < 20
    assert max(len(request.query) for request in requests) < 200_000


def test_every_objective_is_handed_exactly_the_series_its_matchers_select() -> None:
    chance = random.Random(7)
    labels = ["a", "b", "c"]
    world = [
        series(chance.choice(["x", "y"]), **{name: chance.choice("123") for name in labels if chance.random() < 0.8})
        for _ in range(200)
    ]
    texts = [
        'x{a="1"}',
        "x",
        'x{a="1",b=~"1|2"}',
        'y{c!="3"}',
        'y{a=""}',
        'x{b="2",c="2"}',
        'x{c!~"1|2",a=~".+"}',
        'z{a="1"}',
    ]
    items = [item(text, total=text, bad=text) for text in texts]
    found = assign(world, items)
    for text in texts:
        selector = parse_selector(text)
        by_scan = [at for at, one in enumerate(world) if selector.matches(one.labels)]
        assert found[text] == {"total": by_scan, "bad": by_scan}


def test_united_requests_select_every_series_of_their_items() -> None:
    items = [item(f"{n}", bad=f'x{{a="{n}",b!="1"}}', total=f'x{{a="{n}"}}') for n in range(20)]
    united = [parse_selector(request.query) for request in plan(items)]
    for n in range(20):
        assert any(selector.matches({"__name__": "x", "a": str(n), "b": "7"}) for selector in united)


def failing(request: RawRequest | VectorRequest, culprit: str) -> bool:
    return any(one.key == culprit for one in request.items)


@pytest.mark.parametrize("culprit", ["p0", "p511", "p999"])
def test_halving_leaves_the_culprit_alone_after_few_requests(culprit: str) -> None:
    served: set[str] = set()
    alone: list[str] = []
    waiting, asked = plan([pipeline(f"p{n}") for n in range(1000)]), 0
    while waiting:
        request, asked = waiting.pop(), asked + 1
        if not failing(request, culprit):
            served |= {one.key for one in request.items}
        elif halves := split(request):
            waiting += halves
        else:
            alone.append(request.items[0].key)
    assert alone == [culprit]
    assert len(served) == 999
    assert asked < 25


def test_expressions_are_united_and_their_values_told_apart() -> None:
    expressions = [
        Expression("a", "up == 1 # with a comment"),
        Expression("b", "sum(up)"),
        Expression("c", "absent(up)"),
    ]
    (request,) = plan_expressions(expressions)
    validate_expression(request.query)
    answer = [
        Series({"job": "x", "__portico": "0"}, [(60.0, "1")]),
        Series({"job": "y", "__portico": "0"}, [(60.0, "0.5")]),
        Series({"__portico": "1"}, [(60.0, "2"), (120.0, "3")]),
    ]
    assert assign_values(request, answer) == {"a": {60: [1.0, 0.5]}, "b": {60: [2.0], 120: [3.0]}, "c": {}}


def test_a_thousand_expressions_are_ten_requests() -> None:
    requests = plan_expressions(Expression(str(n), f'up{{job="{n}"}}') for n in range(1000))
    assert [len(request.items) for request in requests] == [100] * 10
    assert [one.key for half in split(requests[0]) for one in half.items] == [str(n) for n in range(100)]


def test_scrapes_are_asked_for_once_per_job() -> None:
    targets = [series("x", job="ci", instance=f"h{n}:1") for n in range(3)] + [series("x", job="ci"), series("x")]
    up, starts = scrape_queries(targets)
    assert up == ['up{instance=~"h0:1|h1:1|h2:1",job="ci"}']
    assert starts == ['process_start_time_seconds{instance=~"h0:1|h1:1|h2:1",job="ci"}']


@pytest.mark.parametrize(
    ("count", "interval", "seconds"),
    [(400, 15, 6 * 3600), (20_000, 15, 1500), (0, 15, 6 * 3600), (10**9, 15, 60), (7_000, 10, 2820)],
)
def test_a_fetch_asks_for_at_most_two_million_samples_in_whole_minutes(
    count: int, interval: float, seconds: int
) -> None:
    assert fetch_range(count, interval) == seconds


def test_values_are_only_listed_where_the_metric_has_them_fixed() -> None:
    (query,) = queries(item("x", bad='x{a="1",b=~"c.*"}', total='x{a="2",b=~"c.*"}'))
    assert re.fullmatch(r'x\{a=~"1\|2",b=~"c\.\*"\}', query)
