"""OpenSLO v1 as text: what is read, what is refused and where, and that what is written is read alike."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import manifest
from catalog.manifest.writing import written
from catalog.translating import steps_of
from slo import openslo
from slo.openslo import Faults, Measure, Meta, Promise, Sli, Slices, Slo
from tests.effort import examples

EXAMPLES = Path(__file__).parent / "openslo" / "platform.yaml"
READ: Mapping[str, Callable[[object, Faults], Any]] = {
    "SLO": openslo.read_slo,
    "SLI": openslo.read_sli,
    "AlertPolicy": openslo.read_policy,
    "AlertCondition": openslo.read_condition,
    "AlertNotificationTarget": openslo.read_target,
    "DataSource": openslo.read_source,
    "Service": openslo.read_service,
}
WRITE: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    "SLO": openslo.write_slo,
    "SLI": openslo.write_sli,
    "AlertPolicy": openslo.write_policy,
    "AlertCondition": openslo.write_condition,
    "DataSource": openslo.write_source,
}


def slo_text(*, spec: str = "", objectives: str = "[{target: 0.99}]", metadata: str = "", **changed: str) -> str:
    parts = {
        "apiVersion": "openslo/v1",
        "service": "web",
        "method": "Occurrences",
        "window": "[{duration: 30d, isRolling: true}]",
        "indicator": "indicator: {spec: {ratioMetric: {counter: true, good: {metricSource: {type: Prometheus, "
        "spec: {query: 'ok_total'}}}, total: {metricSource: {type: Prometheus, spec: {query: 'all_total'}}}}}}",
        **changed,
    }
    return (
        f"apiVersion: {parts['apiVersion']}\nkind: SLO\nmetadata:\n  name: web-slo\n{metadata}spec:\n"
        f"  service: {parts['service']}\n  {parts['indicator']}\n  timeWindow: {parts['window']}\n"
        f"  budgetingMethod: {parts['method']}\n  objectives: {objectives}\n{spec}"
    )


def read_text(text: str) -> tuple[Any, Faults, manifest.Document]:
    (document,) = manifest.read(text).documents
    faults = Faults()
    return READ[document.kind](document.value(), faults), faults, document


def read_fine(text: str) -> Any:
    found, faults, _ = read_text(text)
    assert not faults.errors
    return found


def indicator(metric: str) -> str:
    return f"indicator: {{spec: {metric}}}"


def ratio(good: str, total: str, *, counter: str = "true", side: str = "good") -> str:
    def one(query: str) -> str:
        return f"{{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}"

    return indicator(f"{{ratioMetric: {{counter: {counter}, {side}: {one(good)}, total: {one(total)}}}}}")


def test_every_example_is_read_and_written_alike() -> None:
    stream = manifest.read(EXAMPLES.read_text())
    assert len(stream.documents) == 14
    for document in stream.documents:
        faults = Faults()
        found = READ[document.kind](document.value(), faults)
        assert found is not None
        assert not faults.errors
        if document.kind in WRITE:
            again = READ[document.kind](dict(WRITE[document.kind](found)), faults)
            assert again == found, document.kind
            assert not faults.errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (slo_text(apiVersion="openslo/v1alpha"), ("apiVersion", "unknown_api_version", "openslo/v1alpha")),
        (slo_text(spec="  alertPolicy: []\n"), ("spec.alertPolicy", "unknown", "[]")),
        (slo_text(metadata="  displayname: x\n"), ("metadata.displayname", "unknown", "x")),
        (slo_text(metadata="  annotations: {portico/no-date: bad}\n"),
         ("metadata.annotations.portico/no-date", "unknown", "bad}")),
        (slo_text(objectives="[{target: 0.99, targetPercent: 99}]"),
         ("spec.objectives[0].targetPercent", "one_of", "99}]")),
        (slo_text(objectives="[{target: 99}]"), ("spec.objectives[0].target", "range", "99}]")),
        (slo_text(objectives="[{target: 1}]"), ("spec.objectives[0].target", "range", "1}]")),
        (slo_text(objectives="[{displayName: x}]"), ("spec.objectives[0].target", "required", "{displayName: x}")),
        (slo_text(objectives="[{target: 0.9, timeSliceWindow: 1m}]"),
         ("spec.objectives[0].timeSliceWindow", "only_slices", "1m}]")),
        (slo_text(objectives="[{target: 0.9, displayName: A}, {target: 0.8, displayName: a}]"),
         ("spec.objectives[1].displayName", "twice", "a}]")),
        (slo_text(window="[{duration: 1M, isRolling: true, calendar: {startTime: 2024-01-01 00:00, timeZone: UTC}}]"),
         ("spec.timeWindow[0].isRolling", "rolling_calendar", "true, calendar")),
        (slo_text(window="[{duration: 1m, isRolling: true}]"), ("spec.timeWindow[0].duration", "range", "1m, is")),
        (slo_text(window="[{duration: 1Y, isRolling: true}]"), ("spec.timeWindow[0].duration", "range", "1Y, is")),
        (slo_text(window="[{duration: 30x, isRolling: true}]"), ("spec.timeWindow[0].duration", "format", "30x")),
        (slo_text(window="[{duration: 30d}]"), ("spec.timeWindow[0].isRolling", "no_calendar", "{duration: 30d}")),
        (slo_text(window="[{duration: 1M, calendar: {startTime: noon, timeZone: UTC}}]"),
         ("spec.timeWindow[0].calendar.startTime", "format", "noon")),
        (slo_text(window="[{duration: 1M, calendar: {startTime: 2024-01-01 00:00:00, timeZone: Mars/Olympus}}]"),
         ("spec.timeWindow[0].calendar.timeZone", "unknown", "Mars")),
        (slo_text(method="RatioTimeslices"), ("spec.budgetingMethod", "not_counted", "RatioTime")),
        (slo_text(method="Occurences"), ("spec.budgetingMethod", "choice", "Occurences")),
        (slo_text(spec="  indicatorRef: x\n"), ("spec.indicatorRef", "one_of", "x\n")),
        (slo_text(spec="  alertPolicies: [{alertPolicyRef: a, kind: AlertPolicy}]\n"),
         ("spec.alertPolicies[0].alertPolicyRef", "one_of", "a, kind")),
        (slo_text(indicator=ratio("sum(a)/sum(b)", "b")),
         ("spec.indicator.spec.ratioMetric.good.metricSource.spec.query", "no_window", "'sum(a)/")),
        (slo_text(indicator="indicator: {spec: {thresholdMetric: {metricSource: {type: Datadog, spec: {query: x}}}}}"),
         ("spec.indicator.spec.thresholdMetric.metricSource.type", "unknown_type", "Datadog")),
        (slo_text(indicator="indicator: {spec: {}}"), ("spec.indicator.spec", "one_of", "{}}")),
    ],
)  # fmt: skip
def test_what_is_refused_has_its_path_line_and_column(text: str, said: tuple[str, str, str]) -> None:
    _, faults, document = read_text(text)
    path, code, token = said
    (found,) = faults.errors
    assert (found.field, found.code) == (path, code), found
    line, column = document.at(*steps_of(path))
    assert text.splitlines(keepends=True)[line - 1][column - 1 :].startswith(token), (line, column)


def test_a_slip_is_met_with_what_was_meant() -> None:
    _, faults, _ = read_text(slo_text(spec="  alertPolicys: []\n"))
    assert "Did you mean alertPolicies?" in faults.errors[0].message
    _, faults, _ = read_text(slo_text(method="Occurences"))
    assert "Did you mean Occurrences?" in faults.errors[0].message


@pytest.mark.parametrize(
    ("given_", "type_", "wanted"),
    [
        (ratio("a_total", "b_total"), "events", {"good": "a_total", "total": "b_total"}),
        (ratio("sum(a_total)", "sum( b_total )", side="bad"), "events", {"bad": "a_total", "total": "b_total"}),
        (ratio("a_total", "sum(a_total) + sum(b_total)"), "events", {"good": "a_total", "bad": "b_total"}),
        (ratio('x_bucket{le="0.5"}', "x_count"), "latency", {"histogram": "x", "threshold": "0.5"}),
        (ratio('x_bucket{a="b",le="1"}', 'x_bucket{le="+Inf",a="b"}'), "latency",
         {"histogram": 'x{a="b"}', "threshold": "1"}),
        (ratio('x_bucket{a="b",le="1"}', "x_count"), "events", {"good": 'x_bucket{a="b",le="1"}', "total": "x_count"}),
        (ratio("sum(rate(a[{{.window}}]))", "sum(rate(b[$window]))", counter="false"), "promql",
         {"good": "sum(rate(a[$window]))", "total": "sum(rate(b[$window]))"}),
        (indicator("{ratioMetric: {rawType: success, raw: {metricSource: {metricSourceRef: p, spec: {query: r:r}}}}}"),
         "promql", {"ratio": "avg_over_time(r:r[$window])"}),
        (indicator("{ratioMetric: {rawType: failure, raw: {metricSource: {type: Prometheus, "
                   "spec: {query: 'sum(a[$window])'}}}}}"), "promql", {"ratio": "1 - (sum(a[$window]))"}),
        (indicator("{ratioMetric: {rawType: success, raw: {metricSource: {type: Portico, "
                   "spec: {moment: acknowledged, within: 5m, severity: P1}}}}}"),
         "response", {"moment": "acknowledged", "within": "5m", "severity": "P1"}),
    ],
)  # fmt: skip
def test_a_ratio_is_the_indicator_that_counts_it_best(given_: str, type_: str, wanted: dict[str, str]) -> None:
    slo = read_fine(slo_text(indicator=given_))
    assert (slo.sli.measure.type, slo.sli.measure.indicator) == (type_, wanted)


def test_a_threshold_is_an_uptime_whose_condition_its_objective_says() -> None:
    metric = indicator("{thresholdMetric: {metricSource: {type: Prometheus, spec: {query: 'up'}}}}")
    slo = read_fine(slo_text(indicator=metric, objectives="[{op: lte, value: 0.5, target: 0.9}]"))
    faults = Faults()
    assert openslo.counted(slo, slo.sli.measure, faults) == ("uptime", {"query": "up", "condition": "<= 0.5"})
    assert not faults.errors
    bare = read_fine(slo_text(indicator=metric))
    openslo.counted(bare, bare.sli.measure, faults)
    assert [one.field for one in faults.errors] == ["spec.objectives[0]"]


@pytest.mark.parametrize(
    ("side", "query"),
    [
        ("good", "(sum(increase(a[300s])) or sum(increase(b[300s])) * 0) / sum(increase(b[300s]))"),
        ("bad", "1 - (sum(increase(a[300s])) or sum(increase(b[300s])) * 0) / sum(increase(b[300s]))"),
    ],
)
def test_a_ratio_in_slices_is_asked_for_slice_by_slice(side: str, query: str) -> None:
    objectives = "[{op: gt, target: 0.9, timeSliceTarget: 0.95, timeSliceWindow: 5}]"
    slo = read_fine(slo_text(indicator=ratio("a", "b", side=side), method="Timeslices", objectives=objectives))
    found = openslo.counted(slo, slo.sli.measure, Faults())
    assert found == ("uptime", {"query": query, "condition": "> 0.95"})


def test_minutes_and_months_are_told_apart() -> None:
    calendar = "[{duration: 1M, calendar: {startTime: 2024-02-01 00:00:00, timeZone: Europe/Berlin}}]"
    promise = read_fine(slo_text(window=calendar)).promises[0]
    assert (promise.window, promise.time_zone) == ("month", "Europe/Berlin")
    assert read_fine(slo_text(window="[{duration: 1M, isRolling: true}]")).promises[0].window == "30d"
    _, faults, _ = read_text(slo_text(window="[{duration: 1m, isRolling: true}]"))
    assert "m is minutes, M is months" in faults.errors[0].message


def test_several_objectives_have_names_of_their_own() -> None:
    slo = read_fine(slo_text(objectives="[{displayName: Our SLA, target: 0.99}, {targetPercent: 99.95}]"))
    assert [(one.name, one.target) for one in slo.promises] == [
        ("web-slo-our-sla", Decimal("0.99")), ("web-slo-99.95", Decimal("0.9995")),
    ]  # fmt: skip
    assert [one.name for one in read_fine(slo_text()).promises] == ["web-slo"]


def condition(op: str = "gt", severity: str = "page", **more: str) -> str:
    said = ", ".join(f"{key}: {value}" for key, value in {"threshold": "2", "lookbackWindow": "1h", **more}.items())
    return (
        "apiVersion: openslo/v1\nkind: AlertCondition\nmetadata: {name: fast}\n"
        f"spec:\n  severity: {severity}\n  condition: {{kind: burnrate, op: {op}, {said}}}\n"
    )


def test_a_condition_of_one_window_is_a_rule_with_that_window_twice() -> None:
    found = read_fine(condition())
    assert found.rule == {"name": "fast", "factor": "2", "long": "1h", "short": "1h", "severity": "page"}


def test_what_is_not_honoured_is_said() -> None:
    found, faults, _ = read_text(condition("gte", "sev2", alertAfter="5m"))
    assert found.rule["severity"] == "ticket"
    assert {one.field for one in faults.warnings} == {
        "spec.condition.op", "spec.condition.alertAfter", "spec.severity",
    }  # fmt: skip
    _, faults, _ = read_text(condition("lte"))
    assert [one.code for one in faults.errors] == ["never_bad"]
    _, faults, _ = read_text(
        "apiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: a}\nspec: {target: email}\n"
    )
    assert [one.code for one in faults.warnings] == ["not_honoured"]


def test_a_secret_has_no_place_in_a_document() -> None:
    _, faults, _ = read_text(
        "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: p}\n"
        "spec: {type: Prometheus, connectionDetails: {url: http://p.example.org, token: x}}\n"
    )
    assert [(one.field, one.code) for one in faults.errors] == [("spec.connectionDetails.token", "secret")]


def test_an_annotation_that_says_something_else_than_the_metric_is_refused() -> None:
    metric = (
        'indicator: {metadata: {annotations: {portico/indicator: \'{"type": "events", "good": "x", '
        '"total": "b_total"}\'}}, ' + ratio("a_total", "b_total").removeprefix("indicator: {")
    )
    _, faults, _ = read_text(slo_text(indicator=metric))
    assert [one.code for one in faults.errors] == ["disagrees"]


# Whatever can be held is written so that it is read alike

LABEL_VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
NAMES = st.from_regex(r"[a-z]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True)
SHARES = st.integers(1, 10**10 - 1).map(lambda n: Decimal(n).scaleb(-10).normalize())


def _selector(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}_total{{result="{quoted}"}}'


SELECTORS = st.builds(_selector, st.sampled_from("abc"), LABEL_VALUES)
INCREASES = SELECTORS.map(lambda one: f"sum(increase({one}[$window]))")


def _two(texts: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    sides = st.sampled_from([("good", "total"), ("bad", "total"), ("good", "bad")])
    return st.tuples(sides, texts, texts).map(lambda one: dict(zip(one[0], one[1:], strict=True)))


HISTOGRAMS = st.sampled_from(["x_seconds", 'x_seconds{b="1", a="2"}', 'x_seconds{a="2",b="1"}'])
CONDITIONS = st.sampled_from([">= 1", ">=1", "== 0", "!= 3", "< 0.5", "<= 0.50", "> 1e-7", "> -3"])
EVENTS = st.tuples(st.just("events"), _two(SELECTORS))
BUCKETS = st.just(("events", {"good": 'x_bucket{le="0.5"}', "total": "x_count"}))
LATENCY = st.builds(
    lambda h, t: ("latency", {"histogram": h, "threshold": t}),
    HISTOGRAMS,
    st.sampled_from(["0.5", "0.50", "1", "2.5", "1e-3"]),
)
UPTIME = st.builds(
    lambda c, more: ("uptime", {"query": "sum(up) by (x)", "condition": c, **more}),
    CONDITIONS,
    st.sampled_from([{}, {"combine": "all"}, {"combine": "any"}]),
)
PROMQL = st.tuples(st.just("promql"), _two(INCREASES) | st.just({"ratio": "1 - (avg_over_time(r[$window]))"}))
RESPONSE = st.just(("response", {"moment": "restored", "within": "1h", "severity": "P1, P2", "of": "team"}))
INDICATORS = EVENTS | BUCKETS | LATENCY | UPTIME | PROMQL | RESPONSE


@st.composite
def promises(draw: st.DrawFn, name: str) -> tuple[Promise, ...]:
    count = draw(st.integers(1, 3))
    names = draw(st.lists(NAMES, min_size=count, max_size=count, unique=True)) if draw(st.booleans()) else None
    return tuple(
        Promise(
            name=names[place] if names else f"{name[:50]}-{place}" if count > 1 else name,
            title=draw(st.sampled_from(["", "A title", "Ein: Titel"])),
            target=draw(SHARES),
            window=draw(st.sampled_from(["1d", "30d", "90d", "week", "month", "quarter", "year"])),
            time_zone=draw(st.sampled_from(["UTC", "Asia/Kolkata"])),
            policy=draw(st.sampled_from(["", "other"])),
            budget_policy=draw(st.sampled_from(["", "strict"])),
            display=draw(st.sampled_from(["", "SLA"])),
        )
        for place in range(count)
    )


@st.composite
def slos(draw: st.DrawFn) -> Slo:
    name = draw(NAMES)
    type_, one = draw(INDICATORS)
    sliced = type_ == "uptime" and draw(st.booleans())
    source = "" if type_ == "response" else draw(st.sampled_from(["prometheus", "other"]))
    slo = Slo(
        meta=Meta(name, draw(st.sampled_from(["", "Title: 1"])), draw(st.sampled_from([{}, {"a": "b", "c": ""}]))),
        component=draw(st.sampled_from(["component:default/web", "resource:infra/db", "component:other/web"])),
        promises=draw(promises(name)),
        sli=Sli(Meta(draw(st.sampled_from(["", "own-name"]))), "", Measure(type_, one, source)),
        description=draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
        slices=Slices(Decimal(1), "gte") if sliced else None,
        budgeting="timeslices" if sliced else "occurrences",
        slice_length=draw(st.sampled_from(["1m", "5m", "1h"])),
        no_data=draw(st.sampled_from(["ignore", "bad", "good"])),
        blind_after=draw(st.sampled_from(["10m", "1h30m"])),
        group_by=draw(st.sampled_from([(), ("pipeline", "stage")])),
        max_series=draw(st.sampled_from([None, 7])),
        preset=draw(st.sampled_from(["", "tekton"])),
        alerts=draw(st.sampled_from([("workbook",), ("other",), ("a", "b")])),
    )
    return openslo.apart(slo)


@given(slos())
@settings(max_examples=examples(300), deadline=None)
def test_whatever_can_be_held_is_read_as_it_was_written(slo: Slo) -> None:
    text = written(openslo.write_slo(slo))
    found, faults, _ = read_text(text)
    assert not faults.errors
    said = slo.slices and replace(slo.slices, op=found.slices.op)  # of a threshold, the objective's own op
    assert found == replace(slo, slices=said), text


RULES = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["page-fast", "Page, fast"]),
        "long": st.sampled_from(["1h", "60m", "1h30m", "3d"]),
        "short": st.sampled_from(["1h", "5m"]),
        "severity": st.sampled_from(["page", "ticket"]),
    },
    optional={"title": st.just("Fast"), "min_bad": st.integers(0, 5), "min_events": st.integers(0, 5)},
)
HOWEVER = st.sampled_from(
    [{"fraction": "0.02"}, {"factor": "14.4"}, {"factor": 3}, {"factor": "2.0"}, {"ratio": "0.9"}]
)


@given(
    st.lists(st.builds(lambda a, b: {**a, **b}, RULES, HOWEVER), min_size=1, max_size=3, unique_by=lambda r: r["name"])
)
@settings(max_examples=examples(200), deadline=None)
def test_whatever_rules_there_are_are_read_as_they_were_written(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        named = openslo.Condition(Meta("own-name", ""), "", {**rule, "name": "own-name"})
        again = read_fine(written(openslo.write_condition(named)))
        assert again.rule == named.rule
    policy = openslo.Policy(Meta("workbook", "W"), "", rules=tuple(rules))
    found = read_fine(written(openslo.write_policy(policy)))
    assert [dict(rule) for rule in found.rules or [one.rule for one in found.items]] == rules
