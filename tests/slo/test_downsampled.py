"""Rule 11: a range that Thanos keeps only downsampled is not counted, and it is said why."""

from collections.abc import Iterator

import pytest

from slo import queries
from slo.evaluation import fill_due
from slo.models import CursorGroup, Ledger, LedgerMinute, Objective
from slo.operations.recounting import OnlyDownsampled, SourceForgot, recount
from tests import make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.fakes.thanos import Thanos, thanos
from tests.slo import past as world
from tests.slo.past import Past
from tests.slo.test_evaluation import DELAY, held
from tests.slo.test_recounting import ADMIN

pytestmark = [pytest.mark.django_db, pytest.mark.live, needs_prometheus]
RAW_SINCE = 120
STRETCH = 30


@pytest.fixture
def querier(past: Past) -> Iterator[Thanos]:
    with thanos(past.url, raw_since=past.at(RAW_SINCE).timestamp()) as running:
        yield running


def filled(past: Past, querier: Thanos, *, kind: str = "thanos", pool: str = "broken") -> Objective:
    """An objective whose history was read from minute 0 to 230, half an hour at a time."""
    source = make_slo.source(querier.url, kind=kind)
    made = make_slo.objective(source=source, indicator=world.indicator(pool), now=past.at(230))
    make_slo.open_ledger(made, start=past.at(0), live=False, now=past.at(230))
    CursorGroup.objects.update(step=past.at(STRETCH) - past.at(0))
    while fill_due(now=past.at(230) + DELAY):
        pass
    return queries.by_name(made.name)


def test_history_begins_where_raw_samples_do_and_the_page_says_why(past: Past, querier: Thanos) -> None:
    objective = filled(past, querier)
    assert held(objective, past.at(230)) == past.sums("broken", RAW_SINCE, 230)
    assert Ledger.objects.get().downsampled_until == past.at(RAW_SINCE)
    assert LedgerMinute.objects.order_by("bucket").first().bucket == past.at(RAW_SINCE + 1)  # type: ignore[union-attr]
    (note,) = [one for one in queries.detail(objective, now=past.at(231)).notes if "downsampled" in one]
    assert "no events can be counted" in note


def test_what_is_there_in_no_form_is_not_called_downsampled(past: Past, querier: Thanos) -> None:
    objective = filled(past, querier, pool="nobody")
    assert objective.ledger
    assert objective.ledger.downsampled_until is None
    assert querier.coarse, "it was looked for"


def test_a_prometheus_is_never_asked_for_what_only_thanos_has(past: Past, querier: Thanos) -> None:
    objective = filled(past, querier, kind="prometheus")
    assert objective.ledger
    assert objective.ledger.downsampled_until is None
    assert not querier.coarse


def test_counting_such_a_range_again_is_refused_with_the_reason(past: Past, querier: Thanos) -> None:
    objective = filled(past, querier)
    before = held(objective, past.at(230))
    for start in (60, 100):  # all of it, and its beginning alone
        with pytest.raises(OnlyDownsampled, match="only downsampled"):
            recount(objective=objective, start=past.at(start), end=past.at(140), actor=ADMIN, now=past.at(231))
    assert held(objective, past.at(230)) == before
    recount(objective=objective, start=past.at(RAW_SINCE + 5), end=past.at(140), actor=ADMIN, now=past.at(231))
    assert held(objective, past.at(230)) == before


def test_what_the_ledger_knows_and_thanos_only_downsampled_is_kept(past: Past, querier: Thanos) -> None:
    source = make_slo.source(querier.url, kind="thanos")
    made = make_slo.objective(source=source, indicator=world.indicator("broken"), now=past.at(0))
    book = make_slo.open_ledger(made, start=past.at(0), now=past.at(0))
    make_slo.count_up(book, [(1, 1)] * 100)
    with pytest.raises(OnlyDownsampled):
        recount(objective=queries.by_name(made.name), start=past.at(0), end=past.at(90), actor=ADMIN, now=past.at(231))
    assert not issubclass(OnlyDownsampled, SourceForgot)
    assert LedgerMinute.objects.filter(ledger=book).count() == 100
