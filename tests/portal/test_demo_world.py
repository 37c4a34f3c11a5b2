"""The demo's platform: what it counts, how it breaks, and that its past joins its present."""

import random
import subprocess
from pathlib import Path

import pytest

from portal.demo.exporters import EXPORTERS
from portal.demo.faults import SCENARIOS, Conditions, together
from portal.demo.history import STEP, live_through, write
from portal.demo.run import targets
from portal.demo.state import Platform, UnknownScenario, save
from portal.demo.traffic import among, arrivals, busy
from portal.demo.world import COUNTERS, World

MONDAY = 1795392000.0  # 2026-11-23 00:00 UTC
GOOD = Conditions()


class Clock:
    """A clock that is set by hand."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def let_pass(platform: Platform, clock: Clock, seconds: int) -> None:
    for _ in range(seconds):
        clock.at += 1
        platform.tick()


@pytest.fixture
def clock() -> Clock:
    return Clock(MONDAY)


@pytest.fixture
def platform(tmp_path: Path, clock: Clock) -> Platform:
    made = Platform(tmp_path / "platform.json", clock, rng=random.Random(1))
    let_pass(made, clock, 60)
    return made


def test_a_stall_makes_jobs_wait_within_a_minute_at_any_hour_of_the_week(tmp_path: Path) -> None:
    for hour in range(0, 168, 6):
        clock = Clock(MONDAY + hour * 3600)
        platform = Platform(tmp_path / f"{hour}.json", clock, rng=random.Random(hour))
        let_pass(platform, clock, 60)
        assert platform.world.waiting <= 12, f"hour {hour}: they wait while nothing is wrong"
        platform.break_("ci-runners-stall")
        let_pass(platform, clock, 75)
        assert platform.world.waiting > 12, f"hour {hour}: nobody would notice"


def test_what_was_healthy_stays_under_the_limit_for_a_day(platform: Platform, clock: Clock) -> None:
    deepest = 0
    for _ in range(86_400 // 5):
        clock.at += 5
        platform.world.advance(to=clock.at, conditions=GOOD, rng=platform.rng)
        deepest = max(deepest, platform.world.waiting)
    assert deepest <= 12


def test_nothing_starts_during_a_stall_and_the_queue_empties_after_it(platform: Platform, clock: Clock) -> None:
    platform.break_("ci-runners-stall")
    before = dict(platform.world.counters)
    let_pass(platform, clock, 300)
    started = [series for series in before if series.startswith("gha_started")]
    assert [platform.world.counters[series] - before[series] for series in started] == [0]
    platform.recover()
    let_pass(platform, clock, 60)
    assert platform.world.waiting <= 12


def test_syncs_fail_when_told_to(platform: Platform, clock: Clock) -> None:
    platform.break_("argo-sync-fail")
    before = dict(platform.world.counters)
    let_pass(platform, clock, 3600)
    ended = {
        phase: sum(
            count - before[series] for series, count in platform.world.counters.items() if f'phase="{phase}"' in series
        )
        for phase in ("Succeeded", "Failed", "Error")
    }
    assert ended["Failed"] > 4 * (ended["Succeeded"] + ended["Error"])


def test_vanished_metrics_are_not_answered_with_zeros(platform: Platform) -> None:
    platform.break_("metrics-vanish")
    assert platform.exposition("registry") is None
    assert platform.exposition("argocd")


def test_a_restart_neither_repairs_nor_lowers_a_counter(tmp_path: Path, platform: Platform, clock: Clock) -> None:
    platform.break_("ci-runners-stall")
    let_pass(platform, clock, 5)
    clock.at += 3600
    again = Platform(tmp_path / "platform.json", clock)
    assert again.broken == platform.broken
    assert again.world.counters == platform.world.counters
    again.tick()
    assert all(again.world.counters[series] >= count for series, count in platform.world.counters.items())
    assert again.events == platform.events


def test_an_unknown_scenario_is_refused_and_changes_nothing(platform: Platform) -> None:
    with pytest.raises(UnknownScenario):
        platform.break_("earthquake")
    assert not platform.broken


def test_several_things_can_be_wrong_at_once() -> None:
    both = together(SCENARIOS[name].conditions for name in ("ci-runners-stall", "metrics-vanish"))
    assert (both.runners, both.silent) == (0.0, frozenset({"registry"}))
    assert together([]) == GOOD


def test_every_exporter_says_each_family_once_and_every_series_once(platform: Platform) -> None:
    for name in (one for one, exporter in EXPORTERS.items() if not exporter.gone):
        lines = (platform.exposition(name) or "").splitlines()
        types = [line for line in lines if line.startswith("#")]
        series = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
        assert types
        assert len(types) == len(set(types))
        assert len(series) == len(set(series))


def test_counters_never_fall_in_the_past_and_go_on_in_the_present(tmp_path: Path) -> None:
    world, table = live_through(end=int(MONDAY), days=2)
    for series, column in table.items():
        if "_total{" in series or "_seconds_" in series:
            assert column == sorted(column), series
    save(tmp_path / "platform.json", world=world)
    clock = Clock(MONDAY + 20)
    platform = Platform(tmp_path / "platform.json", clock)
    platform.tick()
    last = {series: world.counters[series] for names in COUNTERS.values() for series in names}
    assert all(platform.world.counters[series] >= count for series, count in last.items())


def test_the_past_has_dips_that_an_objective_can_see() -> None:
    _, table = live_through(end=int(MONDAY), days=30)
    waiting_then = next(
        [a - r for a, r in zip(column, running, strict=True)]
        for series, column in table.items()
        for other, running in table.items()
        if series.startswith("gha_assigned_jobs") and other.startswith("gha_running_jobs")
    )
    bad = sum(depth > 12 for depth in waiting_then)
    assert 100 < bad < 432, "between a quarter and all of a 99 % objective's minutes"
    sealed = next(column for series, column in table.items() if series.startswith("vault_core_unsealed"))
    assert sealed.count(0) == 9


def test_draws_have_the_mean_they_are_asked_for() -> None:
    rng = random.Random(3)
    for mean in (0.02, 3.0, 400.0):
        assert sum(arrivals(rng, mean) for _ in range(20_000)) / 20_000 == pytest.approx(mean, rel=0.1)
    for count, share in ((10, 0.3), (1000, 0.002), (1000, 0.9)):
        assert sum(among(rng, count, share) for _ in range(5000)) / 5000 == pytest.approx(count * share, rel=0.1)
    assert all(0.7 <= busy(MONDAY + minute * 60) <= 1 for minute in range(7 * 1440))


def test_what_is_gone_ends_before_the_others_and_is_scraped_no_more(platform: Platform) -> None:
    _, table = live_through(end=int(MONDAY), days=2)
    whole, gone = (
        len(table[next(one for one in table if f'job="{job}"' in one)]) for job in ("vault", "carrier-gateway")
    )
    assert (whole, whole - gone) == (2 * 1440 + 1, int(1.1 * 1440))
    assert platform.exposition("carriers") is None
    assert "carrier-gateway" not in {one["labels"]["job"] for one in targets("127.0.0.1:1")}  # type: ignore[index]


@pytest.mark.parametrize(
    ("scenario", "metric", "least"),
    [
        ("control-plane-slow", "apiserver_request_duration_seconds", 0.7),
        ("registry-down", "registry_http_requests", 0.9),
    ],
)
def test_what_is_broken_fails_by_its_own_metric(
    platform: Platform, clock: Clock, scenario: str, metric: str, least: float
) -> None:
    platform.break_(scenario)
    before = dict(platform.world.counters)
    let_pass(platform, clock, 120)
    grown = {one: count - before[one] for one, count in platform.world.counters.items() if one.startswith(metric)}
    if "seconds" in metric:
        within, whole = (sum(n for one, n in grown.items() if part in one) for part in ('le="1"', 'le="+Inf"'))
        bad = (whole - within) / whole
    else:
        bad = sum(n for one, n in grown.items() if 'code="500"' in one) / sum(grown.values())
    assert bad > least


def test_a_state_of_before_a_tool_was_added_goes_on(platform: Platform) -> None:
    kept = platform.world.to_dict()
    kept["counters"] = {one: n for one, n in platform.world.counters.items() if not one.startswith("loki")}
    kept["sealed"] = False
    again = World.from_dict(kept)
    assert again.counters.keys() == platform.world.counters.keys()
    assert (again.waiting, again.down) == (platform.world.waiting, [])


@pytest.mark.live
def test_promtool_takes_the_history_and_every_block_is_sound(tmp_path: Path) -> None:
    storage = tmp_path / "prometheus" / "data"
    storage.parent.mkdir()
    world = write(storage=storage, promtool="promtool", now=MONDAY + 17, days=3)
    said = subprocess.run(["promtool", "tsdb", "list", storage], check=True, capture_output=True, text=True, timeout=60)
    blocks = said.stdout.splitlines()[1:]
    assert sum(int(line.split()[4]) for line in blocks) == sum(
        len(c) for c in live_through(end=int(MONDAY), days=3)[1].values()
    )
    assert world.at == MONDAY
    assert max(int(line.split()[2]) for line in blocks) <= (MONDAY + STEP) * 1000
