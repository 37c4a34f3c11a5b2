"""Rule 2: how late samples arrive is measured, and buckets wait for them."""

from datetime import timedelta

import pytest

from slo.evaluation import evaluate_due
from slo.ledger import Sums
from slo.models import DataSource
from slo.sources import measure_lag
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import MINUTES, Past
from tests.slo.test_evaluation import follow, held

SECOND = timedelta(seconds=1)


def test_a_source_that_is_late_makes_its_buckets_wait() -> None:
    source = DataSource(delay=timedelta(seconds=30))
    assert source.effective_delay == timedelta(seconds=30), "not measured yet"
    source.lag = timedelta(seconds=10)
    assert source.effective_delay == timedelta(seconds=30), "earlier than it waits anyway"
    source.lag = timedelta(seconds=90)
    assert source.effective_delay == timedelta(seconds=105)
    source.lag = timedelta(hours=5)
    assert source.effective_delay == timedelta(minutes=10), "that is a source that is broken"


@pytest.mark.django_db
@pytest.mark.live
@needs_prometheus
@pytest.mark.parametrize(("late", "least", "most"), [(0, 0, 0), (10, 0, 10), (45, 25, 45), (200, 170, 200)])
def test_the_lag_is_how_long_the_next_sample_is_overdue(past: Past, late: int, least: int, most: int) -> None:
    source = make_slo.source(past.url)
    newest = past.at(MINUTES) - 10 * SECOND  # the last sample of every target
    found = measure_lag(source, now=newest + late * SECOND)
    assert found is not None
    assert least <= found.total_seconds() <= most
    assert measure_lag(source, now=newest + 3 * timedelta(minutes=1)) == found, "once an hour is enough"


@pytest.mark.django_db
def test_a_source_that_does_not_answer_is_as_late_as_it_was() -> None:
    source = make_slo.source(lag=timedelta(seconds=40))
    assert measure_lag(source, now=make.NOW) == timedelta(seconds=40)


@pytest.mark.django_db
@pytest.mark.live
@needs_prometheus
def test_no_bucket_closes_before_its_samples_have_arrived(past: Past) -> None:
    source = make_slo.source(past.url, lag=timedelta(seconds=75))
    objective = follow(past, "steady", source=source)
    assert evaluate_due(now=past.at(101) + 60 * SECOND) is not None
    assert held(objective, past.at(101)) == Sums(0, 0, 0, 0, 0), "it waits for 90 s"
    while evaluate_due(now=past.at(101) + 90 * SECOND):
        pass
    assert held(objective, past.at(101)) == past.sums("steady", 100, 101)
