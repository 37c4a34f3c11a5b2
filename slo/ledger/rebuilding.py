"""Changing what was appended: minutes leave the sums or come back, stretches are counted again.

Whatever changes, all sums after it follow: one statement for the minutes, one for the folded days (an untouched day
only moves its base, for its arrays begin there), one for the cursor. All in the caller's transaction, which holds the
cursor from the first look to the end, so an append comes before or after, never between.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from slo import exclusions
from slo.counting import BUCKET, Bucket, Flag, Number
from slo.exclusions import Spans
from slo.ledger.appending import copy_minutes, line
from slo.ledger.days import first_kept_day, partitions
from slo.ledger.folding import not_while_folding
from slo.ledger.marks import Mark, excluded_counts, mark
from slo.ledger.reading import BucketRow, sums_at, unfolded
from slo.ledger.sums import NOTHING, Sums
from slo.models import Cursor, LedgerDay, LedgerMinute

_MINUTE = timedelta(seconds=BUCKET)
DAY = 86_400


class NotAppended(ValueError):
    """A stretch that the ledger has not come to yet can't be counted again."""


@dataclass(frozen=True, slots=True)
class Held:
    """A ledger whose cursor is ours until the transaction ends."""

    ledger_id: int
    bucket: datetime
    starts_at: datetime

    @property
    def until(self) -> int:
        """The end of its last bucket."""
        return int(self.bucket.timestamp())


def hold(ledger_id: int) -> Held | None:
    """Lock a ledger against appends and folds; None where it is followed no more. Raises FoldingNow."""
    not_while_folding()
    cursors = Cursor.objects.select_for_update(of=("self",)).filter(ledger=ledger_id)
    found = cursors.values_list("bucket", "ledger__starts_at").first()
    return Held(ledger_id, *found) if found else None


def align(held: Held, *, now: datetime) -> bool:
    """Make the marks of a ledger what is excluded now, and its sums what follows; answers whether anything had to be.

    It compares minutes, not declarations, so it may run any number of times and after any crash.
    """
    spans = _spans(held, now)
    marked, wanted = _marked(held.ledger_id), set(exclusions.ends_in(spans))
    if not (there := partitions()):
        return False  # no ledger of any objective has counted anything yet
    kept = _epoch(there[0])
    dirty = (marked - wanted) | _known(held.ledger_id, wanted - marked, kept)
    if not dirty:
        return False
    days = {_date(end) for end in dirty if end < kept}
    first = kept if days else min(dirty)
    _rewrite_days(held.ledger_id, days, spans, {}, NOTHING_NEW)
    _resum(held, first, spans)
    return True


@dataclass(frozen=True, slots=True)
class Stretch:
    """The buckets `(since, until]`, seconds since the epoch."""

    since: int
    until: int

    def holds(self, end: int) -> bool:
        """Whether the bucket that ends at `end` is one of them."""
        return self.since < end <= self.until


NOTHING_NEW = Stretch(0, 0)


def recount(held: Held, stretch: Stretch, buckets: Mapping[int, Bucket], *, now: datetime) -> None:
    """Put `buckets` (the known ones of `stretch`, by their end) in the place of what was counted there.

    What is excluded stays so. Raises NotAppended.
    """
    if stretch.until > held.until or stretch.since < int(held.starts_at.timestamp()):
        raise NotAppended(f"{stretch} is not within what ledger {held.ledger_id} has counted")
    spans, kept = _spans(held, now), _epoch(first_kept_day())
    old = range(stretch.since + BUCKET, min(stretch.until + BUCKET, kept), BUCKET)
    days = {_date(old[0] + DAY * n) for n in range((old[-1] // DAY) - old[0] // DAY + 1)} if old else set()
    _rewrite_days(held.ledger_id, days, spans, buckets, stretch)
    first = max(stretch.since + BUCKET, kept)
    LedgerMinute.objects.filter(
        ledger=held.ledger_id, bucket__gt=_moment(stretch.since), bucket__lte=_moment(stretch.until)
    ).delete()
    new = ((end, one) for end, one in buckets.items() if end >= kept and stretch.holds(end))
    copy_minutes([line(held.ledger_id, end, one, NOTHING, excluded=False) for end, one in new])
    _resum(held, first, spans)


def _spans(held: Held, now: datetime) -> Spans:
    """What is excluded of what the ledger has; from a midnight on, so that many ledgers ask the same."""
    since = datetime.combine(now.astimezone(UTC).date() - exclusions.KEPT, time(), UTC)
    found = exclusions.in_force([held.ledger_id], since, held.bucket).get(held.ledger_id, exclusions.NONE)
    return exclusions.clipped(found, int(max(since, held.starts_at).timestamp()), held.until)


def _marked(ledger_id: int) -> set[int]:
    """The ends of the buckets that are marked as excluded."""
    days = LedgerDay.objects.filter(ledger=ledger_id).exclude(marks={}).values_list("day", "marks")
    found = {
        _epoch(day) + int(minute) * BUCKET for day, marks in days for minute, one in marks.items() if "excluded" in one
    }
    rows = LedgerMinute.objects.filter(ledger=ledger_id, excluded=True).values_list("bucket", flat=True)
    return found | {int(bucket.timestamp()) for bucket in rows}


def _known(ledger_id: int, ends: set[int], kept: int) -> set[int]:
    """Those of the buckets that end at `ends` that are known; minutes nobody knows of can't be marked."""
    days = {_date(end) for end in ends if end < kept}
    found: set[int] = set()
    for day, known in LedgerDay.objects.filter(ledger=ledger_id, day__in=days).values_list("day", "known"):
        midnight, grown = _epoch(day), zip(known, [0, *known], strict=False)
        found |= {midnight + minute * BUCKET for minute, (now, before) in enumerate(grown) if now > before} & ends
    if recent := [end for end in ends if end >= kept]:
        stretch = (_moment(min(recent)), _moment(max(recent)))
        rows = LedgerMinute.objects.filter(ledger=ledger_id, bucket__range=stretch).values_list("bucket", flat=True)
        found |= {int(bucket.timestamp()) for bucket in rows} & ends
    return found


# ── folded days ──────────────────────────────────────────────────────────────────────────────────────────────────────

_LIGHT = (
    "day", "good_base", "total_base", "carried_good_base", "carried_total_base", "known_base",
    "good_end", "total_end", "carried_good_end", "carried_total_end", "known_end",
)  # fmt: skip
_ARRAYS = ("good", "total", "carried_good", "carried_total", "known")

# only names of our own go into the text
_REWRITE = f"""
UPDATE slo_ledgerday d SET
    {", ".join(f"{name} = v.{name}" for name in _LIGHT[1:])},
    {", ".join(f"{name} = CASE WHEN v.whole THEN v.{name} ELSE d.{name} END" for name in _ARRAYS)},
    marks = CASE WHEN v.whole THEN v.marks ELSE d.marks END
FROM jsonb_to_recordset(%s::jsonb) AS v(day date, whole boolean,
    {", ".join(f"{name} {'bigint' if name.startswith('known') else 'numeric'}" for name in _LIGHT[1:])},
    good numeric[], total numeric[], carried_good numeric[], carried_total numeric[], known smallint[], marks jsonb)
WHERE d.ledger_id = %s AND d.day = v.day
"""  # noqa: S608


def _rewrite_days(
    ledger_id: int, days: Collection[date], spans: Spans, new: Mapping[int, Bucket], stretch: Stretch
) -> None:
    """Rewrite `days`, with the `new` buckets in the place of those of `stretch`; later days move with them."""
    if not days:
        return
    first = min(days)
    whole = {day.day: day for day in LedgerDay.objects.filter(ledger=ledger_id, day__in=days)}
    ends = {row[0]: row for row in LedgerDay.objects.filter(ledger=ledger_id, day__gte=first).values_list(*_LIGHT)}
    sums = _before(ledger_id, first, ends)
    changed: list[dict[str, Any]] = []
    for day in sorted(ends.keys() | set(days)):
        old = whole.get(day)
        if day not in days:
            row = _moved(day, sums, ends[day])
        elif old is not None and stretch == NOTHING_NEW:
            row = _toggled(old, sums, spans)
        else:
            row = _day(day, sums, old, spans, new, stretch)
        sums = Sums(*(row[f"{name}_end"] for name in _ARRAYS))
        if day in ends:
            changed.append(row)
        elif row["good"]:
            _begin(ledger_id, row)
    with connection.cursor() as cursor:
        cursor.execute(_REWRITE, [json.dumps(changed, default=str), ledger_id])


def _before(ledger_id: int, first: date, ends: Mapping[date, tuple[Any, ...]]) -> Sums:
    """The sums before a day; its own base where it has one, for earlier days may be forgotten."""
    if first in ends:
        return Sums(*ends[first][1:6])
    return sums_at([(ledger_id, datetime.combine(first, time(), UTC) - _MINUTE)])[0]


def _moved(day: date, sums: Sums, row: tuple[Any, ...]) -> dict[str, Any]:
    """A day that holds what it held, after other sums."""
    held = [end - base for base, end in zip(row[1:6], row[6:11], strict=True)]
    after = [base + added for base, added in zip(sums, held, strict=True)]
    return {"day": day, "whole": False, **_named(sums, "base"), **_named(after, "end")}


def _toggled(old: LedgerDay, base: Sums, spans: Spans) -> dict[str, Any]:
    """A day of which some minutes leave or come back; between those, its arrays only move by what has left so far."""
    midnight = _epoch(old.day)
    nothing = [Decimal(0)] * len(old.good)
    columns: list[list[Any]] = [
        old.good, old.total, old.carried_good or nothing, old.carried_total or nothing, old.known,
    ]  # fmt: skip
    marks: dict[str, Mark] = dict(old.marks)
    marked = {int(minute) for minute, one in marks.items() if "excluded" in one}
    within = exclusions.clipped(spans, midnight - BUCKET, midnight + DAY - BUCKET)
    wanted = {(end - midnight) // BUCKET for end in exclusions.ends_in(within)}
    grown = {minute for minute, (now, then) in enumerate(zip(old.known, [0, *old.known], strict=False)) if now > then}
    arrays: list[list[Any]] = [[] for _ in columns]
    moved: list[Any] = [0] * len(columns)
    reached = 0
    for minute in sorted((marked - wanted) | (wanted & grown)):
        found = marks.pop(str(minute), {})
        counts = excluded_counts(found)
        sign = 1 if counts else -1
        counts = counts or [column[minute] - (column[minute - 1] if minute else 0) for column in columns[:4]]
        _append_moved(arrays, columns, reached, minute, moved)
        reached, moved = minute, [one + sign * count for one, count in zip(moved, [*counts, 1], strict=True)]
        told = mark(counts, flags=found.get("flags", 0), provisional=found.get("provisional", False), excluded=sign < 0)
        marks |= {str(minute): told} if told else {}
    _append_moved(arrays, columns, reached, len(old.good), moved)
    named: dict[str, Any] = dict(zip(_ARRAYS, arrays, strict=True))
    if not arrays[3][-1]:
        named |= {"carried_good": None, "carried_total": None}
    after = [start + array[-1] for start, array in zip(base, arrays, strict=True)]
    return {"day": old.day, "whole": True, **_named(base, "base"), **_named(after, "end"), **named, "marks": marks}


def _append_moved(
    arrays: list[list[Any]], columns: list[list[Any]], start: int, end: int, moved: Sequence[Number]
) -> None:
    for array, column, by in zip(arrays, columns, moved, strict=True):
        array.extend([value + by for value in column[start:end]] if by else column[start:end])


def _named(sums: Iterable[object], what: str) -> dict[str, Any]:
    return {f"{name}_{what}": one for name, one in zip(_ARRAYS, sums, strict=True)}


def _day(
    day: date, base: Sums, old: LedgerDay | None, spans: Spans, new: Mapping[int, Bucket], stretch: Stretch
) -> dict[str, Any]:
    """A day written anew after the sums `base`."""
    midnight = _epoch(day)
    rows = _rows(old, new, stretch, midnight)
    out = set(exclusions.ends_in(exclusions.clipped(spans, midnight - BUCKET, midnight + DAY - BUCKET)))
    length = max([len(old.good) if old else 0, *(minute + 1 for minute in rows)])
    marks: dict[str, Mark] = {}
    added = NOTHING
    columns: list[Sums] = []
    for minute in range(length):
        if minute in rows:
            bucket, provisional = rows[minute]
            excluded = midnight + minute * BUCKET in out
            added = added if excluded else added.plus(bucket)
            found = mark(bucket, flags=int(bucket.flags), provisional=provisional, excluded=excluded)
            marks |= {str(minute): found} if found else {}
        columns.append(added)
    arrays: dict[str, Any] = {name: [one[place] for one in columns] for place, name in enumerate(_ARRAYS)}
    if not added.carried_total:
        arrays |= {"carried_good": None, "carried_total": None}
    after = [start + more for start, more in zip(base, added, strict=True)]
    return {"day": day, "whole": True, **_named(base, "base"), **_named(after, "end"), **arrays, "marks": marks}


def _rows(
    old: LedgerDay | None, new: Mapping[int, Bucket], stretch: Stretch, midnight: int
) -> dict[int, tuple[Bucket, bool]]:
    """The known buckets of a day by minute, each with whether it is provisional."""
    had = unfolded(old) if old else ()
    rows = {(int(one.end.timestamp()) - midnight) // BUCKET: (_bucket(one), one.provisional) for one in had}
    for minute in range(DAY // BUCKET):
        end = midnight + minute * BUCKET
        if stretch.holds(end):
            rows.pop(minute, None)
            if end in new:
                rows[minute] = (new[end], False)
    return rows


def _bucket(row: BucketRow) -> Bucket:
    return Bucket(row.good, row.total, row.carried_good, row.carried_total, Flag(row.flags))


def _begin(ledger_id: int, row: dict[str, Any]) -> None:
    """A day of which nothing was known until now."""
    LedgerDay.objects.create(ledger_id=ledger_id, **{name: value for name, value in row.items() if name != "whole"})


# ── minutes and the cursor ───────────────────────────────────────────────────────────────────────────────────────────

_RESUM = """
UPDATE slo_ledgerminute m SET excluded = v.excluded, good_sum = v.good, total_sum = v.total,
    carried_good_sum = v.carried_good, carried_total_sum = v.carried_total, known_sum = v.known
FROM (
    SELECT bucket, excluded,
           %(good)s + coalesce(sum(good) FILTER (WHERE NOT excluded) OVER w, 0) AS good,
           %(total)s + coalesce(sum(total) FILTER (WHERE NOT excluded) OVER w, 0) AS total,
           %(carried_good)s + coalesce(sum(carried_good) FILTER (WHERE NOT excluded) OVER w, 0) AS carried_good,
           %(carried_total)s + coalesce(sum(carried_total) FILTER (WHERE NOT excluded) OVER w, 0) AS carried_total,
           %(known)s + count(*) FILTER (WHERE NOT excluded) OVER w AS known
    FROM (
        SELECT bucket, good, total, carried_good, carried_total, EXISTS (
            SELECT FROM unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) AS s(since, until)
            WHERE bucket > s.since AND bucket <= s.until) AS excluded
        FROM slo_ledgerminute WHERE ledger_id = %(ledger)s AND bucket >= %(first)s
    ) marked WINDOW w AS (ORDER BY bucket)
) v
WHERE m.ledger_id = %(ledger)s AND m.bucket >= %(first)s AND m.bucket = v.bucket
"""


def _resum(held: Held, first: int, spans: Spans) -> None:
    """Mark and sum the minutes from the bucket that ends at `first` on, then the cursor."""
    (base,) = sums_at([(held.ledger_id, _moment(first - BUCKET))])
    mine = [span for span in spans if span[1] >= first]
    given = {
        **dict(zip(_ARRAYS, base, strict=True)),
        "since": [_moment(since) for since, _ in mine],
        "until": [_moment(until) for _, until in mine],
        "ledger": held.ledger_id,
        "first": _moment(first),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(_RESUM, given)
    (sums,) = sums_at([(held.ledger_id, held.bucket)])
    Cursor.objects.filter(ledger=held.ledger_id).update(**{f"{name}_sum": one for name, one in sums._asdict().items()})


def _epoch(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _date(end: int) -> date:
    return datetime.fromtimestamp(end, UTC).date()


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
