"""Exclusions declared and withdrawn while minutes are appended and days are folded: no update is lost."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from catalog.access import Actor
from portal.lib.clock import db_now
from slo import ledger
from slo.ledger import Sums, appending
from slo.models import Exclusion, Ledger
from slo.operations import ExclusionSpec, declare_exclusion, reconcile, withdraw_exclusion
from tests import make_slo
from tests.make_slo import MINUTE
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2026, 11, 20, tzinfo=UTC)
ADMIN = Actor(system="test", via="cli")
MINUTES = 400


@pytest.fixture
def book() -> Iterator[Ledger]:
    """Followed since START; its minutes go with it, for their table is emptied by nobody else."""
    ledger.ensure_partitions(db_now().date())  # as in evaluation, never in the transaction that appends
    yield make_slo.open_ledger(make_slo.objective(), start=START, now=START + timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE slo_ledgerminute")


def count(row: int) -> tuple[int, int]:
    return row % 5, row % 5 + row % 3


def appends(book: Ledger) -> None:
    chance, done = random.Random(1), 0
    while done < MINUTES:
        size = min(chance.randint(1, 4), MINUTES - done)
        make_slo.count_up(book, [count(n) for n in range(done, done + size)])
        done += size


def declares(book: Ledger, seed: int) -> None:
    """Ten exclusions about where the appends are, half of them withdrawn again."""
    chance = random.Random(seed)
    for n in range(10):
        first = chance.randint(0, MINUTES - 20)
        spec = ExclusionSpec(
            title="x",
            starts_at=START + first * MINUTE,
            ends_at=START + (first + chance.randint(1, 40)) * MINUTE,
        )
        row = declare_exclusion(spec=spec, target=book.objective, actor=ADMIN, now=START + timedelta(days=1))
        if n % 2:
            withdraw_exclusion(exclusion_id=row.pk, actor=ADMIN, now=START + timedelta(days=1))


def test_no_minute_is_lost_or_counted_though_it_is_excluded(book: Ledger) -> None:
    def folds() -> None:
        for day in range(1, 8):
            ledger.fold_closed_days(now=START + timedelta(days=day))

    failed = together(
        lambda: appends(book),
        lambda: declares(book, 1),
        lambda: declares(book, 2),
        lambda: [reconcile(now=START + timedelta(days=1)) for _ in range(30)] and None,
    )
    assert failed == [None] * 4
    reconcile(now=START + timedelta(days=1))
    right(book)
    assert together(folds, lambda: declares(book, 3), lambda: declares(book, 4)) == [None] * 3
    reconcile(now=START + timedelta(days=1))
    right(book)


def test_what_is_declared_just_before_the_cursor_is_held_is_appended_excluded(
    book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was declared and applied between the fetch and the append; nobody would come back to these minutes."""
    held = appending._locked
    spec = ExclusionSpec(title="x", starts_at=START + MINUTE, ends_at=START + 2 * MINUTE)
    make_slo.count_up(book, [(1, 1)])

    def late(entries: Sequence[ledger.Entry]) -> object:
        declared = together(
            lambda: declare_exclusion(spec=spec, target=book.objective, actor=ADMIN, now=START + timedelta(days=1))
        )
        assert isinstance(declared[0], Exclusion)
        return held(entries)

    monkeypatch.setattr(appending, "_locked", late)
    end = make_slo.count_up(book, [(1, 1)] * 3)
    assert ledger.sums_at([(book.pk, end)]) == [Sums(3, 3, 0, 0, 3)]


def right(book: Ledger) -> None:
    """Every minute is there; the sums are those of the minutes that no exclusion in force holds."""
    rows = Exclusion.objects.filter(withdrawn_at=None)
    out = {
        n
        for row in rows
        for n in range((row.starts_at - START) // MINUTE, (row.ends_at - START) // MINUTE)
        if n < MINUTES
    }
    assert out
    found = ledger.buckets(book.pk, start=START, end=START + timedelta(days=1))
    assert [(one.good, one.total, one.excluded) for one in found] == [(*count(n), n in out) for n in range(MINUTES)]
    for moment in range(0, MINUTES + 1, 25):
        kept = [count(n) for n in range(moment) if n not in out]
        good, total = sum(good for good, _ in kept), sum(total for _, total in kept)
        at = START + moment * MINUTE
        assert ledger.sums_at([(book.pk, at)]) == [Sums(good, total, 0, 0, len(kept))], moment
