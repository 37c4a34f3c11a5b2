"""Prometheus rules: promtool takes every one of them, and they fire in the same minutes as our own evaluation."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.manifest.writing import written
from slo.burnrate import INACTIVE, Memory, Reading, decide
from slo.rules import NotInPrometheus, Watched, group, rule_file
from slo.windows import OUTAGE, WORKBOOK, Period, burn_windows, parse_rules
from tests.effort import examples
from tests.make import NOW
from tests.slo.test_openslo import INDICATORS, NAMES, SHARES

PROMTOOL = which("promtool")
MINUTE = timedelta(minutes=1)


def watched(
    name: str = "web", target: str = "0.99", days: int = 30, rules: Sequence[Mapping[str, Any]] = WORKBOOK, **more: Any
) -> Watched:
    windows = burn_windows(parse_rules(rules), period=Period(days), target=Decimal(target))
    said = {"type": "events", "indicator": {"bad": "bad_total", "total": "all_total"}, **more}
    return Watched(name=name, title="", target=Decimal(target), windows=windows, **said)


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def rules_in(one: Watched) -> list[dict[str, Any]]:
    return list(group(one)["rules"])


def test_a_rule_has_both_windows_its_factor_and_its_least_counts() -> None:
    rule = {"name": "fast", "fraction": "0.02", "long": "1h", "short": "5m", "severity": "page", "min_events": 10}
    one = watched(rules=[rule], labels={"team": "group:default/build"}, annotations={"objective_url": "https://p/1"})
    *records, alert = rules_in(one)
    assert [record["record"] for record in records] == [
        "slo:bad:increase5m", "slo:total:increase5m", "slo:bad:increase1h", "slo:total:increase1h",
    ]  # fmt: skip
    assert alert["expr"].splitlines() == [
        'slo:bad:increase1h{objective="web"} > 0.144 * slo:total:increase1h{objective="web"}',
        "and",
        'slo:bad:increase1h{objective="web"} >= 1.5',
        "and",
        'slo:total:increase1h{objective="web"} >= 9.5',
        "and",
        'slo:bad:increase5m{objective="web"} > 0.144 * slo:total:increase5m{objective="web"}',
    ]
    assert alert["labels"] == {
        "objective": "web", "team": "group:default/build", "severity": "page", "rule": "fast",
    }  # fmt: skip
    assert "for" not in alert
    assert alert["annotations"]["objective_url"] == "https://p/1"


def test_a_factor_that_a_total_outage_could_not_reach_is_capped_as_ours_is() -> None:
    first = next(rule for rule in rules_in(watched(target="0.9")) if "alert" in rule)
    assert "> 0.9 * " in first["expr"]
    assert "lowered" in first["annotations"]["description"]


def test_windows_of_short_periods_are_scaled_as_ours_are() -> None:
    records = {rule["record"] for rule in rules_in(watched(days=7)) if "record" in rule}
    assert "slo:bad:increase24m" in records  # not twelve short ones of 2 minutes: 60 min · 7/30 is 14


def test_what_the_portal_counts_itself_is_named_and_left_out() -> None:
    response = watched("ack", type="response", indicator={"moment": "acknowledged", "within": "5m"})
    with pytest.raises(NotInPrometheus):
        group(response)
    assert "".join(rule_file([response])).startswith("groups:\n  # ack: ")


POLICIES = st.sampled_from([WORKBOOK, [OUTAGE], [*WORKBOOK, OUTAGE], [{**WORKBOOK[0], "min_events": 5, "min_bad": 0}]])


@st.composite
def objectives(draw: st.DrawFn) -> Watched:
    type_, indicator = draw(INDICATORS)
    rules, target = draw(POLICIES), draw(SHARES)
    period = Period(draw(st.sampled_from([1, 7, 28, 30, 90])))
    return Watched(
        name=draw(NAMES),
        title=draw(st.sampled_from(["", "Ein {{ Titel }}", "{{", 'it\'s: "100 %"'])),
        type=type_,
        indicator={**indicator, "query": indicator["query"] + " # why"} if type_ == "uptime" else indicator,
        target=target,
        windows=burn_windows(parse_rules(rules), period=period, target=target),
        slice_length=draw(st.sampled_from([MINUTE, 5 * MINUTE])),
        no_data=draw(st.sampled_from(["ignore", "bad", "good"])),
        group_by=draw(st.sampled_from([(), ("pipeline", "stage")])) if type_ in ("events", "latency") else (),
        labels=draw(st.sampled_from([{}, {"component": "component:default/web", "team": "{{ .Evil }}"}])),
        annotations=draw(st.sampled_from([{}, {"objective_url": "https://portal.example.org/slos/1"}])),
    )


@pytest.mark.live
@pytest.mark.skipif(PROMTOOL is None, reason="promtool comes with Prometheus")
@given(st.lists(objectives(), min_size=1, max_size=25, unique_by=lambda one: one.name))
@settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
def test_promtool_takes_every_export(tmp_path_factory: pytest.TempPathFactory, many: list[Watched]) -> None:
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    file.write_text("".join(rule_file(many)))
    promtool("check", "rules", file)


@pytest.mark.live
@pytest.mark.skipif(PROMTOOL is None, reason="promtool comes with Prometheus")
def test_a_file_without_rules_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("".join(rule_file([])))
    promtool("check", "rules", tmp_path / "rules.yaml")


# In the same minutes as our own evaluation


@dataclass(frozen=True)
class World:
    """What happened in each minute: (bad, all), and in which minutes the exporter began again from 0."""

    name: str
    minutes: tuple[tuple[int, int], ...]
    resets: frozenset[int] = frozenset()
    clears: bool = True
    """Whether ours clears in the same minute: not where there was no traffic, which Prometheus can't hold."""

    def series(self, column: int) -> str:
        """The counter as promtool writes it, one value a minute, beginning with 0."""
        value, values = 0, [0]
        for place, counts in enumerate(self.minutes):
            value = counts[column] if place in self.resets else value + counts[column]
            values.append(value)
        return " ".join(map(str, values))


def flat(*stretches: tuple[int, int, int]) -> tuple[tuple[int, int], ...]:
    return tuple(one for minutes, bad, total in stretches for one in [(bad, total)] * minutes)


WORLDS = [
    World("total outage", flat((120, 0, 100), (40, 100, 100), (200, 0, 100))),
    World("ten percent errors", flat((120, 0, 100), (240, 10, 100), (120, 0, 100))),
    World("slow burn at 7×", flat((60, 0, 100), (540, 7, 100))),
    World("steady half budget", flat((400, 1, 200))),
    World("idle gap", flat((100, 0, 100), (20, 100, 100), (120, 0, 0), (120, 0, 100)), clears=False),
    World("counter reset", flat((120, 0, 100), (60, 50, 100), (180, 0, 100)), frozenset({130, 150})),
    World("quiet service with one error", flat((90, 0, 0), (1, 1, 1), (90, 0, 0), (1, 0, 1), (60, 0, 0))),
    World(
        "quiet service with two errors", flat((90, 0, 0), (1, 1, 1), (2, 0, 0), (1, 1, 1), (200, 0, 0)), clears=False
    ),
]


def ours(one: Watched, world: World) -> dict[str, list[bool]]:
    """By rule: whether it fires after each minute, by exact counts."""
    bad, total = [0], [0]
    for wrong, all_ in world.minutes:
        bad.append(bad[-1] + wrong)
        total.append(total[-1] + all_)
    firing: dict[str, list[bool]] = {}
    for window in one.windows:
        memory: Memory = INACTIVE
        states: list[bool] = []
        for now in range(1, len(bad)):
            long, short = (_reading(bad, total, now, length) for length in (window.long, window.short))
            decision = decide(window, memory, long=long, short=short, bucket=NOW + now * MINUTE)
            memory = decision.memory
            states.append(memory.state == "firing")
        firing[window.rule.name] = states
    return firing


def _reading(bad: Sequence[int], total: Sequence[int], now: int, length: timedelta) -> Reading:
    minutes = length // MINUTE
    since = max(0, now - minutes)
    all_ = total[now] - total[since]
    return Reading(all_ - (bad[now] - bad[since]), all_, now - since, minutes)


def events(_world: World, one: Watched) -> Watched:
    return one


def latency(_world: World, one: Watched) -> Watched:
    return replace(one, type="latency", indicator={"histogram": "x", "threshold": "0.5"})


def promql(_world: World, one: Watched) -> Watched:
    indicator = {"bad": "sum(increase(bad_total[$window]))", "total": "sum(increase(all_total[$window]))"}
    return replace(one, type="promql", indicator=indicator)


def good_and_bad(_world: World, one: Watched) -> Watched:
    return replace(one, indicator={"good": "good_total", "bad": "bad_total"})


def inputs(world: World) -> list[dict[str, str]]:
    fine = replace(world, minutes=tuple((total - bad, total) for bad, total in world.minutes))
    return [
        {"series": "bad_total", "values": world.series(0)},
        {"series": "all_total", "values": world.series(1)},
        {"series": "good_total", "values": fine.series(0)},
        {"series": 'x_bucket{le="0.5"}', "values": fine.series(0)},
        {"series": 'x_bucket{le="+Inf"}', "values": world.series(1)},
    ]


def _expected(states: Sequence[bool], *, clears: bool) -> dict[int, bool]:
    """What to expect after which minute, but for those within one evaluation of a change; `clears` as World has it."""
    changes = [n for n in range(1, len(states)) if states[n] != states[n - 1]]
    until = len(states)
    if not clears:
        until = min([n + 3 for n, state in enumerate(states) if state][:1] or [until])
    return {
        n: states[n] for n in range(until) if not any(abs(n - change) <= 1 for change in changes)
    }  # fmt: skip


def unit_test(one: Watched, series: list[dict[str, str]], expected: Mapping[str, Mapping[int, bool]]) -> dict[str, Any]:
    return {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series,
                "promql_expr_test": [
                    {
                        "expr": f'count(ALERTS{{alertstate="firing",objective="{one.name}",rule="{rule}"}})',
                        "eval_time": f"{minute + 1}m",
                        "exp_samples": [{"labels": "{}", "value": 1}] if state else [],
                    }
                    for rule, states in expected.items()
                    for minute, state in states.items()
                ],
            }
        ],
    }


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.skipif(PROMTOOL is None, reason="promtool comes with Prometheus")
@pytest.mark.parametrize("kind", [events, latency, promql, good_and_bad])
@pytest.mark.parametrize("world", WORLDS, ids=lambda one: one.name)
def test_rules_fire_in_the_same_minutes_as_our_own_evaluation(
    tmp_path: Path, world: World, kind: Callable[[World, Watched], Watched]
) -> None:
    one = kind(world, watched(rules=[*WORKBOOK, OUTAGE]))
    expected = {rule: _expected(states, clears=world.clears) for rule, states in ours(one, world).items()}
    (tmp_path / "rules.yaml").write_text("".join(rule_file([one])))
    (tmp_path / "test.yaml").write_text(written(unit_test(one, inputs(world), expected)))
    promtool("test", "rules", tmp_path / "test.yaml")


def test_the_worlds_are_told_apart_by_our_own_evaluation() -> None:
    fires = {world.name: {rule for rule, states in ours(watched(), world).items() if any(states)} for world in WORLDS}
    assert {"page-fast", "page-slow", "ticket-fast", "ticket-slow"} <= fires["total outage"]
    assert "page-slow" in fires["slow burn at 7×"]
    assert "page-fast" not in fires["slow burn at 7×"]
    assert fires["steady half budget"] == fires["quiet service with one error"] == set()
    assert "page-fast" in fires["quiet service with two errors"]


SLICES = World("an hour and a half down", flat((200, 0, 1), (90, 1, 1), (200, 0, 1)))


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.skipif(PROMTOOL is None, reason="promtool comes with Prometheus")
def test_slices_fire_in_the_same_minutes_too(tmp_path: Path) -> None:
    one = watched(type="uptime", indicator={"query": "up", "condition": ">= 1", "combine": "all"})
    values = ["1", *("0" if bad else "1" for bad, _ in SLICES.minutes)]
    series = [
        {"series": 'up{instance="a"}', "values": " ".join(values)},
        {"series": 'up{instance="b"}', "values": "1+0x500"},
    ]
    expected = {rule: _expected(states, clears=True) for rule, states in ours(one, SLICES).items()}
    assert any(any(states.values()) for states in expected.values())
    (tmp_path / "rules.yaml").write_text("".join(rule_file([one])))
    (tmp_path / "test.yaml").write_text(written(unit_test(one, series, expected)))
    promtool("test", "rules", tmp_path / "test.yaml")
