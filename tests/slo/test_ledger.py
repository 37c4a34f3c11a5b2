"""The ledger on a real PostgreSQL: exact sums for any window, before and after days are folded, and never twice."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from slo import ledger
from slo.counting import Bucket, Flag
from slo.ledger import NOTHING, Sums
from slo.ledger.days import partitions
from slo.models import Cursor, LedgerDay
from tests import make_slo
from tests.make_slo import MINUTE

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = NOW - timedelta(days=3)

type Counts = list[tuple[int, int] | None]


def some_counts(minutes: int, *, seed: int = 1) -> Counts:
    """Traffic with failures, minutes without any, and minutes nobody knows of."""
    chance = random.Random(seed)
    return [
        None
        if chance.random() < 0.05
        else (lambda total: (total - chance.randint(0, total), total))(chance.randint(0, 9))
        for _ in range(minutes)
    ]


def added_up(counts: Counts, minutes: int) -> Sums:
    known = [one for one in counts[: max(0, minutes)] if one is not None]
    return Sums(sum(good for good, _ in known), sum(total for _, total in known), 0, 0, len(known))


def test_any_window_is_the_difference_of_two_rows() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    counts = some_counts(3000)
    make_slo.count_up(book, counts)
    moments = [-5, 0, 1, 59, 60, 1440, 2500, 2999, 3000, 9999]
    found = ledger.sums_at([(book.pk, START + n * MINUTE) for n in moments])
    assert found == [added_up(counts, n) for n in moments]


def test_between_two_buckets_the_earlier_one_holds() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    make_slo.count_up(book, [(1, 1), (2, 2)])
    assert ledger.sums_at([(book.pk, START + 1.99 * MINUTE)]) == [Sums(1, 1, 0, 0, 1)]


def test_an_unknown_minute_has_no_row_and_a_quiet_one_has() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    end = make_slo.count_up(book, [(0, 0), None, (1, 2)])
    rows = ledger.buckets(book.pk, start=START, end=end)
    assert [(row.end - START) // MINUTE for row in rows] == [1, 3]
    assert ledger.sums_at([(book.pk, end)])[0].known == 2


def test_fractional_counters_stay_exact() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    tenth, begin = Decimal("0.1"), int(START.timestamp())
    buckets = {begin + 60 * n: Bucket(tenth, 3 * tenth) for n in range(1, 11)}
    with transaction.atomic():
        ledger.append([ledger.Entry(book.pk, begin, begin + 600, buckets, 0, None)])
    assert ledger.sums_at([(book.pk, NOW)]) == [Sums(1, 3, 0, 0, 10)]


def test_what_arrived_after_a_gap_counts_in_long_windows_only() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    end = make_slo.count_up(book, [(5, 5), (1, 2)], carried={1: (10, 20)})
    (sums,) = ledger.sums_at([(book.pk, end)])
    assert sums.since(NOTHING, minutes=2, carried=True)[:2] == (16, 27)
    assert sums.since(NOTHING, minutes=2, carried=False)[:2] == (6, 7)


def test_a_second_writer_that_fetched_the_same_minutes_changes_nothing() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    begin = int(START.timestamp())
    entry = ledger.Entry(book.pk, begin, begin + 60, {begin + 60: Bucket(3, 4)}, 2, begin + 50.0)
    assert set(ledger.append([entry])) == {book.pk}
    assert ledger.append([entry]) == {}
    assert ledger.sums_at([(book.pk, NOW)]) == [Sums(3, 4, 0, 0, 1)]
    assert Cursor.objects.get(ledger=book).surplus == 2


@pytest.mark.parametrize("start", [START, START - timedelta(days=2, hours=7)])
def test_folding_changes_no_sum(start: datetime) -> None:
    """Whole days, a day begun in the middle, and one that only the fold has seen whole."""
    book = make_slo.open_ledger(make_slo.objective(), start=start, now=start + timedelta(days=1))
    ledger.ensure_partitions(NOW.date())
    counts = some_counts(int((NOW - start) / MINUTE), seed=7)
    make_slo.count_up(book, counts, carried={100: (1, 2), 2000: (0, 5)})
    chance = random.Random(3)
    moments = [(book.pk, start + chance.randint(-100, len(counts) + 100) * MINUTE) for _ in range(400)]
    sums, rows = ledger.sums_at(moments), ledger.buckets(book.pk, start=start, end=NOW)
    folded = ledger.fold_closed_days(now=NOW + timedelta(days=4))
    assert folded
    assert LedgerDay.objects.filter(ledger=book).count() >= 3
    assert min(partitions()) == NOW.date()
    assert ledger.sums_at(moments) == sums
    assert ledger.buckets(book.pk, start=start, end=NOW) == rows


def test_flags_survive_folding() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    begin = int(START.timestamp())
    ledger.append(
        [ledger.Entry(book.pk, begin, begin + 60, {begin + 60: Bucket(3, 4, flags=Flag.RESET)}, 0, begin + 50.0)]
    )
    ledger.fold_closed_days(now=NOW + timedelta(days=4))
    (row,) = ledger.buckets(book.pk, start=START, end=NOW)
    assert row.flags == Flag.RESET


def test_folding_twice_is_folding_once() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    make_slo.count_up(book, some_counts(1000))
    assert ledger.fold_closed_days(now=NOW + timedelta(days=4))
    assert ledger.fold_closed_days(now=NOW + timedelta(days=4)) == []


def test_history_goes_straight_to_folded_days_in_pieces_of_any_size() -> None:
    """A history of weeks, appended in uneven pieces, reads like one appended minute by minute."""
    start = NOW - timedelta(days=9, hours=5, minutes=17)
    counts = some_counts(int((NOW - start) / MINUTE), seed=11)
    book = make_slo.open_ledger(make_slo.objective(), start=start, now=NOW)
    chance, place = random.Random(5), 0
    while place < len(counts):
        size = chance.choice([1, 59, 360, 1440, 3000])
        make_slo.count_up(book, counts[place : place + size])
        place += size
    moments = [chance.randint(-10, len(counts) + 10) for _ in range(400)]
    found = ledger.sums_at([(book.pk, start + n * MINUTE) for n in moments])
    assert found == [added_up(counts, n) for n in moments]
    assert LedgerDay.objects.filter(ledger=book).count() == 5
    rows = ledger.buckets(book.pk, start=start, end=NOW)
    assert [(row.good, row.total) for row in rows] == [one for one in counts if one is not None]


def test_a_ledger_that_was_silent_for_weeks_still_knows_its_sums() -> None:
    start = NOW - timedelta(days=30)
    book = make_slo.open_ledger(make_slo.objective(), start=start, now=NOW)
    make_slo.count_up(book, [(9, 10), *[None] * (25 * 1440)])
    assert ledger.sums_at([(book.pk, NOW)]) == [Sums(9, 10, 0, 0, 1)]


def test_windows_of_many_ledgers_are_answered_in_the_order_asked_for() -> None:
    books = [make_slo.open_ledger(make_slo.objective(), start=START, now=NOW) for _ in range(3)]
    for place, book in enumerate(books):
        make_slo.count_up(book, [(place, 10)] * 60)
    wanted = [(book.pk, START + n * MINUTE) for book in books for n in (10, 60)]
    assert [sums.good for sums in ledger.sums_at(wanted)] == [0, 0, 10, 60, 20, 120]


def test_the_minutes_of_a_deleted_objective_go_with_their_partition() -> None:
    objective = make_slo.objective()
    book = make_slo.open_ledger(objective, start=START, now=NOW)
    make_slo.count_up(book, some_counts(100))
    Cursor.objects.all().delete()
    objective.delete()
    assert ledger.fold_closed_days(now=NOW + timedelta(days=4))
    assert not LedgerDay.objects.filter(ledger_id=book.pk).exists()


def test_days_already_folded_get_no_partition_again() -> None:
    make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    ledger.fold_closed_days(now=NOW + timedelta(days=10))
    first = ledger.ensure_partitions(NOW.date())
    assert first == (NOW + timedelta(days=6)).date()


def test_minutes_are_kept_in_partitions_by_day() -> None:
    make_slo.open_ledger(make_slo.objective(), start=START, now=NOW)
    days = partitions()
    assert days[0] == NOW.date() - timedelta(days=4)
    assert days[-1] == NOW.date() + timedelta(days=2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relkind FROM pg_class WHERE relname = 'slo_ledgerminute'")
        assert cursor.fetchone() == ("p",)
