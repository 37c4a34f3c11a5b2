"""Another goal or period: what is left is told by it at once, and says what the next evaluation says."""

from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from slo.models import AlertTransition, Definition, Objective, Standing
from tests import make, make_slo
from tests.make import NOW
from tests.slo.test_exclusions import counted as excluded
from tests.slo.test_exclusions import read, stand

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> APIClient:
    client = APIClient()
    client.force_login(make.account_of(make.person("root", admin=True)))
    return client


def counted() -> tuple[Objective, Any]:
    """An objective with a ledger of days, and its source."""
    objective, book = excluded()
    Definition.objects.filter(pk=objective.definition_id).update(source=make_slo.source(is_default=True))
    return read(objective), book


def change(client: APIClient, objective: Objective, commits: DjangoCaptureOnCommitCallbacks, **said: object) -> None:
    with commits(execute=True):
        answer = client.patch(f"/api/v1/slos/{objective.name}", said, format="json")
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("target", [0.98, 0.995])
def test_another_goal_has_its_budget_at_once(
    admin: APIClient, target: float, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    objective, book = counted()
    before = read(objective).standing
    assert before.remaining is not None
    spent = (1 - before.remaining) * float(1 - objective.target)
    change(admin, objective, django_capture_on_commit_callbacks, target=target)
    after = read(objective).standing
    assert after.remaining == pytest.approx(1 - spent / (1 - target))
    assert (after.good, after.total, after.bucket) == (before.good, before.total, before.bucket)
    stand(book, NOW)
    assert read(objective).standing.remaining == pytest.approx(after.remaining), "the next evaluation says the same"


def test_a_goal_that_was_missed_by_then_is_told_as_any_other_crossing(
    admin: APIClient, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    objective, _ = counted()
    change(admin, objective, django_capture_on_commit_callbacks, target=0.9999)
    stood = read(objective).standing
    assert (stood.state, stood.budget) == (Standing.State.EXHAUSTED, "exhausted")
    told = AlertTransition.objects.get(kind=AlertTransition.Kind.BUDGET, to_state="exhausted")
    assert told.reason.startswith("The promise is another one: ")


def test_a_shorter_period_is_told_at_once(
    admin: APIClient, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    objective, book = counted()
    change(admin, objective, django_capture_on_commit_callbacks, window="1d")
    after = read(objective).standing
    stand(book, NOW)
    assert read(objective).standing.remaining == after.remaining
    assert read(objective).standing.total == after.total


def test_where_the_ledger_is_another_one_nothing_is_told_before_it_is_read(
    admin: APIClient, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    objective, _ = counted()
    before = Standing.objects.filter(pk=objective.pk).values("remaining", "total").get()
    indicator = {**objective.definition.indicator, "total": "another_total"}
    change(admin, objective, django_capture_on_commit_callbacks, indicator=indicator)
    assert Standing.objects.filter(pk=objective.pk).values("remaining", "total").get() == before
