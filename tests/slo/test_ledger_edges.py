"""Where windows begin: many ledgers at a few moments are told what looking each up tells."""

import random
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from slo import ledger
from slo.counting import Bucket
from slo.ledger import NOTHING
from slo.models import Ledger, LedgerDay, LedgerMinute
from tests import make_slo
from tests.make_slo import MINUTE

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 10, 7, tzinfo=UTC)
START = NOW - timedelta(days=8)


def whole(seed: int) -> Ledger:
    """Whole counts with holes and late arrivals; its first days go straight to folded days."""
    dice = random.Random(seed)
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    counts = [None if dice.random() < 0.1 or n % 900 < 20 else (9 + seed, 10 + seed) for n in range(8 * 1440)]
    late = {n: (seed, 3 * seed) for n in range(700, 8 * 1440, 1700) if counts[n]} if seed else None
    make_slo.count_up(book, counts, carried=late)
    return book


def fractional() -> Ledger:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    tenth, begin, end = Decimal("0.1"), int(START.timestamp()), int(NOW.timestamp())
    buckets = {at: Bucket(tenth, 3 * tenth) for at in range(begin + 60, end + 1, 60)}
    ledger.append([ledger.Entry(book.pk, begin, end, buckets, 0, None)])
    return book


def enormous() -> Ledger:
    """More than 64 bits hold, and just so."""
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    begin, end = int(START.timestamp()), int(NOW.timestamp())
    ledger.append([ledger.Entry(book.pk, begin, end, {begin + 60: Bucket(2**64 + 1, 2**70 + 1)}, 0, None)])
    return book


def all_at(moments: Iterable[datetime], books: Iterable[Ledger]) -> dict[datetime, list[int]]:
    return {at: [book.pk for book in books] for at in moments}


def same_as_looked_up(books: list[Ledger], moments: list[datetime]) -> None:
    ids = [book.pk for book in books]
    found = ledger.sums_by_moment(all_at(moments, books))
    for at in moments:
        assert found[at] == ledger.sums_at([(ledger_id, at) for ledger_id in ids]), at
        for sums in found[at]:
            assert [type(one) for one in sums] == [Decimal if one != int(one) else int for one in sums]


def test_it_is_what_looking_up_says_in_minutes_and_in_folded_days() -> None:
    books = [whole(0), fractional(), whole(1), enormous(), whole(2)]
    assert LedgerDay.objects.exclude(carried_good=None).exists()
    dice = random.Random(7)
    edges = [START, START + MINUTE, NOW, NOW - timedelta(days=4), START - timedelta(days=3), NOW + timedelta(days=1)]
    midnights = [NOW.replace(hour=0, minute=0) - timedelta(days=n) + k * MINUTE for n in range(9) for k in (-1, 0, 1)]
    same_as_looked_up(books, [*edges, *midnights, *(START + dice.randint(0, 8 * 1440) * MINUTE for _ in range(60))])


def test_it_stays_so_when_days_are_folded_and_minutes_excluded() -> None:
    books = [whole(1), whole(2)]
    moments = [START + n * 97 * MINUTE for n in range(8 * 1440 // 97)]
    before = ledger.sums_by_moment(all_at(moments, books))
    assert ledger.fold_closed_days(now=NOW + timedelta(days=4))
    assert not LedgerMinute.objects.filter(bucket__lt=NOW.replace(hour=0, minute=0)).exists()
    assert ledger.sums_by_moment(all_at(moments, books)) == before
    same_as_looked_up(books, moments)


def test_a_short_day_ends_with_what_it_ended_with() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    make_slo.count_up(book, [(3, 4)] * 5 + [None] * (8 * 1440 - 5), carried={2: (1, 2)})
    same_as_looked_up([book], [START + n * MINUTE for n in (0, 1, 3, 5, 6, 600, 1440, 4000, 8 * 1440)])


def test_moments_may_be_written_in_any_zone_and_fall_between_buckets() -> None:
    book = whole(1)
    elsewhere = timezone(timedelta(hours=5, minutes=45))
    moments = [(NOW - n * MINUTE).astimezone(elsewhere) for n in (1, 700, 6 * 1440)]
    same_as_looked_up([book], [*moments, NOW - timedelta(seconds=90), NOW - timedelta(days=6, seconds=31)])


def test_each_moment_is_asked_for_with_ledgers_of_its_own() -> None:
    books = [whole(0), whole(1)]
    first, second = (book.pk for book in books)
    at, then = NOW - timedelta(hours=1), NOW - timedelta(days=7)
    found = ledger.sums_by_moment({at: [second], then: [second, first, second], NOW: []})
    assert found[at] == ledger.sums_at([(second, at)])
    assert found[then] == ledger.sums_at([(second, then), (first, then), (second, then)])
    assert not found.get(NOW)
    assert ledger.sums_by_moment({}) == {}


def test_ledgers_without_rows_have_nothing() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    assert ledger.sums_by_moment({NOW: [book.pk], START: [book.pk]}) == {NOW: [NOTHING], START: [NOTHING]}


FOLDED = NOW - timedelta(days=6)
"""A moment in a folded day."""


def test_a_day_that_was_written_anew_is_read_anew() -> None:
    books = [whole(0), whole(1)]
    before = ledger.sums_by_moment(all_at([FOLDED], books))[FOLDED]
    LedgerDay.objects.filter(ledger=books[0]).update(
        good_base=F("good_base") - 1, good_end=F("good_end") - 1, total_base=F("total_base") + 1
    )
    after = ledger.sums_by_moment(all_at([FOLDED], books))[FOLDED]
    assert after[0] == before[0]._replace(good=before[0].good - 1, total=before[0].total + 1)
    assert after[1] == before[1]
    same_as_looked_up(books, [FOLDED, FOLDED + MINUTE])


def test_a_change_that_was_rolled_back_was_none() -> None:
    books = [whole(1)]
    before = ledger.sums_by_moment(all_at([FOLDED], books))
    with suppress(ZeroDivisionError), transaction.atomic():
        LedgerDay.objects.filter(ledger=books[0]).update(good_base=F("good_base") + 5, good_end=F("good_end") + 5)
        assert ledger.sums_by_moment(all_at([FOLDED], books)) != before
        raise ZeroDivisionError
    assert ledger.sums_by_moment(all_at([FOLDED], books)) == before


def test_a_day_that_is_gone_is_not_remembered() -> None:
    books = [whole(1)]
    ledger.sums_by_moment(all_at([FOLDED], books))
    LedgerDay.objects.filter(ledger=books[0], day=FOLDED.date()).delete()
    same_as_looked_up(books, [FOLDED])


def test_more_ledgers_are_not_more_questions() -> None:
    """One for each moment, one for those who don't know one of them, and what goes with two transactions."""
    books = [whole(0), whole(1), whole(2)]
    wanted = all_at([NOW, FOLDED, NOW - timedelta(minutes=900)], books)
    ledger.sums_by_moment(wanted)
    with CaptureQueriesContext(connection) as queries:
        ledger.sums_by_moment(wanted)
    assert len(queries) <= 3 + 1 + 7
