"""Every kind of indicator, evaluated against a real Prometheus that remembers the past."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from catalog.access import Actor
from portal.lib.errors import Invalid
from slo import sources
from slo.evaluation import evaluate_due, fill_due
from slo.models import Ledger, Standing
from slo.operations import ObjectiveDraft, save_objective
from slo.queries.fleet import row
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import OUTAGE, Past
from tests.slo.test_evaluation import DELAY, book_of, evaluate, follow, held, minute_of, standing, told

pytestmark = [pytest.mark.django_db, pytest.mark.live, needs_prometheus]


@pytest.mark.parametrize(("threshold", "good"), [("0.5", 7), ("1", 9)])
def test_latency_is_counted_by_the_threshold_s_bucket_however_it_is_spelled(
    past: Past, threshold: str, good: int
) -> None:
    indicator = {"histogram": 'job_seconds{pool="steady"}', "threshold": threshold}
    objective = follow(past, "steady", indicator=indicator, type="latency", target="0.8")
    evaluate(past, since=101, until=110)
    assert held(objective, past.at(110)) == (good * 10, 100, 0, 0, 10)


def test_all_thresholds_of_a_histogram_are_one_request(past: Past) -> None:
    source = make_slo.source(past.url)
    for threshold in ("0.5", "1", "1.0"):
        follow(
            past, "steady", source=source, type="latency",
            indicator={"histogram": "job_seconds", "threshold": threshold},
        )  # fmt: skip
    evaluate(past, since=101, until=102)
    done = evaluate_due(now=past.at(103) + DELAY)
    assert done is not None
    assert (done.ledgers, done.queries) == (3, 3), "one for the histogram, one for up, one for process starts"


def test_promql_counts_what_increase_says_and_says_that_it_is_approximate(past: Past) -> None:
    bad = 'sum(increase(jobs_total{pool="broken",result="bad"}[$window]))'
    total = 'sum(increase(jobs_total{pool="broken"}[$window]))'
    objective = follow(past, "broken", type="promql", indicator={"bad": bad, "total": total})
    Ledger.objects.filter(pk=book_of(objective)).update(approximate=True)
    evaluate(past, since=101, until=150)
    sums = held(objective, past.at(150))
    # increase() stretches what it saw in 105 s to the 120 s asked for: of 500 and 200 events it makes a seventh more
    assert float(sums.total) == pytest.approx(500 * 120 / 105, rel=0.01)
    assert float(sums.total - sums.good) == pytest.approx(200 * 120 / 105, rel=0.01)
    assert [state for _, state, _ in told(objective)] == ["firing", "inactive"]
    objective.refresh_from_db()
    assert row(objective).approximate


def test_a_ratio_is_the_good_part_of_each_minute(past: Past) -> None:
    query = 'sum(rate(jobs_total{pool="broken",result="ok"}[$window])) / sum(rate(jobs_total{pool="broken"}[$window]))'
    objective = follow(past, "broken", type="promql", indicator={"ratio": query})
    evaluate(past, since=101, until=OUTAGE.stop + 10)
    sums = held(objective, past.at(OUTAGE.stop + 10))
    assert sums.total == OUTAGE.stop + 10 - 100
    assert float(sums.total - sums.good) == pytest.approx(len(OUTAGE), abs=1)


def test_a_promql_indicator_without_series_is_no_data(past: Past) -> None:
    indicator = {"bad": "sum(increase(nothing[$window]))", "total": "sum(increase(nothing_at_all[$window]))"}
    objective = follow(past, "steady", type="promql", indicator=indicator)
    evaluate(past, since=101, until=105)
    assert (standing(objective).data, standing(objective).total) == (Standing.Data.ABSENT, None)


def test_slices_may_be_longer_than_a_minute(past: Past) -> None:
    indicator = {"query": 'probe_up{instance="broken:9100"}', "condition": ">= 1"}
    objective = follow(
        past, "broken", since=120, type="uptime", indicator=indicator, target="0.9",
        definition={"budgeting": "timeslices", "slice_length": timedelta(minutes=5)},
    )  # fmt: skip
    evaluate(past, since=121, until=150)
    # slices end at 125, 130, … 150; the outage covers those at 125, 130, 135 and, to its last sample, 140
    assert held(objective, past.at(150)) == (2, 6, 0, 0, 6)
    stood = standing(objective)
    assert stood.remaining == pytest.approx(1 - 4 / (0.1 * 30 * 24 * 12))
    assert stood.coverage == pytest.approx(6 * 5 / 43_200), "a slice makes known as many minutes as it has"


def _answers(indicator: Mapping[str, Any], component_id: int, since: datetime, until: datetime) -> dict[int, Any]:
    """One incident each ten minutes, of which each third comes too late."""
    assert component_id
    if indicator["within"] == "13m":
        raise RuntimeError("unlucky")
    ends = range(int(since.timestamp()) + 60, int(until.timestamp()) + 1, 60)
    return {end: (int(end // 600 % 3 != 0), 1) for end in ends if end % 600 == 0}


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal can answer `response` indicators."""
    monkeypatch.setitem(sources.registry, "response", _answers)


@pytest.mark.usefixtures("answered")
def test_the_portal_answers_its_own_indicators_without_a_data_source(past: Past) -> None:
    made = make_slo.objective(type="response", indicator={"moment": "acknowledged", "within": "5m"}, now=past.at(0))
    make_slo.open_ledger(made, start=past.at(0), now=past.at(0), live=False)
    while fill_due(now=past.at(120) + DELAY):
        pass
    assert held(made, past.at(120)) == (8, 12, 0, 0, 120)
    evaluate(past, since=121, until=130)
    assert held(made, past.at(130))[:2] == (9, 13)
    stood = standing(made)
    assert (stood.data, stood.bucket, stood.good) == (Standing.Data.FLOWING, past.at(130), Decimal(9))


@pytest.mark.usefixtures("answered")
def test_an_own_indicator_that_fails_fails_alone(past: Past) -> None:
    good, bad = (
        make_slo.objective(type="response", indicator={"moment": "restored", "within": within}, now=past.at(100))
        for within in ("5m", "13m")
    )
    for one in (good, bad):
        make_slo.open_ledger(one, start=past.at(100), now=past.at(100))
    evaluate(past, since=101, until=110)
    assert held(good, past.at(110))[1] == 1
    assert standing(bad).error.endswith("unlucky")
    assert minute_of(past, 110) == int(standing(good).bucket.timestamp()) // 60  # type: ignore[union-attr]


def test_a_threshold_must_be_a_bucket_and_the_refusal_lists_those_there_are(past: Past) -> None:
    component = make.component("ci")
    make_slo.source(past.url, name="past", is_default=True)
    make_slo.policy()
    draft = ObjectiveDraft(
        name="fast", component=component.ref, type="latency", target=Decimal("0.9"),
        indicator={"histogram": 'job_seconds{pool="steady"}', "threshold": "0.7"},
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        save_objective(draft=draft, actor=Actor(system="test"), now=past.at(200))
    (error,) = refused.value.errors
    assert error.field == "indicator.threshold"
    assert error.message == "0.7 is none of the buckets of job_seconds_bucket; use one of 0.5, 1"
    fits = replace(draft, indicator={**draft.indicator, "threshold": "1.0"})
    assert save_objective(draft=fits, actor=Actor(system="test"), now=past.at(200)).warnings == ()
