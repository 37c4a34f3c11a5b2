"""Rule 9: what came from partial answers is provisional, alarms nobody, and is counted again as one stretch."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from slo import evaluation, recording
from slo.ledger import buckets
from slo.models import CursorGroup, LedgerMinute, RuleState, Standing
from tests import make_slo
from tests.fakes.partial_proxy import PartialProxy, partial_proxy
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import OUTAGE, Past
from tests.slo.test_evaluation import book_of, evaluate, follow, held, standing, told

pytestmark = [pytest.mark.django_db, pytest.mark.live, needs_prometheus]


@pytest.fixture
def proxy(past: Past) -> Iterator[PartialProxy]:
    with partial_proxy(past.url) as running:
        yield running


def test_a_partial_bucket_that_is_fetched_again_counts_once(past: Past, proxy: PartialProxy) -> None:
    objective = follow(past, "gone", source=make_slo.source(proxy.url))
    evaluate(past, since=101, until=105)
    proxy.without = "bad"
    evaluate(past, since=106, until=112)
    assert held(objective, past.at(112)).total < past.sums("gone", 100, 112).total, "the bad one is missing"
    group = CursorGroup.objects.get()
    assert (group.provisional_from, group.cursor) == (past.at(105), past.at(112))
    marked = LedgerMinute.objects.filter(ledger=book_of(objective), provisional=True)
    assert marked.count() == 7
    proxy.without = ""
    evaluate(past, since=113, until=114)
    assert held(objective, past.at(114)) == past.sums("gone", 100, 114)
    assert [one.end for one in buckets(book_of(objective), start=past.at(100), end=past.at(114))] == [
        past.at(minute) for minute in range(101, 115)
    ]
    assert not marked.exists()
    assert CursorGroup.objects.get().provisional_from is None


def test_a_partial_answer_alarms_nobody_and_is_said(past: Past, proxy: PartialProxy) -> None:
    objective = follow(past, "steady", source=make_slo.source(proxy.url), indicator={
        "good": 'jobs_total{pool="steady",result="ok"}', "bad": 'jobs_total{pool="broken",result="bad"}',
    })  # fmt: skip
    evaluate(past, since=101, until=OUTAGE.start)
    proxy.without = "ok"  # now everything that can be seen is bad
    evaluate(past, since=OUTAGE.start + 1, until=OUTAGE.start + 5)
    assert told(objective) == []
    stood = standing(objective)
    assert (stood.data, stood.state, stood.error) == ("partial", Standing.State.NO_DATA, "store east can't be reached")
    evaluate(past, since=OUTAGE.start + 6, until=OUTAGE.start + 12)
    assert [state for _, state, _ in told(objective, "blind")] == ["blind"]


def test_a_firing_rule_is_held_by_partial_answers(past: Past, proxy: PartialProxy) -> None:
    objective = follow(past, "broken", source=make_slo.source(proxy.url))
    evaluate(past, since=101, until=OUTAGE.start + 5)
    proxy.without = "bad"
    evaluate(past, since=OUTAGE.start + 6, until=OUTAGE.start + 12)
    rule = RuleState.objects.get(objective=objective)
    assert (rule.state, rule.held) == ("firing", "no_data")
    proxy.without = ""
    evaluate(past, since=OUTAGE.start + 13, until=150)
    assert [state for _, state, _ in told(objective)] == ["firing", "inactive"]
    assert held(objective, past.at(150)) == past.sums("broken", 100, 150)


def test_after_a_while_partial_answers_are_all_there_will_be(
    past: Past, proxy: PartialProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "PATIENCE", timedelta(minutes=3))
    objective = follow(past, "steady", source=make_slo.source(proxy.url))
    evaluate(past, since=101, until=105)
    proxy.without = "bad"
    evaluate(past, since=106, until=109)
    assert CursorGroup.objects.get().provisional_from is None, "four minutes are more than three: they stay"
    proxy.without = ""
    evaluate(past, since=110, until=112)
    assert held(objective, past.at(112)) == past.sums("steady", 100, 112)
    assert LedgerMinute.objects.filter(ledger=book_of(objective), provisional=True).count() == 4


def test_a_worker_that_dies_while_it_counts_again_leaves_the_stretch_as_it_was(
    past: Past, proxy: PartialProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = follow(past, "gone", source=make_slo.source(proxy.url))
    evaluate(past, since=101, until=105)
    proxy.without = "bad"
    evaluate(past, since=106, until=110)
    before = held(objective, past.at(110))
    proxy.without = ""
    with monkeypatch.context() as dying:
        dying.setattr(recording, "record", lambda *_, **__: 1 / 0)
        evaluate(past, until=111)
    assert held(objective, past.at(110)) == before
    CursorGroup.objects.update(leased_until=None, next_due_at=past.at(111))
    evaluate(past, since=111, until=112)
    assert held(objective, past.at(112)) == past.sums("gone", 100, 112)
