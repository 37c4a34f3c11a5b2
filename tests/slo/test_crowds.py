"""Too many series for one selector: increase() instead, visibly, and back when they have become few."""

from datetime import timedelta

import pytest

from slo import crowds, queries
from slo.evaluation import evaluate_due, fill_due
from slo.models import Definition, Ledger
from tests import make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import Past
from tests.slo.test_evaluation import DELAY, book_of, evaluate, follow, held

pytestmark = [pytest.mark.django_db, pytest.mark.live, needs_prometheus]


def caught_up(past: Past, minute: int) -> None:
    for _ in range(20):
        if not (fill_due(now=past.at(minute) + DELAY) or evaluate_due(now=past.at(minute) + DELAY)):
            return


def test_a_crowded_selector_is_counted_by_increase_until_it_is_no_more(past: Past) -> None:
    objective = follow(past, "steady", definition={"max_series": 1}, window_days=1)
    exact = book_of(objective)
    evaluate(past, since=101, until=105)
    caught_up(past, 106)
    approximate = Ledger.objects.get(pk=book_of(objective))
    assert approximate.pk != exact
    assert approximate.approximate
    assert approximate.fallback == "its selector has 2 series, more than the 1 that are counted one by one."
    assert Ledger.objects.get(pk=exact).retired_at is not None
    caught_up(past, 107)
    assert float(held(objective, past.at(107)).total - held(objective, past.at(100)).total) == pytest.approx(
        70, rel=0.2
    )
    objective.refresh_from_db()
    detail = queries.detail(queries.by_name(objective.name), now=past.at(107))
    assert detail.row.approximate
    assert any(note.startswith("Its counts are approximate for now") for note in detail.notes)

    assert crowds.count_again(now=past.at(107)) == 0, "still two"
    Definition.objects.filter(pk=objective.definition_id).update(max_series=3)
    assert crowds.count_again(now=past.at(107)) == 0, "two of three is not well below"
    Definition.objects.filter(pk=objective.definition_id).update(max_series=4)
    assert crowds.count_again(now=past.at(107)) == 1
    assert crowds.count_again(now=past.at(107)) == 0, "it is being built already"
    caught_up(past, 108)
    back = Ledger.objects.get(pk=book_of(objective))
    assert (back.approximate, back.fallback, back.retired_at) == (False, "", None)
    assert held(objective, past.at(108)).total - held(objective, past.at(98)).total == 100


def test_a_new_objective_with_too_many_series_never_waits_for_an_exact_history(past: Past) -> None:
    made = make_slo.objective(
        source=make_slo.source(past.url), now=past.at(100), window_days=1, definition={"max_series": 1},
        indicator={"bad": 'jobs_total{pool="steady",result="bad"}', "total": 'jobs_total{pool="steady"}'},
    )  # fmt: skip
    make_slo.open_ledger(made, start=past.at(100) - timedelta(hours=1), now=past.at(100), live=False)
    caught_up(past, 110)
    book = Ledger.objects.get(pk=book_of(made))
    assert book.approximate
    assert book.filled_at is not None
    assert Ledger.objects.filter(objective=made, retired_at=None).count() == 1
