"""Minutes that leave the sums and come back: exact in minutes and in folded days, whatever happens in which order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slo import ledger
from slo.counting import Bucket, Flag
from slo.ledger import Sums
from slo.ledger.days import partitions
from slo.models import Cursor, Exclusion, Ledger, LedgerDay, LedgerMinute, Objective
from tests import make_slo
from tests.effort import examples
from tests.make_slo import MINUTE

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = datetime(2026, 11, 20, tzinfo=UTC)


def exclude(of: Objective, start: datetime, end: datetime, **fields: object) -> Exclusion:
    """An exclusion as declared, the ledgers not yet in line with it."""
    return Exclusion.objects.create(objective=of, title="x", starts_at=start, ends_at=end, created_at=NOW, **fields)


def withdraw(row: Exclusion) -> None:
    row.withdrawn_at = NOW
    row.save()


def align(book: Ledger, *, now: datetime = NOW) -> bool:
    with transaction.atomic():
        held = ledger.hold(book.pk)
        assert held
        return ledger.align(held, now=now)


def everything(book: Ledger, moments: Sequence[datetime]) -> object:
    """All that can be read of a ledger, and all that appending goes on from."""
    cursor = Cursor.objects.values_list(
        "bucket", "good_sum", "total_sum", "carried_good_sum", "carried_total_sum", "known_sum"
    ).get(ledger=book)
    rows = ledger.buckets(book.pk, start=START - timedelta(days=500), end=NOW + timedelta(days=500))
    return cursor, ledger.sums_at([(book.pk, at) for at in moments]), rows


def hours(n: int) -> list[datetime]:
    return [START + step * 37 * MINUTE for step in range(-2, n * 60 // 37 + 3)]


def test_minutes_declared_beforehand_are_appended_excluded() -> None:
    objective = make_slo.objective()
    book = make_slo.open_ledger(objective, start=START, now=NOW)
    exclude(objective, START + 2 * MINUTE, START + 4 * MINUTE)
    end = make_slo.count_up(book, [(1, 2)] * 6)
    assert ledger.sums_at([(book.pk, end)]) == [Sums(4, 8, 0, 0, 4)]
    rows = ledger.buckets(book.pk, start=START, end=end)
    assert [row.excluded for row in rows] == [False, False, True, True, False, False]
    assert {(row.good, row.total) for row in rows} == {(1, 2)}


def test_a_history_read_into_folded_days_is_excluded_too() -> None:
    start = NOW - timedelta(days=10)
    objective = make_slo.objective()
    book = make_slo.open_ledger(objective, start=start, now=NOW)
    exclude(objective, start + timedelta(hours=20), start + timedelta(hours=21))
    make_slo.count_up(book, [(1, 2)] * 2880, carried={1205: (3, 4)})
    assert ledger.sums_at([(book.pk, NOW)]) == [Sums(2820, 5640, 0, 0, 2820)]
    rows = ledger.buckets(book.pk, start=start, end=NOW)
    assert len(rows) == 2880
    assert sum(row.excluded for row in rows) == 60
    assert next(row for row in rows if row.carried_total) == (
        ledger.BucketRow(start + 1206 * MINUTE, 1, 2, 3, 4, 0, False, True)
    )


@pytest.mark.parametrize("folded", [False, True])
def test_declared_afterwards_and_withdrawn_leaves_not_a_digit_different(folded: bool) -> None:
    objective = make_slo.objective()
    book = make_slo.open_ledger(objective, start=START, now=NOW)
    make_slo.count_up(book, [(3, 7), None, (0, 0), (5, 9)] * 720, carried={100: (1, 2), 2000: (0, 5)})
    if folded:
        assert ledger.fold_closed_days(now=NOW + timedelta(days=4, hours=13))
    before = everything(book, hours(50))
    row = exclude(objective, START + timedelta(minutes=99), START + timedelta(hours=3))
    assert align(book)
    (sums,) = ledger.sums_at([(book.pk, NOW)])
    lost = [(3, 7), None, (0, 0), (5, 9)] * 720
    left = [one for place, one in enumerate(lost) if one and not 99 <= place < 180]
    assert sums[:2] == (sum(good for good, _ in left), sum(total for _, total in left))
    assert sums[2:4] == (0, 5)
    assert sums.known == len(left)
    assert ledger.unknown_stretches(book.pk, start=START, end=NOW)[0] == (START + MINUTE, START + 2 * MINUTE)
    assert not align(book)
    withdraw(row)
    assert align(book)
    assert everything(book, hours(50)) == before


def test_to_the_minute_in_the_middle_of_a_folded_day_in_a_half_hour_zone() -> None:
    """Tuesdays from 9:05 to 9:37 by the clock of Kolkata are 3:35 to 4:07 UTC."""
    start = datetime(2026, 11, 10, tzinfo=UTC)
    objective = make_slo.objective()
    book = make_slo.open_ledger(objective, start=start, now=start + timedelta(days=1))
    ledger.ensure_partitions(NOW.date())
    counts = [(n % 7, n % 7 + n % 3) for n in range(int((NOW - start) / MINUTE))]
    make_slo.count_up(book, counts)
    ledger.fold_closed_days(now=NOW)
    assert partitions()[0] == datetime(2026, 11, 18).date()  # noqa: DTZ001
    before = everything(book, hours(60))
    kolkata = ZoneInfo("Asia/Kolkata")
    row = exclude(
        objective,
        datetime(2026, 11, 10, 9, 5, tzinfo=kolkata),
        datetime(2026, 11, 10, 9, 37, tzinfo=kolkata),
        rrule="FREQ=WEEKLY;BYDAY=TU",
        time_zone="Asia/Kolkata",
    )
    assert align(book)
    out = {
        datetime(2026, 11, day, 3, 35, tzinfo=UTC) + n * MINUTE for day in (10, 17) for n in range(1, 33)
    }  # buckets by their end
    rows = ledger.buckets(book.pk, start=start, end=NOW)
    assert {one.end for one in rows if one.excluded} == out
    assert [(one.good, one.total) for one in rows] == counts
    for at in (3 * 60 + 34, 3 * 60 + 35, 3 * 60 + 36, 4 * 60 + 7, 4 * 60 + 8):
        moment = datetime(2026, 11, 17, tzinfo=UTC) + at * MINUTE
        kept = [
            one
            for place, one in enumerate(counts[: int((moment - start) / MINUTE)])
            if start + (place + 1) * MINUTE not in out
        ]
        assert ledger.sums_at([(book.pk, moment)])[0][:2] == tuple(map(sum, zip(*kept, strict=True)))
    withdraw(row)
    assert align(book)
    assert everything(book, hours(60)) == before


def test_folding_keeps_marks_of_what_is_excluded_and_of_what_is_provisional() -> None:
    objective = make_slo.objective()
    book = make_slo.open_ledger(objective, start=START, now=NOW)
    tenth, begin = Decimal("0.1000000000000000055"), int(START.timestamp())
    found = {begin + 60 * n: Bucket(tenth, 3 * tenth, flags=Flag.RESET if n == 3 else Flag.NONE) for n in range(1, 9)}
    row = exclude(objective, START + 2 * MINUTE, START + 4 * MINUTE)
    with transaction.atomic():
        ledger.append([ledger.Entry(book.pk, begin, begin + 480, found, 0, None)])
    LedgerMinute.objects.filter(ledger=book, bucket__gte=START + 4 * MINUTE, bucket__lte=START + 5 * MINUTE).update(
        provisional=True
    )
    before = everything(book, hours(1))
    ledger.fold_closed_days(now=NOW + timedelta(days=5))
    assert LedgerDay.objects.filter(ledger=book).exists()
    assert everything(book, hours(1)) == before
    withdraw(row)
    assert align(book)
    rows = ledger.buckets(book.pk, start=START, end=NOW)
    assert {one.good for one in rows} == {tenth}
    assert [place for place, one in enumerate(rows, 1) if one.provisional] == [4, 5]
    assert rows[2].flags == Flag.RESET
    assert ledger.sums_at([(book.pk, NOW)]) == [Sums(8 * tenth, 24 * tenth, 0, 0, 8)]


def test_a_stretch_counted_again_keeps_what_is_excluded() -> None:
    start = NOW - timedelta(days=8)
    objective = make_slo.objective()
    book = make_slo.open_ledger(objective, start=start, now=NOW)
    exclude(objective, start + 10 * MINUTE, start + 20 * MINUTE)
    make_slo.count_up(book, [*[(1, 2)] * 1440, *[None] * 1440, *[(1, 2)] * (1440 * 6)])
    begin = int(start.timestamp())
    stretch = ledger.Stretch(begin, begin + 60 * 1440 * 6)
    new = {begin + 60 * n: Bucket(2, 2) for n in range(1, 1440 * 6 + 1)}
    with transaction.atomic():
        held = ledger.hold(book.pk)
        assert held
        ledger.recount(held, stretch, new, now=NOW)
    sixth = 1440 * 6
    assert ledger.sums_at([(book.pk, NOW)]) == [
        Sums(2 * (sixth - 10) + 1440 * 2, 2 * (sixth - 10) + 2 * 1440 * 2, 0, 0, sixth - 10 + 1440 * 2)
    ]
    rows = ledger.buckets(book.pk, start=start, end=NOW)
    assert [one.excluded for one in rows[:21]] == [False] * 10 + [True] * 10 + [False]
    assert Cursor.objects.get(ledger=book).total_sum == 2 * (sixth - 10) + 2 * 1440 * 2


# ── any sequence ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Model:
    """The ledger as a list of minutes."""

    minutes: list[tuple[int, int] | None] = field(default_factory=list)
    out: list[tuple[int, int]] = field(default_factory=list)
    """Minutes `[first, last)` of exclusions in force."""

    def excluded(self, place: int) -> bool:
        return any(first <= place < last for first, last in self.out)

    def sums(self, count: int) -> Sums:
        kept = [
            one
            for place, one in enumerate(self.minutes[: max(0, count)])
            if one is not None and not self.excluded(place)
        ]
        return Sums(sum(good for good, _ in kept), sum(total for _, total in kept), 0, 0, len(kept))


COUNTS = st.one_of(st.none(), st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda one: (one[0], sum(one))))
PIECES = st.tuples(st.lists(COUNTS, min_size=1, max_size=6), st.integers(1, 400))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), PIECES),
        st.tuples(st.just("fold"), st.integers(1, 3)),
        st.tuples(st.just("exclude"), st.tuples(st.integers(-200, 6000), st.integers(1, 2000))),
        st.tuples(st.just("withdraw"), st.integers(0, 5)),
        st.tuples(st.just("align"), st.just(0)),
        st.tuples(st.just("recount"), st.tuples(st.integers(0, 6000), PIECES)),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, late=st.integers(0, 1439))
def test_any_sequence_of_appends_folds_exclusions_and_withdrawals_sums_like_a_list(
    steps: Iterable[tuple[str, object]], late: int
) -> None:
    with transaction.atomic():
        _walk(steps, START + late * MINUTE)
        transaction.set_rollback(True)


def again(book: Ledger, start: datetime, counts: Sequence[tuple[int, int] | None], *, now: datetime) -> None:
    """Count minutes from `start` on again."""
    begin = int(start.timestamp())
    found = {begin + 60 * n: Bucket(*one) for n, one in enumerate(counts, 1) if one is not None}
    with transaction.atomic():
        held = ledger.hold(book.pk)
        assert held
        ledger.recount(held, ledger.Stretch(begin, begin + 60 * len(counts)), found, now=now)


def _walk(steps: Iterable[tuple[str, object]], start: datetime) -> None:
    objective = make_slo.objective()
    book = make_slo.open_ledger(objective, start=start, now=start)
    ledger.ensure_partitions(start.date() + timedelta(days=40))
    model, rows, today = Model(), [], start
    for step, what in steps:
        match step, what:
            case "append", (list(piece), int(times)):
                minutes = (piece * times)[:2000]
                make_slo.count_up(book, minutes)
                model.minutes += minutes
            case "fold", int(days):
                today = max(today, start + len(model.minutes) * MINUTE) + timedelta(days=days)
                ledger.fold_closed_days(now=today)
            case "exclude", (int(first), int(length)):
                rows.append(exclude(objective, start + first * MINUTE, start + (first + length) * MINUTE))
                model.out.append((first, first + length))
                align(book, now=today)
            case "withdraw", int(which) if rows:
                place = which % len(rows)
                withdraw(rows.pop(place))
                model.out.pop(place)
                align(book, now=today)
            case "recount", (int(first), (list(piece), int(times))) if first < len(model.minutes):
                minutes = (piece * times)[: min(2000, len(model.minutes) - first)]
                again(book, start + first * MINUTE, minutes, now=today)
                model.minutes[first : first + len(minutes)] = minutes
            case _:
                assert not align(book, now=today)
    count = len(model.minutes)
    moments = [*range(-3, count, 97), count - 1, count, count + 5000]
    assert ledger.sums_at([(book.pk, start + n * MINUTE) for n in moments]) == [model.sums(n) for n in moments]
    found = ledger.buckets(book.pk, start=start, end=start + timedelta(days=100))
    assert [((one.end - start) // MINUTE - 1, (one.good, one.total), one.excluded) for one in found] == [
        (place, one, model.excluded(place)) for place, one in enumerate(model.minutes) if one is not None
    ]
    cursor = Cursor.objects.get(ledger=book)
    assert (cursor.good_sum, cursor.total_sum, cursor.known_sum) == (*model.sums(count)[:2], model.sums(count).known)
