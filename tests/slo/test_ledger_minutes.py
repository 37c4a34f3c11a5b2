"""A stretch of a ledger by minute says what looking up every minute says, folded or not."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from slo import ledger
from slo.counting import Bucket
from slo.ledger.minutes import minutes_of, minutes_within
from slo.minutes import Minutes
from slo.models import Cursor, Ledger
from tests import make_slo

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def same_as_looked_up(of: Ledger, start: datetime, end: datetime) -> None:
    as_looked_up(of, minutes_of([of.pk], start=start, end=end)[of.pk], end)


def as_looked_up(of: Ledger, found: Minutes, end: datetime) -> None:
    assert found.end == end
    places = [n for n in range(len(found.total)) if n % 7 == 0 or n > len(found.total) - 20]
    sums = ledger.sums_at([(of.pk, found.at(n)) for n in places])
    for n, one in zip(places, sums, strict=True):
        late = (0, 0) if found.carried_good is None or found.carried_total is None else (
            found.carried_good[n], found.carried_total[n]
        )  # fmt: skip
        here = [found.good[n], found.total[n], *late]
        assert [Decimal(value) / found.scale for value in here] == list(one[:4]), (n, found.at(n))
        assert found.known[n] == one.known


def filled(*, days: int, live: bool = False, carried: bool = False) -> Ledger:
    """A ledger of some days that ended now, with holes; the old ones are folded as they come."""
    start = NOW - timedelta(days=days)
    book = make_slo.open_ledger(make_slo.objective(), start=start, now=start if live else NOW)
    dice = random.Random(days)
    counts = [None if n % 600 in range(30) or dice.random() < 0.02 else (9, 10) for n in range(days * 1440)]
    late = {n: (1, 3) for n in range(700, days * 1440, 1700) if counts[n]} if carried else None
    make_slo.count_up(book, counts, carried=late)
    return book


@pytest.mark.parametrize("carried", [False, True])
def test_folded_days_and_minutes_meet_without_a_seam(carried: bool) -> None:
    book = filled(days=8, carried=carried)
    same_as_looked_up(book, NOW - timedelta(days=8), NOW)
    same_as_looked_up(book, NOW - timedelta(days=6, hours=3), NOW - timedelta(hours=2))


def test_stretches_anywhere_are_read_to_the_minute() -> None:
    """Within a folded day, over midnight, from a folded day into minutes, before all and past the end."""
    book = filled(days=8, carried=True)
    hours = [(190, 187), (170, 167.5), (50, 40), (9, 0), (300, 180), (1, -2)]
    wanted = [(book.pk, NOW - timedelta(hours=begin), NOW - timedelta(hours=end)) for begin, end in hours]
    before = ledger.sums_at([(book.pk, start - MINUTE) for _, start, _ in wanted])
    for found, (_, start, end) in zip(minutes_within(wanted, before=before), wanted, strict=True):
        assert found.start == start
        as_looked_up(book, found, end)


@pytest.mark.parametrize(("first", "last"), [(8, 0), (6.3, 0.01), (4, 3), (2.5, 1.2)])
def test_unknown_stretches_are_what_has_no_bucket(first: float, last: float) -> None:
    """Of whole days, days with holes, and minutes; the first two days are whole."""
    start, since, until = NOW - timedelta(days=8), NOW - timedelta(days=first), NOW - timedelta(days=last)
    since, until = since.replace(microsecond=0, second=0), until.replace(microsecond=0, second=0)
    book = make_slo.open_ledger(make_slo.objective(), start=start, now=NOW)
    counts = [None if n > 5000 and n % 700 in range(30) else (9, 10) for n in range(8 * 1440)]
    make_slo.count_up(book, counts)
    known = {row.end for row in ledger.buckets(book.pk, start=since, end=until)}
    bucket, found = since + MINUTE, list[tuple[datetime, datetime]]()
    while bucket <= until:
        if bucket not in known:
            begin = found.pop()[0] if found and found[-1][1] == bucket - MINUTE else bucket - MINUTE
            found.append((begin, bucket))
        bucket += MINUTE
    assert ledger.unknown_stretches(book.pk, start=since, end=until) == found


def test_what_is_folded_later_reads_the_same() -> None:
    book = filled(days=3)
    before = minutes_of([book.pk], start=NOW - timedelta(days=3), end=NOW)
    assert ledger.fold_closed_days(now=NOW + timedelta(days=5))
    assert minutes_of([book.pk], start=NOW - timedelta(days=3), end=NOW) == before


def test_before_the_first_bucket_there_is_nothing_and_after_the_last_one_it_stays() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=NOW - 10 * MINUTE, now=NOW)
    make_slo.count_up(book, [(1, 2)] * 5)
    found = minutes_of([book.pk], start=NOW - timedelta(days=3), end=NOW)[book.pk]
    assert found.total[0] == 0
    assert list(found.total[-12:]) == [0, 0, 2, 4, 6, 8, 10, 10, 10, 10, 10, 10]


def test_parts_of_events_come_as_whole_parts() -> None:
    book = make_slo.open_ledger(make_slo.objective(), start=NOW - timedelta(days=6), now=NOW)
    since = int(Cursor.objects.get(ledger=book).bucket.timestamp())
    ends = [since + 60, since + 120, int(NOW.timestamp())]
    buckets = {end: Bucket(Decimal("0.125"), Decimal("1.5")) for end in ends}
    ledger.append([ledger.Entry(book.pk, since, ends[-1], buckets, 0, None)])
    found = minutes_of([book.pk], start=NOW - timedelta(days=6), end=NOW)[book.pk]
    assert (found.scale, found.good[-1], found.total[-1]) == (1000, 375, 4500)
    assert found.reading(0, len(found.total) - 1).bad == Decimal("4.125")


def test_many_ledgers_are_read_in_four_statements(django_assert_max_num_queries: object) -> None:
    books = [make_slo.open_ledger(make_slo.objective(), start=NOW - MINUTE, now=NOW).pk for _ in range(3)]
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        assert set(minutes_of(books, start=NOW - timedelta(days=30), end=NOW)) == set(books)
