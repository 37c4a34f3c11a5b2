"""What was spent outside all incidents, at once and bit by bit."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from slo.models import Objective
from slo.queries.history import HistoryPoint
from slo.queries.outside import MOST, Outside, outside
from tests import make, make_slo

pytestmark = pytest.mark.django_db
STEP = timedelta(hours=3)
EVENTS = 1000
"""In a step; of a hundred steps one in a hundred events may be bad, which is 1,000."""
ALLOWED = 1000.0
RULE = {"name": "page", "factor": "14.4", "long": "1h", "short": "5m", "severity": "page"}


def told(objective: Objective, bad: dict[int, int], incidents: tuple[tuple[int, int], ...] = ()) -> Outside:
    """Of a hundred steps with five bad events each, and `bad` in some of them."""
    points, good, total = [HistoryPoint(make.NOW, 1.0, 0, 0)], 0, 0
    for step in range(100):
        good, total = good + EVENTS - bad.get(step, 5), total + EVENTS
        points.append(HistoryPoint(make.NOW + (step + 1) * STEP, 1.0, good, total))
    stretches = [(make.NOW + start * STEP, make.NOW + end * STEP) for start, end in incidents]
    return outside(objective, points, stretches, bad=float(total - good), allowed=ALLOWED)


@pytest.fixture
def objective() -> Objective:
    return make_slo.objective(policy=make_slo.policy(), target="0.99", now=make.NOW - timedelta(days=1))


def test_what_goes_at_once_is_a_burst_and_the_rest_goes_bit_by_bit(objective: Objective) -> None:
    found = told(objective, {10: 100, 11: 200, 50: 20})
    (burst,) = found.bursts
    assert (burst.start, burst.end) == (make.NOW + 10 * STEP, make.NOW + 12 * STEP)
    assert (burst.bad, burst.share) == (300, 0.3)
    assert found.rest == 97 * 5 + 20
    assert found.rest_share == pytest.approx(0.505)
    assert burst.why == "No alert rule fired: it was too short or too slow for each of them."


def test_what_an_incident_explains_is_no_burst(objective: Objective) -> None:
    assert told(objective, {10: 300}, ((10, 11),)).bursts == ()
    assert len(told(objective, {10: 300}, ((11, 12), (9, 10))).bursts) == 1, "they only touch"


def test_only_the_dearest_are_told_in_their_order(objective: Objective) -> None:
    found = told(objective, {10: 100, 20: 400, 30: 90, 40: 300, 50: 200})
    assert [one.bad for one in found.bursts] == [400, 300, 200]
    assert len(found.bursts) == MOST


def test_it_says_why_nobody_was_told(objective: Objective) -> None:
    objective.created_at = make.NOW + 50 * STEP
    before, after = told(objective, {10: 300, 60: 300}).bursts
    assert before.why.startswith("Nobody watched it yet")
    assert after.why.startswith("No alert rule fired")
    rare = make_slo.objective(policy=make_slo.policy("rare", {**RULE, "min_bad": 1000}), target="0.99", now=make.NOW)
    assert told(rare, {10: 300}).bursts[0].why == "Too few events: a rule needs at least 1000 bad ones."


def test_it_asks_nothing_and_knows_of_an_empty_period(
    objective: Objective, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert outside(objective, [], [], bad=0.0, allowed=None) == Outside((), 0.0, None)
        told(objective, {10: 300})
